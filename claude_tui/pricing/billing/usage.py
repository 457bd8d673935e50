"""From a client's usage object to disjoint counters, and to the units a Claude response is billed in.

Nothing in a log is trusted: a value that is not a count counts as 0. Must not know any price.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, SupportsInt

from claude_tui.model import MAX_COUNT, Usage
from claude_tui.records import NamedTuple

Raw = Mapping[str, Any]

THOUGHTS_BESIDE: Final = ("gemini", "vertex")
"""Providers of Qwen Code whose output does not hold the thoughts."""


class BilledCounters(NamedTuple):
    """Counters as billed, and the assumptions made for them."""

    usage: Usage
    flags: tuple[str, ...] = ()


def count(value: object) -> int:
    """Return a counter: a whole number of at least 0; anything else counts as 0."""
    if type(value) is int:
        whole = value
    elif value is None:  # often, and asking what it supports would be slow
        return 0
    elif isinstance(value, SupportsInt) and not isinstance(value, bool):
        try:
            whole = int(value)
        except (ValueError, OverflowError):
            return 0
    else:
        return 0
    return whole if 0 <= whole < MAX_COUNT else 0


def part(raw: Raw, name: str) -> Raw:
    """Return a nested object, empty if there is none."""
    value = raw.get(name)
    return value if isinstance(value, Mapping) else {}


def claude_counters(raw: Raw) -> BilledCounters:
    """Return the counters of a Claude usage object or iteration, cache writes split by lifetime.

    Without a split, all writes are 5-minute writes; a remainder is, too; a split above the total wins.
    """
    writes = count(raw.get("cache_creation_input_tokens"))
    split = part(raw, "cache_creation")
    write_5m = count(split.get("ephemeral_5m_input_tokens"))
    write_1h = count(split.get("ephemeral_1h_input_tokens"))
    has_split = any(split.get(name) is not None for name in ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"))
    flags: tuple[str, ...] = ()
    if not has_split:
        write_5m = writes
        flags = ("assumed_5m",) if writes else ()
    elif write_5m + write_1h < writes:
        write_5m = writes - write_1h
        flags = ("split_short",)
    elif write_5m + write_1h > writes and raw.get("cache_creation_input_tokens") is not None:
        flags = ("split_over",)
    usage = Usage(
        count(raw.get("input_tokens")),
        count(raw.get("output_tokens")),
        write_5m,
        write_1h,
        count(raw.get("cache_read_input_tokens")),
        count(part(raw, "server_tool_use").get("web_search_requests")),
    )
    return BilledCounters(usage, flags)


def unsplit_terms(usage: Usage) -> tuple[str, str]:
    """The terms of a Claude usage that tells these counters and at most the usual tier, but no split of its writes."""
    told, output, writes, _, reads, _ = usage
    start = (
        f'{{"cache_creation_input_tokens":{writes},"cache_read_input_tokens":{reads},'
        f'"input_tokens":{told},"output_tokens":{output}'
    )
    return start + "}", start + ',"service_tier":"standard"}'


def read_terms(text: str) -> Raw | None:
    """Return the usage object in the terms; None if there is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def iterations(raw: Raw) -> list[Raw]:
    """Return the iterations of a Claude usage object that can be read."""
    listed = raw.get("iterations")
    return [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []


def kind_of(iteration: Raw) -> str:
    """Return the type of an iteration, "" if it has none."""
    kind = iteration.get("type")
    return kind if isinstance(kind, str) else ""


def gemini_counters(raw: Raw) -> Usage:
    """Gemini CLI: input includes cached, output excludes thoughts, tool prompt tokens are added."""
    cached = count(raw.get("cached"))
    uncached = max(count(raw.get("input")) - cached, 0) + count(raw.get("tool"))
    return Usage(uncached, count(raw.get("output")) + count(raw.get("thoughts")), cache_read=cached)


def codex_counters(raw: Raw) -> Usage:
    """Codex: input includes cache reads and writes, output includes reasoning."""
    cached = count(raw.get("cached_input_tokens"))
    written = count(raw.get("cache_write_input_tokens"))
    uncached = max(count(raw.get("input_tokens")) - cached - written, 0)
    return Usage(uncached, count(raw.get("output_tokens")), cache_write_5m=written, cache_read=cached)


def opencode_counters(raw: Raw, model: str) -> tuple[Usage, bool]:
    """OpenCode: the counters, and whether the logged cost charged reasoning twice.

    Input excludes the cache. Only `total` shows whether output includes reasoning; clients that wrote no total included
    it for every provider but Google.
    """
    tokens = part(raw, "tokens")
    cache = part(tokens, "cache")
    output, reasoning = count(tokens.get("output")), count(tokens.get("reasoning"))
    usage = Usage(
        count(tokens.get("input")),
        output,
        cache_write_5m=count(cache.get("write")),
        cache_read=count(cache.get("read")),
    )
    if tokens.get("total") is None:
        is_included, is_double_charged = not model.lower().startswith(("google", "gemini")), False
    else:
        is_included = is_double_charged = count(tokens["total"]) == usage.tokens and reasoning > 0
    return (usage if is_included else usage._replace(output=output + reasoning)), is_double_charged


def qwen_counters(raw: Raw) -> Usage:
    """Qwen Code: input includes cached; the total, or else the provider, tells whether output includes the thoughts."""
    prompt, cached = count(raw.get("input_token_count")), count(raw.get("cached_content_token_count"))
    output, total = count(raw.get("output_token_count")), count(raw.get("total_token_count"))
    if total > prompt:
        output = max(output, total - prompt)
    elif any(name in str(raw.get("auth_type")) for name in THOUGHTS_BESIDE):
        output += count(raw.get("thoughts_token_count"))
    return Usage(max(prompt - cached, 0), output, cache_read=cached)


def pi_counters(raw: Raw) -> Usage:
    """Pi: disjoint counters, cache writes of an hour among all writes, reasoning inside output."""
    written = count(raw.get("cacheWrite"))
    for_an_hour = min(count(raw.get("cacheWrite1h")), written)
    read = count(raw.get("cacheRead"))
    return Usage(count(raw.get("input")), count(raw.get("output")), written - for_an_hour, for_an_hour, read)


def kimi_counters(raw: Raw) -> Usage:
    """Kimi Code: disjoint counters, reasoning inside output."""
    written, read = count(raw.get("inputCacheCreation")), count(raw.get("inputCacheRead"))
    return Usage(count(raw.get("inputOther")), count(raw.get("output")), cache_write_5m=written, cache_read=read)


def copilot_counters(raw: Raw) -> Usage:
    """Copilot CLI: input includes cache reads and writes, output includes reasoning."""
    written, read = count(raw.get("cacheWriteTokens")), count(raw.get("cacheReadTokens"))
    uncached = max(count(raw.get("inputTokens")) - read - written, 0)
    return Usage(uncached, count(raw.get("outputTokens")), cache_write_5m=written, cache_read=read)


def reported_nano(value: object) -> int | None:
    """Return a cost in dollars as logged by a client, in nanodollars; None if there is no valid one."""
    if value is None or isinstance(value, bool):
        return None
    from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

    try:
        nano = Decimal(str(value)).scaleb(9).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        return int(nano) if nano >= 0 else None
    except InvalidOperation:
        return None
