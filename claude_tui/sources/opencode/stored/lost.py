"""What the client's table of events still says of messages that are gone: a revert removes them, and their usage.

Must not count.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final

import orjson

from claude_tui.records import NamedTuple
from claude_tui.sources.opencode.stored.columns import as_text
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.values.json_values import table_of, text_of

COLUMNS: Final = {"aggregate_id", "type", "data"}
"""Those of the table that are read."""

_UPDATED: Final = (
    "SELECT rowid, aggregate_id, data FROM event WHERE type LIKE 'message.updated%' AND data LIKE '%\"assistant\"%'"
    " AND instr(data, '\"assistant\"')"
    " ORDER BY rowid"
)
_STEPS: Final = (
    "SELECT data FROM event WHERE type LIKE 'message.part.updated%' AND data LIKE '%\"step-finish\"%'"
    " AND instr(data, '\"step-finish\"') ORDER BY rowid"
)
_OF_2X: Final = (
    "SELECT rowid, aggregate_id, type LIKE '%.ended%', data FROM event WHERE type LIKE 'session.next.step.%'"
    " ORDER BY rowid"
)


class LostMessage(NamedTuple):
    """A message that is in no table of messages any more, as one of them would have it, and the steps it took."""

    rowid: int
    id: str
    session: str
    data: dict[str, Any]
    steps: tuple[Mapping[str, object], ...] = ()


def lost_messages(
    connection: sqlite3.Connection, tables: tuple[str, ...], known: Container[str]
) -> Iterator[LostMessage]:
    """Yield the messages that only events tell of: those that are not `known`. There must be a table of events."""
    if "message" in tables:
        found = {}
        for rowid, session, text in connection.execute(_UPDATED):
            info = table_of(_object(text), "info")
            name = text_of(info, "id")
            if name not in known:
                found[name] = LostMessage(rowid, name, as_text(session), dict(info))
        steps = _steps(connection) if found else {}
        for name, message in found.items():
            yield message._replace(steps=tuple(steps.get(name, {}).values()))
    if "session_message" in tables:
        started: dict[str, Mapping[str, Any]] = {}
        for rowid, session, is_end, text in connection.execute(_OF_2X):
            event = _object(text)
            name = text_of(event, "assistantMessageID")
            if name in known:
                continue
            if not is_end:
                started[name] = event
                continue
            begun = started.get(name, {})
            data = {
                "time": {"created": begun.get("timestamp"), "completed": event.get("timestamp")},
                **{key: begun.get(key) for key in ("agent", "model")},
                **{key: event.get(key) for key in ("finish", "cost", "tokens")},
            }
            yield LostMessage(rowid, name, as_text(session), data)


def _steps(connection: sqlite3.Connection) -> dict[str, dict[str, Mapping[str, object]]]:
    """Parts that ended a step, by message and part, as they were told last."""
    steps: dict[str, dict[str, Mapping[str, object]]] = {}
    for (text,) in connection.execute(_STEPS):
        part = table_of(_object(text), "part")
        if part.get("type") == "step-finish":
            steps.setdefault(text_of(part, "messageID"), {})[text_of(part, "id")] = part
    return steps


def _object(text: object) -> Mapping[str, Any]:
    data = as_text(text).encode("utf-8", "surrogatepass")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return next(decode_objects(data), {})
    return value if isinstance(value, dict) else {}
