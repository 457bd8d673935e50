"""From a reduced export to the events it tells of, each client by its own names of attributes.

Input is disjoint from cache reads and writes, and output holds the reasoning, whatever the client says. Must not know
files, nor what else tells of the same responses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from claude_tui.model import Usage
from claude_tui.sources.gemini.chat import usage_of as gemini_usage
from claude_tui.sources.qwen.chat import usage_of as qwen_usage
from claude_tui.sources.records.conversation import UnknownShapeError
from claude_tui.sources.records.events import BadCountError, count_of, nano_of
from claude_tui.sources.telemetry.allowed import kept_records
from claude_tui.sources.telemetry.event import Details, TelemetryEvent
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

Values = Mapping[str, Any]

_NANO_PER_MS: Final = 1_000_000


def events_of(export: object) -> Iterator[TelemetryEvent | Exception]:
    """Yield the events an export tells of; in place of one that cannot be counted what is wrong with it."""
    for reduced in kept_records(export):
        for values, time_ms in _records(reduced):
            try:
                event = _event(values, time_ms)
            except (BadCountError, UnknownShapeError) as error:
                yield error
            else:
                yield event


def _event(values: Values, time_ms: int) -> TelemetryEvent:
    name = text_of(values, "event.name") or text_of(values, "span.name")
    event = _READERS[name](values, instant_ms(values.get("event.timestamp")) or time_ms)
    if not event.time_ms:
        raise UnknownShapeError("an event without a time: not counted")
    if not event.session:
        raise UnknownShapeError("an event without a session: not counted")
    return event


def _claude(values: Values, time_ms: int) -> TelemetryEvent:
    _need(values, "input_tokens", "output_tokens")
    writes = count_of(values, "cache_creation_tokens")
    is_split = "cache_creation_1h_tokens" in values or not writes
    hour = min(count_of(values, "cache_creation_1h_tokens"), writes)
    usage = Usage(
        count_of(values, "input_tokens"), count_of(values, "output_tokens"), writes - hour, hour,
        count_of(values, "cache_read_tokens"),
    )  # fmt: skip
    details = Details(
        id=text_of(values, "request_id"),
        kind=text_of(values, "query_source"),
        agent_name=text_of(values, "agent.name"),
        effort=text_of(values, "effort"),
        speed=text_of(values, "speed"),
        duration_ms=count_of(values, "duration_ms"),
        is_split=is_split,
    )
    cost = values.get("cost_usd")
    nano = 0 if cost == 0 else nano_of(cost)
    model, session, agent = text_of(values, "model"), text_of(values, "session.id"), text_of(values, "agent_id")
    return TelemetryEvent("claude", session, model, usage, time_ms, agent, nano, details)


def _codex(values: Values, time_ms: int) -> TelemetryEvent:
    _need(values, "input_token_count", "output_token_count")
    read, written = count_of(values, "cached_token_count"), count_of(values, "cache_write_token_count")
    usage = Usage(
        max(0, count_of(values, "input_token_count") - read - written), count_of(values, "output_token_count"),
        written, 0, read,
    )  # fmt: skip
    details = Details(
        effort=text_of(values, "model_reasoning_effort"), duration_ms=count_of(values, "duration_ms"), is_split=True
    )
    return TelemetryEvent(
        "codex", text_of(values, "conversation.id"), text_of(values, "model"), usage, time_ms, "", None, details
    )


def _gemini(values: Values, time_ms: int) -> TelemetryEvent:
    usage, _ = gemini_usage({name: values[told] for name, told in _GEMINI.items() if told in values})
    _need(values, "input_token_count", "output_token_count")
    role, session = text_of(values, "role"), text_of(values, "session.id")
    named = text_of(values, "prompt_id").rpartition("#")[0].rstrip("#")
    details = Details(
        kind=role, also=named if named != session else "", duration_ms=count_of(values, "duration_ms"), is_split=True
    )
    agent = details.also if role == "subagent" else ""
    return TelemetryEvent("gemini", session, text_of(values, "model"), usage, time_ms, agent, None, details)


def _qwen(values: Values, time_ms: int) -> TelemetryEvent:
    _need(values, "input_token_count", "output_token_count")
    agent = text_of(values, "subagent_name")
    details = Details(
        id=text_of(values, "response_id"), kind=agent, duration_ms=count_of(values, "duration_ms"), is_split=True
    )
    session, model = text_of(values, "session.id"), text_of(values, "model")
    return TelemetryEvent("qwen", session, model, qwen_usage(values), time_ms, agent, None, details)


def _copilot(values: Values, time_ms: int) -> TelemetryEvent:
    prompt, output = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"
    _need(values, prompt, output)
    read = count_of(values, "gen_ai.usage.cache_read.input_tokens")
    written = max(
        count_of(values, "gen_ai.usage.cache_write.input_tokens"),
        count_of(values, "gen_ai.usage.cache_creation.input_tokens"),
    )
    usage = Usage(max(0, count_of(values, prompt) - read - written), count_of(values, output), written, 0, read)
    details = Details(
        id=text_of(values, "gen_ai.response.id"), kind=text_of(values, "github.copilot.initiator"),
        effort=text_of(values, "gen_ai.request.reasoning.level"), duration_ms=count_of(values, "span.ms"),
        is_split=True,
    )  # fmt: skip
    model = text_of(values, "gen_ai.response.model") or text_of(values, "gen_ai.request.model")
    return TelemetryEvent(
        "copilot", text_of(values, "gen_ai.conversation.id"), model, usage, time_ms, "", None, details
    )


def _opencode(values: Values, time_ms: int) -> TelemetryEvent:
    _need(values, "ai.usage.inputTokens", "ai.usage.outputTokens")
    told = "ai.usage.inputTokenDetails."
    read, written = count_of(values, told + "cacheReadTokens"), count_of(values, told + "cacheWriteTokens")
    fresh = values.get(told + "noCacheTokens")
    given = count_of(values, "ai.usage.inputTokens")
    usage = Usage(
        max(0, given - read - written) if fresh is None else count_of(values, told + "noCacheTokens"),
        count_of(values, "ai.usage.outputTokens"), written, 0, read,
    )  # fmt: skip
    provider = text_of(values, "ai.model.provider").partition(".")[0]
    model = f"{provider}/{text_of(values, 'ai.model.id')}"
    details = Details(duration_ms=count_of(values, "span.ms"), is_split=True)
    return TelemetryEvent("opencode", text_of(values, "session.id"), model, usage, time_ms, "", None, details)


_READERS: Final[Mapping[str, Callable[[Values, int], TelemetryEvent]]] = {
    "api_request": _claude,
    "codex.sse_event": _codex,
    "gemini_cli.api_response": _gemini,
    "qwen-code.api_response": _qwen,
    "chat": _copilot,
    "ai.streamText.doStream": _opencode,
}
_GEMINI: Final = {
    "input": "input_token_count", "output": "output_token_count", "cached": "cached_content_token_count",
    "thoughts": "thoughts_token_count", "tool": "tool_token_count", "total": "total_token_count",
}  # fmt: skip


def _need(values: Values, *names: str) -> None:
    """Raise UnknownShapeError where a counter is missing that every event of the kind has."""
    for name in names:
        if name not in values:
            raise UnknownShapeError(f"an event without {name}: not counted")


def _records(reduced: Values) -> Iterator[tuple[Values, int]]:
    """Yield the attributes of each record, as plain values, and its instant."""
    for part in reduced.get("resourceLogs", ()):
        for scope in part["scopeLogs"]:
            for record in scope["logRecords"]:
                yield _attributes(record), _ms(record.get("timeUnixNano"))
    for part in reduced.get("resourceSpans", ()):
        for scope in part["scopeSpans"]:
            for span in scope["spans"]:
                start_ms, end_ms = _ms(span.get("startTimeUnixNano")), _ms(span.get("endTimeUnixNano"))
                took = {"span.name": span["name"], "span.ms": max(0, end_ms - start_ms) if start_ms else 0}
                yield {**_attributes(span), **took}, end_ms


def _attributes(record: Values) -> dict[str, Any]:
    return {attribute["key"]: _plain(table_of(attribute, "value")) for attribute in record["attributes"]}


def _plain(value: Values) -> Any:
    """Return what a value of an export holds; the allow-list has made every whole number an `intValue`."""
    if "intValue" in value:
        return int(value["intValue"])
    return value.get("doubleValue", value.get("stringValue"))


def _ms(nanoseconds: object) -> int:
    text = nanoseconds if isinstance(nanoseconds, str) and nanoseconds.isdigit() else "0"
    return instant_ms(int(text[:20]) // _NANO_PER_MS)
