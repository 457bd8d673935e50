"""What is kept of an OpenTelemetry export: of each record that tells one response's usage, a few named attributes.

Everything else (other events, bodies, prompts, replies, commands, hosts) is never looked at. An attribute that is kept
has one of a few kinds, and a value of another kind is left out: text with blanks or line breaks never passes, whatever
its name. What comes out is again an export, so what was kept can be reduced once more and stays as it is. Must not know
where exports come from, nor what the numbers are for; whether they are possible is the reader's to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from claude_tui.records import NamedTuple

MAX_ATTRIBUTES: Final = 4096
"""Attributes that are looked at in one record or resource."""

MAX_RESOURCE_CHARS: Final = 200
"""Characters that are kept of a resource attribute the user named."""

NEVER_KEPT: Final = ("process.", "host.")
"""Beginnings of resource attributes that are not kept even if they are named: commands, their owners and hosts."""

Value = dict[str, Any]
"""A value as OTLP/JSON has it: an object with the one key that names its kind."""

_NAME: Final = re.compile(r"[A-Za-z0-9_.:/#@+\-\[\]]{1,200}\Z")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9:]{5})\Z")
_WHOLE: Final = re.compile(r"-?[0-9]{1,20}\Z")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?\Z")


def name_of(value: object) -> Value | None:
    """A name, an id or a word: no blanks, no line breaks, at most 200 characters."""
    text = _text(value)
    return {"stringValue": text} if text is not None and (not text or _NAME.match(text)) else None


def instant_of(value: object) -> Value | None:
    """An ISO instant."""
    text = _text(value)
    return {"stringValue": text} if text is not None and _INSTANT.match(text) else None


def number_of(value: object) -> Value | None:
    """A number, however it is written: as text, as a number, or whole numbers as text.

    Whole ones become `intValue`, as text; others `doubleValue`. Whether one is possible is not asked.
    """
    if not isinstance(value, dict):
        return None
    for kind in ("intValue", "doubleValue", "stringValue"):
        found = value.get(kind)
        if isinstance(found, bool) or not isinstance(found, (int, float, str)):
            continue
        if isinstance(found, float):
            text = str(int(found)) if found.is_integer() else repr(found)
        else:
            text = str(found) if isinstance(found, str) or -(10**20) < found < 10**20 else ""
        if _WHOLE.match(text):
            return {"intValue": text}
        if _DECIMAL.match(text) and math.isfinite(float(text)):
            return {"doubleValue": float(text)}
    return None


class AllowedEvent(NamedTuple):
    """What tells one response of a client: an event of the logs or a span, and the attributes that are kept of it.

    `is_counted` says of a record's kept attributes (as texts) whether it is the one that counts.
    """

    client: str
    attributes: Mapping[str, Callable[[object], Value | None]]
    is_counted: Callable[[Mapping[str, str]], bool] = bool


def _kinds(*, names: str, numbers: str, instants: str = "") -> Mapping[str, Callable[[object], Value | None]]:
    return (
        dict.fromkeys(names.split(), name_of)
        | dict.fromkeys(numbers.split(), number_of)
        | dict.fromkeys(instants.split(), instant_of)
    )


EVENTS: Final[Mapping[str, AllowedEvent]] = {
    # Claude Code. Cache writes are told by how long they live only by newer versions, as are most names.
    "api_request": AllowedEvent(
        "claude",
        _kinds(
            names="event.name session.id model request_id query_source speed effort agent_id agent.name prompt.id",
            numbers="event.sequence input_tokens output_tokens cache_read_tokens cache_creation_tokens"
            " cache_creation_5m_tokens cache_creation_1h_tokens cost_usd cost_usd_micros duration_ms ttft_ms",
            instants="event.timestamp",
        ),
    ),
    # Codex. Every response has two records of this kind, and only one of them has counters.
    "codex.sse_event": AllowedEvent(
        "codex",
        _kinds(
            names="event.name event.kind conversation.id model slug originator model_reasoning_effort app.version",
            numbers="input_token_count output_token_count cached_token_count cache_write_token_count"
            " reasoning_token_count tool_token_count duration_ms ttft_ms",
            instants="event.timestamp",
        ),
        lambda kept: kept.get("event.kind") == "response.completed" and "input_token_count" in kept,
    ),
    "gemini_cli.api_response": AllowedEvent(
        "gemini",
        _kinds(
            names="event.name session.id prompt_id role model auth_type",
            numbers="input_token_count output_token_count cached_content_token_count thoughts_token_count"
            " tool_token_count total_token_count duration_ms status_code",
            instants="event.timestamp",
        ),
    ),
    "qwen-code.api_response": AllowedEvent(
        "qwen",
        _kinds(
            names="event.name session.id prompt_id response_id subagent_name model auth_type",
            numbers="input_token_count output_token_count cached_content_token_count thoughts_token_count"
            " tool_token_count total_token_count duration_ms ttft_ms status_code",
            instants="event.timestamp",
        ),
    ),
}
"""By `event.name`: the log records that tell one response."""

CHAT: Final = AllowedEvent(
    "copilot",
    _kinds(
        names="gen_ai.operation.name gen_ai.provider.name gen_ai.response.id gen_ai.conversation.id"
        " gen_ai.request.model gen_ai.response.model gen_ai.request.reasoning.level"
        " github.copilot.turn_id github.copilot.interaction_id github.copilot.initiator",
        numbers="gen_ai.usage.input_tokens gen_ai.usage.output_tokens gen_ai.usage.cache_read.input_tokens"
        " gen_ai.usage.cache_write.input_tokens gen_ai.usage.cache_creation.input_tokens"
        " gen_ai.usage.reasoning.output_tokens gen_ai.response.time_to_first_chunk github.copilot.cost",
    ),
)
"""The span of one response of Copilot CLI: operation `chat`, in its own scope."""

STREAMED: Final = AllowedEvent(
    "opencode",
    _kinds(
        names="session.id ai.model.id ai.model.provider gen_ai.response.id gen_ai.response.model",
        numbers="ai.usage.inputTokens ai.usage.outputTokens ai.usage.reasoningTokens ai.usage.cachedInputTokens"
        " ai.usage.inputTokenDetails.noCacheTokens ai.usage.inputTokenDetails.cacheReadTokens"
        " ai.usage.inputTokenDetails.cacheWriteTokens",
    ),
    lambda kept: "session.id" in kept,
)
"""The span of one response of OpenCode: `ai.streamText.doStream`, with a session. `ai.streamText` repeats it."""

COPILOT: Final = "github.copilot"
"""The scope of Copilot CLI's spans. Other programs have spans of the operation `chat`, too."""

