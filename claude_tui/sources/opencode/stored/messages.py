"""One row of a message table of OpenCode's database. Must not know how it is asked for, nor count."""

from __future__ import annotations

from typing import Any

from claude_tui.records import NamedTuple
from claude_tui.sources.opencode.stored.columns import as_ms, as_text
from claude_tui.sources.values.instants import instant_ms

StoredRow = tuple[Any, ...]
"""What `stored_message` takes: the columns of a row of a message table, texts as bytes."""


class StoredMessage(NamedTuple):
    """A row of a message table. `data` is "" for kinds that count nothing; `twin` is the JSON of the same message in
    the tables before 2.x, if both have it."""

    rowid: int
    id: str
    session: str
    created_ms: int
    updated_ms: int
    kind: str
    data: str
    twin: str


def stored_message(row: StoredRow) -> StoredMessage:
    """Return a row of a message table with values of one type each."""
    number, name, session, created, updated, kind, data, twin = row
    return StoredMessage(
        number,
        as_text(name),
        as_text(session),
        instant_ms(created),
        as_ms(updated),
        as_text(kind) or ("user" if data is None else "assistant"),
        as_text(data),
        as_text(twin),
    )
