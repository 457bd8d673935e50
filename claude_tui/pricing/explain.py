"""Which rows of the price table produced a price: period, tier and speed, found by the same rule that priced it.

Must not compute money of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from claude_tui.model import Usage
from claude_tui.pricing.billing.claude import claude_price
from claude_tui.pricing.billing.tiers import DEARER, service_tier, tier_of_terms
from claude_tui.pricing.billing.usage import Raw, read_terms
from claude_tui.pricing.price_list.catalogue import ResolvedModel
from claude_tui.pricing.price_list.rates import (
    BEGINNING_MS,
    ENDLESS_MS,
    EPOCH,
    Model,
    RatePeriod,
    Rates,
    RateTable,
    Tier,
    spans,
)
from claude_tui.pricing.pricer import Pricer
from claude_tui.records import NamedTuple
from claude_tui.units import DAY_MS


@dataclass(frozen=True, slots=True)
class RateRow:
    """One row of the price table: the cost of a token of each kind, in picodollars ($1 per million is 1,000,000).

    `model` is the table's own name. The row is valid from `first` to `last`, UTC, both inclusive and None if open;
    `over` is the prompt size above which it applies (0 for ordinary prompts).
    """

    model: str
    rates: Rates
    first: date | None = None
    last: date | None = None
    over: int = 0
    is_fast: bool = False


class Span(NamedTuple):
    """The time in which a table is valid, and its rows: for ordinary prompts, and for longer ones."""

    from_ms: int
    end_ms: int
    table: RateTable
    rows: tuple[RateRow, ...]


class RateFinder:
    """Finds the rows of one pricer's table, and remembers what it found."""

    def __init__(self, pricer: Pricer) -> None:
        self._pricer = pricer
        self._spans: dict[tuple[str, str, str], list[Span]] = {}
        self._rows: dict[tuple[str, int, int, bool, Rates], RateRow] = {}

    def rows(self, source: str, model: str, time_ms: int, usage: Usage, terms: str = "") -> tuple[RateRow, ...]:
        """Return the rows a record was priced with, none if it has no price. Arguments as of `Pricer.price`."""
        raw = read_terms(terms) if terms and source == "claude" else None
        if raw is not None:
            return self._watched(model, time_ms, raw)
        asked = tier_of_terms(terms) if source == "codex" else ""
        known = self._spans.get((source, model, asked))
        if known is None:
            known = self._spans[source, model, asked] = self._spans_of(source, model, asked)
        for from_ms, end_ms, table, rows in known:
            if from_ms <= time_ms < end_ms:
                return (rows[table.tier(usage.prompt) if table.tiers else 0],)
        return ()

    def _spans_of(self, source: str, model: str, asked: str) -> list[Span]:
        priced, _, is_fast_name = self._pricer.find(source, model)
        result: list[Span] = []
        if priced is None:
            return result
        for period, end_ms in spans(priced.periods):
            is_fast = is_fast_name and period.fast is not None
            table = period.fast if is_fast_name and period.fast else period.standard
            if asked:
                table, is_fast = _at_tier(table, priced.id, asked), asked in DEARER
            tiers = range(len(table.tiers) + 1)
            rows = tuple(self._row(priced, period, end_ms, is_fast, table, tier) for tier in tiers)
            result.append(Span(period.from_ms, end_ms, table, rows))
        return result

    def _watched(self, model: str, time_ms: int, raw: Raw) -> tuple[RateRow, ...]:
        """Price once more with tables that report which of their rows were used."""
        used: dict[RateRow, None] = {}

        def find(name: str) -> ResolvedModel:
            found = self._pricer.find("claude", name)
            if found.model is None:
                return found
            periods = tuple(
                period._replace(
                    standard=self._telling(found.model, period, end_ms, False, used),
                    fast=self._telling(found.model, period, end_ms, True, used) if period.fast else None,
                )
                for period, end_ms in spans(found.model.periods)
            )
            return found._replace(model=found.model._replace(periods=periods))

        claude_price(find, model, time_ms, raw)
        return tuple(used)

    def _telling(
        self, model: Model, period: RatePeriod, end_ms: int, is_fast: bool, used: dict[RateRow, None]
    ) -> RateTable:
        plain = period.fast if is_fast and period.fast else period.standard
        table = _TellingTable(*plain)
        table.tell = lambda tier: used.setdefault(self._row(model, period, end_ms, is_fast, plain, tier))
        return table

    def _row(
        self, model: Model, period: RatePeriod, end_ms: int, is_fast: bool, table: RateTable, tier: int
    ) -> RateRow:
        key = (model.id, period.from_ms, tier, is_fast, RateTable.at(table, tier))
        row = self._rows.get(key)
        if row is None:
            first = None if period.from_ms == BEGINNING_MS else _day(period.from_ms)
            last = None if end_ms == ENDLESS_MS else _day(end_ms - 1)
            over = table.tiers[tier - 1].over if tier else 0
            row = self._rows[key] = RateRow(model.id, table.at(tier), first, last, over, is_fast)
        return row


class _TellingTable(RateTable):
    """A price table that reports which of its rows is used."""

    tell: Callable[[int], object]

    def at(self, tier: int) -> Rates:
        """Return the rates of a tier, and report it."""
        self.tell(tier)
        return super().at(tier)


def _at_tier(table: RateTable, model: str, asked: str) -> RateTable:
    """Return a table's rates adjusted for a service tier."""
    times, by, _ = service_tier(model, asked)

    def dearer(rates: Rates) -> Rates:
        return Rates(*(rate * times // by for rate in rates))

    return RateTable(dearer(table.rates), tuple(Tier(tier.over, dearer(tier.rates)) for tier in table.tiers))


def _day(time_ms: int) -> date:
    return date.fromordinal(EPOCH + time_ms // DAY_MS)
