"""The rule by which a Claude response is billed, from its raw usage object: units, tiers, speeds, multipliers.

Must not know where rates come from, nor about other clients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from claude_tui.model import Price, PriceStatus, Usage
from claude_tui.pricing.billing.usage import BilledCounters, Raw, claude_counters, count, iterations, kind_of, part
from claude_tui.pricing.price_list.catalogue import ResolvedModel
from claude_tui.pricing.price_list.names import BEDROCK_REGIONAL, SYNTHETIC
from claude_tui.pricing.price_list.rates import (
    SCALE,
    SCALED_PER_NANO,
    WEB_SEARCH_NANO,
    RateTable,
    day_ms,
    round_half_even,
)

REFUSALS_FREE_FROM_MS: Final = day_ms("2026-06-02")
"""From then on, a refusal without output is not billed (on Anthropic's own API)."""

DECLINED_OUTPUT: Final = 2
"""An attempt declined before it wrote anything is not billed; it shows at most this many output tokens."""

SYNTHETIC_PRICE: Final = Price(0, PriceStatus.FREE, ("synthetic",))
REFUSAL_PRICE: Final = Price(0, PriceStatus.FREE, ("refusal_free",))
UNKNOWN_PRICE: Final = Price(None, PriceStatus.UNPRICED, ("unknown_model",))

Find = Callable[[str], ResolvedModel]


class Bill:
    """Adds up the exact cost of the units of one record, and rounds once at the end."""

    def __init__(self, route: str, time_ms: int, *, is_us: bool, is_batch: bool) -> None:
        self.flags: list[str] = [f"route:{route}"] if route else []
        self._route = route
        self._time_ms = time_ms
        self._is_us = is_us
        self._is_batch = is_batch
        self._late_flags: list[str] = ["batch"] if is_batch else []
        self._scaled = self._saved = self._extra = 0
        self._has_unknown = False

    def add(
        self, found: ResolvedModel, counted: BilledCounters, messages: Sequence[Usage] = (), *, is_fast: bool = False
    ) -> None:
        """Add one unit. `messages` are the single requests it is the sum of, if the log lists them."""
        period = found.model.period(self._time_ms) if found.model else None
        if found.model is None or period is None:
            self._has_unknown = True
            self._late("unknown_model")
            return
        self._flag(*counted.flags)
        table = period.standard
        if is_fast or found.is_fast:
            if period.fast is None:
                self._flag("fast_price_unknown")
            table = period.fast or table
        factor = SCALE
        if self._is_us and not self._route and found.model.takes_us_premium:
            factor = factor * 11 // 10
            self._late("us_inference_1.1x")
        if self._route == BEDROCK_REGIONAL and found.model.takes_regional_premium:
            factor = factor * 11 // 10
            self._late("regional_endpoint_1.1x")
        if self._is_batch:
            factor //= 2
        for usage, tier in self._requests(table, counted.usage, messages):
            rates = table.at(tier)
            self._scaled += factor * rates.cost(usage)
            self._saved += factor * rates.read_saved(usage)
            self._extra += factor * rates.write_extra(usage)
            if tier:
                self._flag("long_context_tier")

    def price(self, web_searches: int) -> Price:
        """Return the price of the whole record."""
        return Price(
            round_half_even(self._scaled, SCALED_PER_NANO) + web_searches * WEB_SEARCH_NANO,
            PriceStatus.PARTIAL if self._has_unknown else PriceStatus.PRICED,
            tuple(dict.fromkeys((*self.flags, *sorted(self._late_flags, key=_LATE.index)))),
            round_half_even(self._saved, SCALED_PER_NANO),
            round_half_even(self._extra, SCALED_PER_NANO),
        )

    def _requests(self, table: RateTable, usage: Usage, messages: Sequence[Usage]) -> list[tuple[Usage, int]]:
        """Split a unit into requests of one tier each.

        Each message is a request priced on its own, but only messages that add up to the unit are used.
        """
        on_total = table.tier(usage.prompt)
        tiers = [table.tier(message.prompt) for message in messages]
        if all(tier == on_total for tier in tiers):
            return [(usage, on_total)]
        self._flag("tier_ambiguous")
        if not _explain(messages, usage):
            return [(usage, on_total)]
        if len(set(tiers)) == 1:
            return [(usage, tiers[0])]
        return list(zip(_with_lifetimes(messages, usage), tiers, strict=True))

    def _flag(self, *flags: str) -> None:
        self.flags += flags

    def _late(self, flag: str) -> None:
        self._late_flags.append(flag)


_LATE: Final = ("us_inference_1.1x", "regional_endpoint_1.1x", "batch", "unknown_model")


def claude_price(find: Find, model: str, time_ms: int, raw: Raw) -> Price:
    """Price a raw usage object of Claude. `raw` may carry the response's "stop_reason" beside its counters."""
    if model == SYNTHETIC:
        return SYNTHETIC_PRICE
    found = find(model)
    counted = claude_counters(raw)
    if _is_free_refusal(raw, counted.usage, time_ms, found.route):
        return REFUSAL_PRICE
    if found.model is None or found.model.period(time_ms) is None:
        return UNKNOWN_PRICE
    bill = Bill(
        found.route,
        time_ms,
        is_us=raw.get("inference_geo") == "us",
        is_batch=raw.get("service_tier") == "batch",
    )
    is_fast = raw.get("speed") == "fast"
    entries = iterations(raw)
    if any(kind_of(entry) == "fallback_message" for entry in entries):
        _add_fallback(bill, find, model, entries, is_fast)
    else:
        messages = [claude_counters(entry).usage for entry in entries if kind_of(entry) == "message"]
        bill.add(found, counted, messages, is_fast=is_fast)
        for entry in entries:
            if kind_of(entry) in _APART:
                _add_iteration(bill, find, model, entry, is_fast)
    _flag_unpriced_parts(bill, raw)
    return bill.price(counted.usage.web_search)


_APART: Final = {"advisor_message": "advisor", "compaction": "compaction"}


def _add_fallback(bill: Bill, find: Find, model: str, entries: Sequence[Raw], is_fast: bool) -> None:
    for entry in entries:
        if kind_of(entry) == "message" and count(entry.get("output_tokens")) <= DECLINED_OUTPUT:
            bill.flags.append("declined_attempt_free")
        else:
            _add_iteration(bill, find, model, entry, is_fast)


def _add_iteration(bill: Bill, find: Find, model: str, entry: Raw, is_fast: bool) -> None:
    kind = kind_of(entry)
    own = entry.get("model")
    if kind in _APART:
        bill.flags.append(_APART[kind])
    # A compaction runs at the model of its response, an advisor never at its speed.
    billed_at = own if isinstance(own, str) and own and kind != "compaction" else model
    bill.add(find(billed_at), claude_counters(entry), is_fast=is_fast and kind != "advisor_message")


def _is_free_refusal(raw: Raw, usage: Usage, time_ms: int, route: str) -> bool:
    return raw.get("stop_reason") == "refusal" and usage.output == 0 and not route and time_ms >= REFUSALS_FREE_FROM_MS


def _flag_unpriced_parts(bill: Bill, raw: Raw) -> None:
    if raw.get("fallback_credit"):
        bill.flags.append("fallback_credit")
    tools = part(raw, "server_tool_use")
    # Code execution is billed by container time, which no log has; beside a web tool it is free.
    if count(tools.get("code_execution_requests")) and not (
        count(tools.get("web_search_requests")) or count(tools.get("web_fetch_requests"))
    ):
        bill.flags.append("code_execution_time_unknown")


def _explain(messages: Sequence[Usage], usage: Usage) -> bool:
    return _four(usage) == tuple(sum(column) for column in zip(*map(_four, messages), strict=True))


def _four(usage: Usage) -> tuple[int, int, int, int]:
    return usage.input, usage.output, usage.cache_write_5m + usage.cache_write_1h, usage.cache_read


def _with_lifetimes(messages: Sequence[Usage], usage: Usage) -> list[Usage]:
    """Return the messages with cache write lifetimes as in the total, which alone is certain to have them."""
    if sum(message.cache_write_1h for message in messages) == usage.cache_write_1h:
        return list(messages)
    left = usage.cache_write_1h
    dated = []
    for message in messages:
        writes = message.cache_write_5m + message.cache_write_1h
        write_1h = min(writes, left)
        left -= write_1h
        dated.append(message._replace(cache_write_5m=writes - write_1h, cache_write_1h=write_1h))
    return dated
