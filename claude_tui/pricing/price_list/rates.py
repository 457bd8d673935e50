"""Price tables: what a token of a model costs, from when on, above which prompt length, at which speed.

Rates are integer picodollars per token (1 USD per million tokens is 1,000,000). Must not know how models are named in
logs nor what usage looks like.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from claude_tui.model import Usage
from claude_tui.records import NamedTuple
from claude_tui.units import DAY_MS

WEB_SEARCH_NANO: Final = 10_000_000
"""Price of one web search request, in nanodollars. No multiplier applies to it."""

SCALE: Final = 20
"""Rates are multiplied by this before any multiplier, so that 11/10 and 1/2 stay whole numbers."""

SCALED_PER_NANO: Final = 1_000 * SCALE

EPOCH: Final = date(1970, 1, 1).toordinal()
"""The first day of instants, as an ordinal."""

BEGINNING_MS: Final = -(2**62)
"""Start of the first period of most models: prices before a model's release are never needed."""

ENDLESS_MS: Final = 2**62


class Rates(NamedTuple):
    """Picodollars per token of each kind."""

    input: int
    write_5m: int
    write_1h: int
    cache_read: int
    output: int

    def times(self, factor: int) -> Rates:
        """Return these rates multiplied by a whole number."""
        return Rates(*(rate * factor for rate in self))

    def cost(self, usage: Usage) -> int:
        """Return the picodollars of all tokens; web searches are not tokens."""
        return (
            usage.input * self.input
            + usage.cache_write_5m * self.write_5m
            + usage.cache_write_1h * self.write_1h
            + usage.cache_read * self.cache_read
            + usage.output * self.output
        )

    def read_saved(self, usage: Usage) -> int:
        """Return the picodollars that the cache reads would cost in addition as plain input."""
        return usage.cache_read * (self.input - self.cache_read)

    def write_extra(self, usage: Usage) -> int:
        """Return the picodollars that the cache writes cost above plain input."""
        return usage.cache_write_5m * (self.write_5m - self.input) + usage.cache_write_1h * (self.write_1h - self.input)


class Tier(NamedTuple):
    """Rates of a whole request whose prompt is longer than `over` tokens."""

    over: int
    rates: Rates


class RateTable(NamedTuple):
    """Rates at one speed: for ordinary prompts, and for longer ones (ascending)."""

    rates: Rates
    tiers: tuple[Tier, ...] = ()

    def tier(self, prompt: int) -> int:
        """Return how many of the tiers a prompt of this many tokens exceeds: 0 for the ordinary rates."""
        return sum(prompt > tier.over for tier in self.tiers)

    def at(self, tier: int) -> Rates:
        """Return the rates of a tier as numbered by `tier()`."""
        return self.tiers[tier - 1].rates if tier else self.rates


class RatePeriod(NamedTuple):
    """What a model costs from an instant on, until the next period or `until_ms`.

    `fast` is None if no price of fast mode is known.
    """

    from_ms: int
    standard: RateTable
    fast: RateTable | None = None
    until_ms: int = ENDLESS_MS


class Model(NamedTuple):
    """A priced model.

    `window` is its largest context window (0 unknown). `takes_us_premium`: inference kept in the US costs 1.1 times as
    much; `takes_regional_premium`: so do regional cloud endpoints; `is_native_1m`: Claude Code always runs it with a
    window of a million tokens.
    """

    id: str
    periods: tuple[RatePeriod, ...]
    window: int = 0
    takes_us_premium: bool = False
    takes_regional_premium: bool = False
    is_native_1m: bool = False

    def period(self, time_ms: int) -> RatePeriod | None:
        """Return the newest period that began at or before an instant; None if the model has no price then."""
        return period_at(self.periods, time_ms)


def period_at(periods: Sequence[RatePeriod], time_ms: int) -> RatePeriod | None:
    """Return the period that contains an instant; None before the first and in gaps."""
    position = bisect_right([period.from_ms for period in periods], time_ms)
    period = periods[position - 1] if position else None
    return period if period and time_ms < period.until_ms else None


def spans(periods: Sequence[RatePeriod]) -> Iterator[tuple[RatePeriod, int]]:
    """Yield each period with the instant it actually ends."""
    next_starts = [*(period.from_ms for period in periods[1:]), ENDLESS_MS]
    for period, next_start in zip(periods, next_starts, strict=True):
        yield period, min(period.until_ms, next_start)


def model_from(identity: str, entry: Mapping[str, Any]) -> Model:
    """Read a model from its entry in a price file."""
    return Model(
        id=identity,
        periods=tuple(_period(period) for period in entry["periods"]),
        window=entry.get("window", 0),
        takes_us_premium=entry.get("us_premium", False),
        takes_regional_premium=entry.get("regional_premium", False),
        is_native_1m=entry.get("native_1m", False),
    )


def day_ms(day: str) -> int:
    """Return the first instant of an ISO date, UTC, in milliseconds."""
    return (date.fromisoformat(day).toordinal() - EPOCH) * DAY_MS


def round_half_even(value: int, unit: int) -> int:
    """Return `value` in whole `unit`s, rounded half to even. `unit` is even."""
    return (value + (unit >> 1) - 1 + (value // unit & 1)) // unit


def _period(entry: Mapping[str, Any]) -> RatePeriod:
    start = entry.get("from")
    fast = entry.get("fast")
    return RatePeriod(BEGINNING_MS if start is None else day_ms(start), _table(entry), _table(fast) if fast else None)


def _table(entry: Mapping[str, Any]) -> RateTable:
    tiers = entry.get("tiers", ())
    return RateTable(_rates(entry["rates"]), tuple(Tier(tier["over"], _rates(tier["rates"])) for tier in tiers))


def _rates(values: Sequence[int]) -> Rates:
    return Rates(*values)
