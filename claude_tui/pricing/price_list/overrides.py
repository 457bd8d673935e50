"""A user's own prices: prices.toml read, checked, and laid over a catalogue.

    [models."my-gateway-opus"]
    alias = "claude-opus-5-5"        # costs what that model costs
    discount = "15%"                 # or "0.15"

    [models."house-model"]
    input = "1.50"                   # USD per million tokens, as text
    output = "6"
    cache_read = "0.15"              # cache tokens without a rate are billed like input
    cache_write = "1.875"            # kept for 5 minutes
    cache_write_1h = "3"
    from = 2026-01-01                # first and last day (UTC) it holds; both optional
    until = 2026-06-30

Several entries for one model, each with its dates, are written as [[models."name"]]. Must not know where the
file lies, nor usage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from claude_tui import files
from claude_tui.pricing.price_list.catalogue import Catalogue, ResolvedModel, Resolver
from claude_tui.pricing.price_list.names import claude_name
from claude_tui.pricing.price_list.rates import (
    BEGINNING_MS,
    ENDLESS_MS,
    Model,
    RatePeriod,
    Rates,
    RateTable,
    Tier,
    day_ms,
    period_at,
    spans,
)
from claude_tui.records import NamedTuple
from claude_tui.toml import loads_toml
from claude_tui.units import DAY_MS

_RATE_KEYS: Final = ("input", "cache_write", "cache_write_1h", "cache_read", "output")
_KEYS: Final = frozenset({*_RATE_KEYS, "alias", "discount", "from", "until"})
_PICO_PER_USD_MTOK: Final = 1_000_000


class OverrideError(ValueError):
    """What is wrong with a prices.toml, in one line for the user."""


class Override(NamedTuple):
    """One entry: own rates or those of `alias` (the model's own if it is empty), times `share`, for a period."""

    from_ms: int
    until_ms: int
    alias: str
    rates: Rates | None
    share: Decimal


Overrides = Mapping[str, Sequence[Override]]


class OverriddenCatalogue(Resolver):
    """A catalogue with a user's prices on top, which are searched first. Used like the catalogue itself."""

    def __init__(self, base: Catalogue, overrides: Overrides, content: bytes) -> None:
        super().__init__()
        self._base = base
        self._overrides = overrides
        self.date = f"{base.date} + overrides"
        self.origin = base.origin
        self.digest = hashlib.sha256(base.digest.encode() + content).hexdigest()

    def _search(self, source: str, raw: str) -> ResolvedModel:
        found = self._base.find(source, raw)
        names = [raw.strip().lower(), claude_name(raw).id, found.model.id if found.model else ""]
        overrides = next((self._overrides[name] for name in names if name in self._overrides), None)
        if overrides is None:
            return found
        target = found
        periods = list(found.model.periods) if found.model else []
        for override in overrides:
            if override.alias:
                target = self._base.find(source, override.alias)
            periods = _laid_over(periods, _own_periods(override, target.model))
        model = (target.model or Model(raw, ()))._replace(periods=tuple(periods))
        return ResolvedModel(model, target.route, target.is_fast)


def load_overrides(path: Path, base: Catalogue) -> OverriddenCatalogue:
    """Lay a prices.toml over a catalogue. Raises OSError, and OverrideError if the file is invalid."""
    content = files.read(path)
    try:
        document = loads_toml(content.decode())
        overrides = _overrides(document, base)
    except OverrideError:
        raise
    except ValueError as error:
        raise OverrideError(f"not readable as TOML: {error}") from None
    return OverriddenCatalogue(base, overrides, content)


def _overrides(document: Mapping[str, Any], base: Catalogue) -> Overrides:
    unknown = sorted(document.keys() - {"models"})
    if unknown:
        raise OverrideError(f'unknown section {unknown[0]!r}, only [models."name"] is known')
    models = document.get("models", {})
    if not isinstance(models, dict):
        raise OverrideError('models must be tables: [models."name"]')
    return {
        name.strip().lower(): [_override(f'models."{name}"', entry, base) for entry in _listed(name, value)]
        for name, value in models.items()
    }


def _listed(name: str, value: object) -> Iterable[dict[str, Any]]:
    entries = value if isinstance(value, list) else [value]
    for entry in entries:
        if not isinstance(entry, dict):
            raise OverrideError(f'models."{name}" must be a table')
        yield entry


def _override(where: str, entry: Mapping[str, Any], base: Catalogue) -> Override:
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise OverrideError(f"{where}: unknown key {unknown[0]!r} (known: {', '.join(sorted(_KEYS))})")
    has_rates = any(key in entry for key in _RATE_KEYS)
    if has_rates and "alias" in entry:
        raise OverrideError(f"{where}: write either alias or rates, not both")
    if not (has_rates or "alias" in entry or "discount" in entry):
        raise OverrideError(f"{where}: needs alias, rates or discount")
    alias = entry.get("alias", "")
    if not isinstance(alias, str) or (alias and base.find("claude", alias).model is None):
        raise OverrideError(f"{where}.alias: no price for a model {alias!r}")
    from_ms = _day(f"{where}.from", entry["from"]) if "from" in entry else BEGINNING_MS
    until_ms = _day(f"{where}.until", entry["until"]) + DAY_MS if "until" in entry else ENDLESS_MS
    if from_ms >= until_ms:
        raise OverrideError(f"{where}: from is after until")
    return Override(from_ms, until_ms, alias, _rates(where, entry) if has_rates else None, _share(where, entry))


def _rates(where: str, entry: Mapping[str, Any]) -> Rates:
    for key in ("input", "output"):
        if key not in entry:
            raise OverrideError(f"{where}: {key} is missing")
    rates = {key: _rate(f"{where}.{key}", entry[key]) for key in _RATE_KEYS if key in entry}
    write = rates.get("cache_write", rates["input"])
    return Rates(
        input=rates["input"],
        write_5m=write,
        write_1h=rates.get("cache_write_1h", write),
        cache_read=rates.get("cache_read", rates["input"]),
        output=rates["output"],
    )


def _rate(where: str, value: object) -> int:
    return _whole(_number(where, value) * _PICO_PER_USD_MTOK)


def _share(where: str, entry: Mapping[str, Any]) -> Decimal:
    text = str(entry.get("discount", "0"))
    discount = _number(f"{where}.discount", text.removesuffix("%"))
    if text.endswith("%"):
        discount = discount.scaleb(-2)
    if discount > 1:
        raise OverrideError(f'{where}.discount: {text!r} is more than 100 %; write 15 % as "0.15" or "15%"')
    return 1 - discount


def _number(where: str, value: object) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise InvalidOperation
        number = Decimal(value)
        if not number.is_finite() or not 0 <= number <= 10**9:
            raise InvalidOperation
    except InvalidOperation:
        raise OverrideError(f'{where}: {value!r} is not a price; write it as text, like "1.25"') from None
    return number


def _day(where: str, value: object) -> int:
    try:
        return day_ms(value.isoformat() if type(value) is date else str(value))
    except ValueError:
        raise OverrideError(f"{where}: {value!r} is not a date; write it like 2026-01-31") from None


def _own_periods(override: Override, target: Model | None) -> list[RatePeriod]:
    if override.rates is not None:
        own: Sequence[RatePeriod] = [RatePeriod(BEGINNING_MS, RateTable(override.rates))]
    else:
        own = target.periods if target else ()
    return [
        RatePeriod(
            max(period.from_ms, override.from_ms),
            _discounted(period.standard, override.share),
            period.fast and _discounted(period.fast, override.share),
            min(period.until_ms, override.until_ms),
        )
        for period, end_ms in spans(own)
        if period.from_ms < override.until_ms and override.from_ms < end_ms
    ]


def _laid_over(under: Sequence[RatePeriod], over: Sequence[RatePeriod]) -> list[RatePeriod]:
    """Return both as one sequence of periods: `over` if it has a price, else `under`."""
    edges = sorted({edge for period in (*under, *over) for edge in (period.from_ms, period.until_ms)})
    result = []
    for start, end in pairwise(edges):
        period = period_at(over, start) or period_at(under, start)
        if period:
            result.append(period._replace(from_ms=start, until_ms=end))
    return result


def _discounted(table: RateTable, share: Decimal) -> RateTable:
    def less(rates: Rates) -> Rates:
        return Rates(*(_whole(rate * share) for rate in rates))

    return RateTable(less(table.rates), tuple(Tier(tier.over, less(tier.rates)) for tier in table.tiers))


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_EVEN))
