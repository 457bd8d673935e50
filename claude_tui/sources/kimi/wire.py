"""The counting rule of Kimi Code: a usage record becomes a row.

The same numbers stand in other records of a step as well and are not added. A record names the model by an alias of
the user's; what was really asked for is in the request before it. A fork copies records unchanged. Must not know files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import orjson

from claude_tui import files
from claude_tui.model import Usage, UsageRow
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.records.conversation import Conversation, UnknownShapeError
from claude_tui.sources.records.events import count_of, text_of_counters
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

_PROTOCOL: Final = "1"
"""The major version of the format that is known."""
SCOPES: Final = ("turn", "")
_COUNTERS: Final = ("inputOther", "output", "inputCacheRead", "inputCacheCreation")
_MOST_BYTES: Final = 1 << 20


@dataclass(slots=True)
class Wire(Conversation):
    """One wire. `models` are the real names of aliases; `forked_ms` is when the session was forked, 0 if it was not.

    What is older than that was copied. `told` is all that files beside the wire say, as one text.
    """

    models: dict[str, str] = field(default_factory=dict)
    forked_ms: int = 0
    told: str = ""

    def rows(self, record: Mapping[str, Any], offset: int) -> Iterator[UsageRow]:
        """Yield what a record counts."""
        kind, time_ms = text_of(record, "type"), instant_ms(record.get("time"))
        if kind == "metadata":
            self.is_known = True
            protocol = text_of(record, "protocol_version")
            if protocol.partition(".")[0] != _PROTOCOL:
                raise UnknownShapeError(f"protocol {protocol[:20]!r}: read as protocol {_PROTOCOL}")
        elif kind == "profile.bind":
            self.cwd = self.cwd or text_of(table_of(record, "environmentDisclosure"), "cwd")
        elif kind == "turn.prompt":
            self.spoke("user", time_ms)
        elif kind == "context.append_loop_event":
            event = table_of(record, "event")
            if text_of(event, "type") == "step.end":
                self.step_ended(text_of(event, "finishReason"), time_ms, has_usage="usage" in event)
        elif kind == "llm.request":
            self.models[text_of(record, "modelAlias")] = text_of(record, "model")
        elif kind == "usage.record":
            self.is_known = self.has_usage = True
            yield from self._count(record, time_ms, offset)
        elif "usage" in record:
            raise UnknownShapeError(f"usage in a record of unknown type {kind[:40]!r}")

    def step_ended(self, reason: str, time_ms: int, *, has_usage: bool) -> None:
        """Note the end of a step, why it ended, and whether it used anything."""
        self.has_answers |= has_usage
        self.spoke("tool_use" if reason in ("tool_use", "tool_calls") else "assistant", time_ms)

    def _count(self, record: Mapping[str, Any], time_ms: int, offset: int) -> Iterator[UsageRow]:
        counters = record.get("usage")
        if not isinstance(counters, dict) or not any(name in counters for name in _COUNTERS):
            raise UnknownShapeError("a usage record without counters")
        usage = Usage(
            input=count_of(counters, "inputOther"),
            output=count_of(counters, "output"),
            cache_write_5m=count_of(counters, "inputCacheCreation"),
            cache_read=count_of(counters, "inputCacheRead"),
        )
        if not usage.tokens:
            return
        alias, scope = text_of(record, "model"), text_of(record, "usageScope")
        model = self.models.get(alias) or alias
        self.answered(model, usage.prompt)
        yield UsageRow(
            key=key_of(time_ms, alias, usage[:5]),
            time_ms=time_ms,
            session=self.session,
            agent=self.agent,
            cwd=self.cwd,
            model=model,
            usage=usage,
            is_copy=0 < time_ms < self.forked_ms,
            is_sidechain=bool(self.agent),
            offset=offset,
        )
        if scope not in SCOPES:
            raise UnknownShapeError(f"usage of scope {scope[:40]!r}: counted as one response")


W = TypeVar("W", bound=Wire)


def key_of(time_ms: int, alias: str, counters: Sequence[int]) -> str:
    """Return what identifies a usage record, here and in forks."""
    return f"{time_ms}/{alias}/{text_of_counters(counters)}"


def wire_at(path: str, root: str, kind: type[W]) -> W:
    """Return a wire of a kind to follow, with what its place and the files beside it say."""
    of_agent, agent = os.path.split(os.path.dirname(path))
    folder = os.path.dirname(of_agent)
    told = _object(os.path.join(folder, "state.json"))
    workspace = os.path.basename(os.path.dirname(folder))
    cwd = text_of(told, "cwd")
    if not cwd:
        known = table_of(_object(os.path.join(root, "workspaces.json")), "workspaces")
        cwd = text_of(table_of(known, workspace), "root")
    forked_ms = instant_ms(told.get("createdAt")) if text_of(told, "forkedFrom") else 0
    return kind(
        session=os.path.basename(folder),
        agent="" if agent == "main" else agent,
        cwd=cwd,
        forked_ms=forked_ms,
        told=f"{forked_ms} {cwd}",
    )


def fitting(since: Checkpoint | None, wire: Wire) -> Checkpoint | None:
    """Return a checkpoint; if the files beside the wire said something else then, one that nothing continues."""
    if since is None or not since.state or json.loads(since.state).get("told") == wire.told:
        return since
    return since._replace(head=b"")


def _object(path: str) -> dict[str, Any]:
    try:
        value = orjson.loads(files.read(path, _MOST_BYTES))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
