"""The counting rule of Pi: what an answer, a summary or a call of its own says it used becomes a row.

A fork or a clone is a new file that begins with unchanged copies of the rows it came from; only its first line, which
says when it was begun, is its own. Must not know files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from claude_tui.model import Usage, UsageRow
from claude_tui.sources.records.conversation import Conversation, UnknownShapeError
from claude_tui.sources.records.events import count_of, nano_of, text_of_counters
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

_NEWEST: Final = 3
"""The newest version of the format that is known."""
_ASIDE: Final = ("compaction", "branch_summary", "usage")
"""Rows that carry the usage of calls outside the conversation."""
_NO_USAGE: Final = ("model_change", "thinking_level_change", "session_info", "context_edit", "custom", "label")


@dataclass(slots=True)
class PiSession(Conversation):
    """One session. `began_ms` is when its file was begun; `model` the one that was chosen last."""

    began_ms: int = 0
    model: str = ""

    def rows(self, record: Mapping[str, Any], offset: int) -> Iterator[UsageRow]:
        """Yield what a record counts."""
        kind = text_of(record, "type")
        if kind == "session":
            self._begin(record)
        elif kind == "message":
            self.is_known = True
            yield from self._message(record, offset)
        elif kind in _ASIDE:
            self.is_known = True
            self.compactions += kind == "compaction"
            if isinstance(record.get("usage"), dict):
                yield from self._count(record, record, offset)
        elif kind == "model_change":
            self.model = name_of(text_of(record, "provider"), text_of(record, "modelId"))
        elif kind == "session_info":
            self.title = text_of(record, "name") or self.title
        elif kind not in _NO_USAGE and "usage" in record:
            raise UnknownShapeError(f"usage in a row of unknown type {kind[:40]!r}")

    def _begin(self, record: Mapping[str, Any]) -> None:
        self.is_known = True
        self.session = text_of(record, "id") or self.session
        self.cwd = text_of(record, "cwd") or self.cwd
        self.began_ms = instant_ms(record.get("timestamp"))
        version = count_of(record, "version")
        if version > _NEWEST:
            raise UnknownShapeError(f"format {version}: read as format {_NEWEST}")

    def _message(self, record: Mapping[str, Any], offset: int) -> Iterator[UsageRow]:
        message = table_of(record, "message")
        role, stopped = text_of(message, "role"), text_of(message, "stopReason")
        time_ms = instant_ms(record.get("timestamp"))
        if role != "assistant":
            if role in ("user", "toolResult"):
                self.spoke("user", time_ms)
            return
        self.spoke("tool_use" if stopped == "toolUse" else "assistant", time_ms)
        self.has_answers = True
        if not isinstance(message.get("usage"), dict):
            raise UnknownShapeError("an answer without usage")
        self.has_usage = True
        for row in self._count(record, message, offset):
            self.answered(row.model, row.usage.prompt)
            yield row

    def _count(self, record: Mapping[str, Any], told: Mapping[str, Any], offset: int) -> Iterator[UsageRow]:
        """Yield the row of a record; `told` is the part of it that has model and usage."""
        counters = table_of(told, "usage")
        usage = usage_of(counters)
        if not usage.tokens:  # cut off or failed
            return
        time_ms = instant_ms(record.get("timestamp")) or instant_ms(told.get("timestamp"))
        own_id = text_of(told, "responseId") or text_of(record, "id")
        yield UsageRow(
            key=key_of(own_id, time_ms, usage[:5]),
            time_ms=time_ms,
            session=self.session,
            agent="",
            cwd=self.cwd,
            model=name_of(text_of(told, "provider"), text_of(told, "model")) or self.model,
            usage=usage,
            is_copy=0 < time_ms < self.began_ms,
            reported_nano=nano_of(table_of(counters, "cost").get("total")),
            offset=offset,
        )


def usage_of(counters: Mapping[str, object]) -> Usage:
    """The counters of a usage object, which are disjoint; reasoning is inside the output."""
    written = count_of(counters, "cacheWrite")
    for_an_hour = min(count_of(counters, "cacheWrite1h"), written)
    return Usage(
        input=count_of(counters, "input"),
        output=count_of(counters, "output"),
        cache_write_5m=written - for_an_hour,
        cache_write_1h=for_an_hour,
        cache_read=count_of(counters, "cacheRead"),
    )


def key_of(own_id: str, time_ms: int, counters: Sequence[int]) -> str:
    """Return what identifies a row, here and in copies."""
    return f"{own_id}/{time_ms}/{text_of_counters(counters)}"


def name_of(provider: str, model: str) -> str:
    """Return the name of a model as it is priced."""
    return f"{provider}/{model}" if provider and model else model
