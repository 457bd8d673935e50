"""The counting rule for one decoded line of a Claude Code transcript.

Decides which lines carry usage, which key a response has, its counters and what is billed beside it. Must not know
files, offsets beyond passing them on, prices, or how the rows of one response are settled into one.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

from claude_tui.model import Extra, Usage, UsageRow
from claude_tui.sources.claude.counting.attempts import FALLBACK, attempts_of
from claude_tui.sources.claude.counting.counters import Object, count_of, counters_of
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import is_count, text_of
from claude_tui.sources.values.numbers import version_of

SYNTHETIC_MODEL: Final = "<synthetic>"
PLACEHOLDER_OUTPUT: Final = 40
"""Before 2.1.30, a row that never got its final usage has at most about this many output tokens."""

_MERGED_USAGE_SINCE: Final = (2, 1, 30)
_PLAIN_COUNTERS: Final = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)
_PRICED: Final = (*_PLAIN_COUNTERS, "speed", "inference_geo", "service_tier", "type", "model")
_PRICED_INSIDE: Final = {
    "cache_creation": ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"),
    "server_tool_use": ("web_search_requests", "web_fetch_requests", "code_execution_requests"),
}
_SCALARS: Final = (str, int, float)
_BILLED_APART: Final = {"advisor_message": "advisor", "compaction": "compaction"}
_MODIFIERS: Final = ("speed", "inference_geo", "service_tier")

_to_json: Final = json.JSONEncoder(separators=(",", ":")).encode
_to_sorted_json: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


def usage_row(line: object, session: str, offset: int) -> UsageRow | None:
    """Return the usage row of a decoded line, or None if it has nothing to count.

    `session` is used for a line that names none. The instant of the row is 0 if the line has none.
    """
    if not isinstance(line, dict):
        return None
    kind = line.get("type")
    if kind == "assistant":
        return _assistant_row(line, line, session, offset, is_progress=False)
    if kind == "progress":
        data = line.get("data")
        if isinstance(data, dict) and data.get("type") == "agent_progress":
            inner = data.get("message")
            if isinstance(inner, dict) and inner.get("type") == "assistant":
                return _assistant_row(inner, line, session, offset, is_progress=True)
    return None


def requests_of(terms: str, usage: Usage) -> list[Usage]:
    """Return what each request counts of which a response is the sum: one, unless the server went on by itself.

    What it compacted, an advisor's, and attempts of other models are none of them.
    """
    passes = json.loads(terms).get("iterations", ()) if '"iterations"' in terms else ()
    if any(one.get("type") == "fallback_message" for one in passes):
        return [usage]
    found = [counters_of(one) for one in passes if one.get("type") == "message"]
    return [one for one in found if one.prompt] or [usage]


def bad_counts(line: object) -> list[str]:
    """Name the counters of a usage line that are not token counts."""
    message = line.get("message") if isinstance(line, dict) else None
    usage = message.get("usage") if isinstance(message, dict) else None
    if not isinstance(usage, dict):
        return []
    return [name for name in _PLAIN_COUNTERS if usage.get(name) is not None and not is_count(usage[name])]


def _assistant_row(line: Object, outer: Object, fallback: str, offset: int, *, is_progress: bool) -> UsageRow | None:
    message = line.get("message")
    if not isinstance(message, dict):
        return None
    usage = message.get("usage")
    model = message.get("model")
    if not isinstance(usage, dict) or model == SYNTHETIC_MODEL or line.get("isApiErrorMessage"):
        return None
    counted = counters_of(usage)
    named = text_of(line, "sessionId") or text_of(outer, "sessionId")
    session = named or fallback
    fork = line.get("forkedFrom")
    fork_session = text_of(fork, "sessionId") if isinstance(fork, dict) else ""
    origin = text_of(line, "requestSessionId") or fork_session or session
    time_ms = instant_ms(line.get("timestamp")) or instant_ms(outer.get("timestamp"))
    key = _key(message, line, origin, counted)
    if key is None:
        return None
    agent = text_of(line, "agentId") or text_of(outer, "agentId")
    if is_progress and not agent:
        agent = text_of(outer["data"], "agentId")
    name = model if isinstance(model, str) else ""
    version = text_of(line, "version") or text_of(outer, "version")
    return UsageRow(
        key=key or _to_json([named, time_ms, offset, *counted]),
        time_ms=time_ms,
        session=session,
        agent=agent,
        cwd=text_of(line, "cwd") or text_of(outer, "cwd"),
        model=name,
        usage=counted,
        terms=_terms(usage, line, message, counted),
        extras=_extras(line, message, usage, name),
        is_copy=is_progress or "requestSessionId" in line or "forkedFrom" in line,
        is_sidechain=bool(line.get("isSidechain")) or is_progress,
        is_lower_bound=_is_lower_bound(version, usage, message, counted),
        offset=offset,
    )


def _key(message: Object, line: Object, origin: str, usage: Usage) -> str | None:
    """Return the key of the response, "" if it has none; None for a gateway's empty placeholder row, which is no
    response."""
    message_id = text_of(message, "id")
    request_id = text_of(line, "requestId")
    if message_id.startswith("msg_"):
        return message_id
    if message_id:
        # A gateway may give every response the same id, so what it was asked has to tell them apart.
        if not any(usage):
            return None
        writes = usage.cache_write_5m + usage.cache_write_1h
        parts = [message_id, request_id, origin, usage.input, usage.cache_read, writes]
        return _to_json(parts)
    return request_id or text_of(line, "uuid")


def _extras(line: Object, message: Object, usage: Object, model: str) -> tuple[Extra, ...]:
    iterations = usage.get("iterations")
    paused = message.get("pausedResponses")
    if not iterations and not paused:
        return ()
    found = []
    for entry in iterations if isinstance(iterations, list) else ():
        kind = _BILLED_APART.get(text_of(entry, "type")) if isinstance(entry, dict) else None
        if kind is not None:
            # A compaction runs at the speed of its response, an advisor always at the standard one.
            inherited = _MODIFIERS if kind == "compaction" else _MODIFIERS[1:]
            billed_at = model if kind == "compaction" else text_of(entry, "model") or model
            found.append(_extra(kind, billed_at, entry, {name: usage.get(name) for name in inherited}))
    if isinstance(iterations, list):
        modifiers = {name: usage.get(name) for name in _MODIFIERS}
        for entry in attempts_of(line, message, usage).billed_apart:
            found.append(_extra(FALLBACK, text_of(entry, "model") or model, entry, modifiers))
    for entry in paused if isinstance(paused, list) else ():
        inner = entry.get("usage") if isinstance(entry, dict) else None
        if isinstance(inner, dict):
            found.append(_extra("paused", text_of(entry, "model") or model, inner, {}))
    return tuple(found)


def _extra(kind: str, model: str, usage: Object, inherited: Object) -> Extra:
    counted = counters_of(usage)
    return Extra(kind, model, counted, _terms({**inherited, **usage}, {}, {}, counted))


def _terms(usage: Object, line: Object, message: Object, counted: Usage) -> str:
    """Return the usage as sorted JSON if its price needs more than the counters, else ""."""
    iterations = usage.get("iterations")
    own = [e for e in iterations if isinstance(e, dict)] if isinstance(iterations, list) else []
    own = [entry for entry in own if text_of(entry, "type") not in _BILLED_APART]
    stop_reason = message.get("stop_reason")
    is_refused = stop_reason == "refusal" and counted.output == 0
    if not (
        usage.get("speed") == "fast"
        or usage.get("inference_geo") == "us"
        or usage.get("service_tier") == "batch"
        or len(own) > 1
        or any(entry.get("type") != "message" for entry in own)
        or is_refused
        or usage.get("fallback_credit")
        or _runs_code(usage)
        or not _split_is_plain(usage, counted)
    ):
        return ""
    kept = _priced(usage)
    attempts = attempts_of(line, message, usage)
    if attempts.served:
        free = [{**_priced(entry), "type": "message", "output_tokens": 0} for entry in attempts.free]
        kept["iterations"] = [*free, *map(_priced, attempts.served)]
    elif own:
        kept["iterations"] = [_priced(entry) for entry in own]
    if is_refused:
        kept["stop_reason"] = stop_reason
    return _to_sorted_json(kept)


def terms_without_split(given: int, output: int, writes: int, reads: int, tier: str | None) -> str:
    """Return the terms of a usage that has exactly these counters and this tier, cache writes among them."""
    told = f',"service_tier":{_to_json(tier)}' if tier is not None else ""
    return (
        f'{{"cache_creation_input_tokens":{writes},"cache_read_input_tokens":{reads},'
        f'"input_tokens":{given},"output_tokens":{output}{told}}}'
    )


def _runs_code(usage: Object) -> bool:
    """Whether code was executed, which is billed by a time that is not in the log."""
    tools = usage.get("server_tool_use")
    return isinstance(tools, dict) and count_of(tools.get("code_execution_requests")) > 0


def _priced(usage: Object) -> dict[str, Any]:
    """Return the part of a usage object (or iteration) that can affect a price, however deep or large the object is."""
    kept = {name: usage[name] for name in _PRICED if isinstance(usage.get(name), _SCALARS)}
    for name, inner in _PRICED_INSIDE.items():
        part = usage.get(name)
        if isinstance(part, dict):
            kept[name] = {key: part[key] for key in inner if isinstance(part.get(key), _SCALARS)}
    if usage.get("fallback_credit"):
        kept["fallback_credit"] = True
    return kept


def _split_is_plain(usage: Object, counted: Usage) -> bool:
    """Whether the counters already split the cache writes into 5-minute and 1-hour ones."""
    split = usage.get("cache_creation")
    if not isinstance(split, dict):
        return counted.cache_write_5m + counted.cache_write_1h == 0
    return (
        count_of(split.get("ephemeral_5m_input_tokens")) == counted.cache_write_5m
        and count_of(split.get("ephemeral_1h_input_tokens")) == counted.cache_write_1h
    )


def _is_lower_bound(version: str, usage: Object, message: Object, counted: Usage) -> bool:
    """Whether the output is only the placeholder from the start of the response (its final count was never logged)."""
    if has_merged_usage(version):
        return "server_tool_use" not in usage
    return counted.output <= PLACEHOLDER_OUTPUT and message.get("stop_reason") is None


@lru_cache(1024)
def has_merged_usage(version: str) -> bool:
    """Whether a version of the client writes the final usage with fields that placeholders do not have."""
    return version_of(version) >= _MERGED_USAGE_SINCE