STREAMED_SPAN: Final = "ai.streamText.doStream"

_RESOURCE: Final = ("service.name", "service.version")


def kept_records(export: object, resource_keys: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield an export of one record for each response that an export of logs or spans tells.

    `export` is decoded OTLP/JSON, of which nothing is taken for granted; `resource_keys` are resource attributes that
    are kept beside the name and the version of the service. Never raises.
    """
    for part in _objects(export, "resourceLogs"):
        resource = _resource(part, resource_keys)
        for scope in _objects(part, "scopeLogs"):
            for record in _objects(scope, "logRecords"):
                if (kept := _log_record(record)) is not None:
                    yield {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [kept]}]}]}
    for part in _objects(export, "resourceSpans"):
        resource = _resource(part, resource_keys)
        for scope in _objects(part, "scopeSpans"):
            for span in _objects(scope, "spans"):
                if (spans := _span(scope, span)) is not None:
                    yield {"resourceSpans": [{"resource": resource, "scopeSpans": [spans]}]}


def client_of(kept: Mapping[str, Any]) -> str:
    """Return the client that told a record which `kept_records` yielded."""
    for part in kept.get("resourceLogs", ()):
        (record,) = part["scopeLogs"][0]["logRecords"]
        return EVENTS[_attributes(record)["event.name"]["stringValue"]].client  # type: ignore[index]
    (span,) = kept["resourceSpans"][0]["scopeSpans"][0]["spans"]
    return (STREAMED if span["name"] == STREAMED_SPAN else CHAT).client


def _log_record(record: Mapping[str, Any]) -> dict[str, Any] | None:
    found = _attributes(record)
    event = _text(found.get("event.name"))
    kind = EVENTS.get(event) if event is not None else None
    attributes = _reduced(found, kind) if kind is not None else None
    if attributes is None:
        return None
    return _instants(record, "timeUnixNano") | {"attributes": attributes}


def _span(scope: Mapping[str, Any], span: Mapping[str, Any]) -> dict[str, Any] | None:
    """The scope with the span alone in it, if it tells one response."""
    found = _attributes(span)
    if _text(found.get("gen_ai.operation.name")) == "chat" and _is_copilot(scope, found):
        name, kind, own = "chat", CHAT, {"scope": {"name": COPILOT}}
    elif span.get("name") == STREAMED_SPAN:
        name, kind, own = STREAMED_SPAN, STREAMED, {}
    else:
        return None
    attributes = _reduced(found, kind)
    if attributes is None:
        return None
    times = _instants(span, "startTimeUnixNano", "endTimeUnixNano")
    return own | {"spans": [{"name": name} | times | {"attributes": attributes}]}


def _is_copilot(scope: Mapping[str, Any], found: Mapping[str, object]) -> bool:
    declared = scope.get("scope")
    if isinstance(declared, dict) and declared.get("name") == COPILOT:
        return True
    return any(name.startswith(COPILOT + ".") for name in found)


def _reduced(found: Mapping[str, object], kind: AllowedEvent) -> list[dict[str, Any]] | None:
    """The attributes that are kept; None where this is not the record that counts."""
    kept = {name: value for name, read in kind.attributes.items() if (value := read(found.get(name))) is not None}
    if not kind.is_counted({name: str(next(iter(value.values()))) for name, value in kept.items()}):
        return None
    return [{"key": name, "value": value} for name, value in kept.items()]


def _resource(part: Mapping[str, Any], resource_keys: Collection[str]) -> dict[str, Any]:
    resource = part.get("resource")
    found = _attributes(resource) if isinstance(resource, dict) else {}
    kept = [{"key": name, "value": value} for name in _RESOURCE if (value := name_of(found.get(name))) is not None]
    for name in resource_keys:
        text = _text(found.get(name))
        if text is None or name in _RESOURCE or name.startswith(NEVER_KEPT):
            continue
        kept.append({"key": name, "value": {"stringValue": text[:MAX_RESOURCE_CHARS]}})
    return {"attributes": kept}


def _attributes(record: Mapping[str, Any]) -> dict[str, object]:
    """The attributes of a record or a resource by name; of several with one name the first, as the Collector reads."""
    found: dict[str, object] = {}
    listed = record.get("attributes")
    for attribute in listed[:MAX_ATTRIBUTES] if isinstance(listed, list) else ():
        if isinstance(attribute, dict) and isinstance(name := attribute.get("key"), str):
            found.setdefault(name, attribute.get("value"))
    return found


def _instants(record: Mapping[str, Any], *names: str) -> dict[str, str]:
    """Instants in nanoseconds since the epoch, as text; those that are none, or 0 for unknown, are left out."""
    kept = {}
    for name in names:
        value = number_of({"intValue": record.get(name)}) or {}
        if (text := value.get("intValue", "0")) != "0":
            kept[name] = text
    return kept


def _objects(holder: object, name: str) -> Iterator[dict[str, Any]]:
    """The objects of a list by name; whatever else is there is passed over."""
    listed = holder.get(name) if isinstance(holder, dict) else None
    if isinstance(listed, list):
        yield from (value for value in listed if isinstance(value, dict))


def _text(value: object) -> str | None:
    text = value.get("stringValue") if isinstance(value, dict) else None
    return text if isinstance(text, str) else None
