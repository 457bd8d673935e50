"""What the tables of OpenCode's database say of responses.

Only message, part, session and project tables are read, never one that holds accounts. Must not count.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import orjson

from claude_tui.sources.opencode.message import OpenCodeSession, project_folder, root_of
from claude_tui.sources.opencode.stored.columns import as_text
from claude_tui.sources.opencode.stored.connection import connected
from claude_tui.sources.opencode.stored.copies import TELLS, is_the_one, tells_tokens
from claude_tui.sources.opencode.stored.lost import COLUMNS, LostMessage, lost_messages
from claude_tui.sources.opencode.stored.messages import StoredRow
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.values.instants import instant_ms

MARGIN_MS: Final = 60_000
"""Rows up to this much older than the newest change are read again: an earlier clock may be committed later."""

_BATCH: Final = 500
_NEWEST_PARTS: Final = 4096
_STEP: Final = '"step-finish"'
_TOOL: Final = '"tool"'
# LIKE is three times as fast as instr, and takes capitals for small letters.
# Parts that end a step are small; where SQLite can tell a length without loading it, the rest stays unread.
_SMALL: Final = "octet_length(data) < 4096 AND " if sqlite3.sqlite_version_info >= (3, 43) else ""
_COMPACTION: Final = '"mode":"compaction"'
# In some builds of SQLite LIKE finds nothing in bytes.
_COMPACTED: Final = f"(data LIKE '%{_COMPACTION}%' OR typeof(data) = 'blob') AND instr(data, '{_COMPACTION}')"
_SESSION_COLUMNS: Final = (
    "id",
    "parent_id",
    "directory",
    "title",
    "version",
    "agent",
    "model",
    "time_created",
    "project_id",
)


_PROJECTS: Final = "SELECT id, worktree FROM project"


@contextmanager
def open_database(path: str) -> Iterator[Database]:
    """Open a database for reading, in one transaction. Raises OSError if it cannot be read."""
    try:
        with connected(path) as connection:
            yield Database(connection)
    except sqlite3.Error as error:
        raise OSError(f"{path}: {error}") from error


class Database:
    """The tables with usage, as one consistent snapshot."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.create_function("has_tokens", 1, tells_tokens, deterministic=True)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self.tables = tuple(table for table in ("session_message", "message") if table in names)
        self._is_2x = "session_v2" in names
        self._has_projects = "project" in names
        self._session_tables = [table for table in ("session", "session_v2") if table in names]
        self._has_parts = "part" in names
        self._has_events = "event" in names and self._columns("event") >= COLUMNS

    def last_rowid(self, table: str) -> int:
        """Return the largest row number of a message table, 0 if it is empty."""
        return int(self._connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0)

    def rows(self, table: str, updated_ms: int, rowid: int) -> list[StoredRow]:
        """Return the rows of a message table that changed at `updated_ms` or later, or are newer than `rowid`."""
        return self._rows(table, "(m.time_updated >= ? OR m.rowid > ?)", (updated_ms, rowid))

    def last_part(self) -> int:
        """Return the largest row number of a part, 0 if there is none."""
        return self.last_rowid("part") if self._has_parts else 0

    def rows_of_parts(self, updated_ms: int, after: int, messages: list[str]) -> list[StoredRow]:
        """Return the rows of messages that did not change at `updated_ms` or later themselves, but of which a part did:
        one that came `after` a row number, one of the newest, or any of these messages.

        Nothing finds others without reading all parts, and a call that has ended does not change.
        """
        if not self._has_parts or "message" not in self.tables:
            return []
        newest = max(0, min(after, self.last_part() - _NEWEST_PARTS))
        changed = "SELECT message_id FROM part WHERE rowid > ? AND time_updated >= ?"
        rows = self._rows("message", f"m.time_updated < ? AND m.id IN ({changed})", (updated_ms, newest, updated_ms))
        for batch in _batches(messages):
            which = f"m.time_updated < ? AND m.id IN ({_marks(batch)}) AND m.id NOT IN ({changed})"
            rows += self._rows("message", which, (updated_ms, *batch, newest, updated_ms))
        return rows

    def _rows(self, table: str, which: str, given: tuple[int | str, ...]) -> list[StoredRow]:
        """Return some rows of a message table.

        Their columns are those of a `StoredMessage`: no data for kinds that count nothing, and no kind in the table
        before 2.x, where all that has data is an assistant's.
        """
        has_both = len(self.tables) > 1
        # 2.x carries messages over and goes on with them in its own table; 1.x has the whole of them in the old one.
        is_first = (table == "session_message") is self._is_2x
        if table == "session_message":
            twin = "(SELECT v1.data FROM message v1 WHERE v1.id = m.id)" if has_both else "''"
            query = (
                "SELECT m.rowid, m.id, m.session_id, m.time_created, m.time_updated, m.type,"
                f" CASE WHEN m.type IN ('assistant', 'compaction') THEN m.data END, {twin}"
                " FROM session_message m WHERE m.type IN ('assistant', 'compaction', 'user')"
            )
        else:
            query = (
                "SELECT m.rowid, m.id, m.session_id, m.time_created, m.time_updated, NULL,"
                " CASE WHEN instr(m.data, '\"assistant\"') THEN m.data END, '' FROM message m WHERE 1"
            )
        if has_both:
            query += f" AND {is_the_one(table, is_first=is_first)}"
        query += f" AND {which} ORDER BY m.rowid"
        connection, usual = self._connection, self._connection.text_factory
        connection.text_factory = bytes
        try:
            return connection.execute(query, given).fetchall()
        finally:
            connection.text_factory = usual

    def unknown_kinds(self, updated_ms: int, rowid: int) -> list[tuple[int, str, str]]:
        """Return row, id and kind of each message of a kind that nobody knows and that tells tokens, among those that
        `rows` returns of 2.x."""
        found = self._connection.execute(
            "SELECT rowid, id, type FROM session_message"
            " WHERE type NOT IN ('assistant', 'compaction', 'user') AND instr(data, '\"tokens\":{')"
            " AND (time_updated >= ? OR rowid > ?) ORDER BY rowid",
            (updated_ms, rowid),
        )
        return [(row, as_text(name), as_text(kind)) for row, name, kind in found]

    def message_ids(self) -> Iterator[str]:
        """Return the id of every message."""
        for table in self.tables:
            names = [name for (name,) in self._connection.execute(f"SELECT id FROM {table}")]
            yield from map(as_text, names)

    def told_ids(self) -> Iterator[str]:
        """Return the id of every message that tells tokens."""
        for table in self.tables:
            told = f"SELECT id FROM {table} WHERE {TELLS[table].format(table)}"
            names = [name for (name,) in self._connection.execute(told)]
            yield from map(as_text, names)

    def numbers(self, table: str) -> dict[str, int]:
        """Return the row number of every message in a table, by its id."""
        return {as_text(name): rowid for name, rowid in self._connection.execute(f"SELECT id, rowid FROM {table}")}

    def steps(self, messages: list[str] | None) -> dict[str, list[dict[str, Any]]]:
        """Return the parts that end a step, in order, of messages (None: of all) that have more than one."""
        if not self._has_parts:
            return {}
        many: list[str] = []
        for batch in _batches(messages) if messages is not None else [None]:
            where = "" if batch is None else f"message_id IN ({_marks(batch)}) AND "
            found = self._connection.execute(
                f"SELECT message_id FROM part WHERE {where}{_SMALL}data LIKE ? AND instr(data, ?)"
                " GROUP BY message_id HAVING count(*) > 1",
                (*(batch or ()), f"%{_STEP}%", _STEP),
            )
            many += [message for (message,) in found]  # as they are stored, to be asked for
        steps: dict[str, list[dict[str, Any]]] = {}
        for message in many:
            parts = self._connection.execute(
                "SELECT data FROM part WHERE message_id = ? AND instr(data, ?) ORDER BY id", (message, _STEP)
            )
            steps[as_text(message)] = [
                value for (data,) in parts for value in decode_objects(as_text(data).encode("utf-8", "surrogatepass"))
            ]
        return steps

    def calls(self, messages: list[str] | None) -> dict[str, list[dict[str, Any]]]:
        """Return the calls of tools by message (None: of all), in order, as parts (up to 1.x) or parts of the message
        itself (2.x)."""
        found: dict[str, list[dict[str, Any]]] = {}
        for batch in _batches(messages) if messages is not None else [None]:
            given = (*(batch or ()), f"%{_TOOL}%")
            if self._has_parts:
                where = "" if batch is None else f"message_id IN ({_marks(batch)}) AND "
                parts = f"SELECT message_id, data FROM part WHERE {where}data LIKE ? ORDER BY message_id, id"
                for message, data in self._connection.execute(parts, given):
                    part = parsed(as_text(data)) or {}
                    if part.get("type") == "tool":
                        found.setdefault(as_text(message), []).append(part)
            if "session_message" in self.tables:
                where = "" if batch is None else f"id IN ({_marks(batch)}) AND "
                answers = f"SELECT id, data FROM session_message WHERE {where}type = 'assistant' AND data LIKE ?"
                for message, data in self._connection.execute(answers, given):
                    content = (parsed(as_text(data)) or {}).get("content")
                    calls = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
                    if calls := [part for part in calls if part.get("type") == "tool"]:
                        found[as_text(message)] = calls
        return found

    def lost(self) -> Iterator[LostMessage]:
        """Messages that are gone and of which events still tell."""
        if self._has_events:
            yield from lost_messages(self._connection, self.tables, frozenset(self.message_ids()))

    def sessions(self) -> dict[str, OpenCodeSession]:
        """Return every session, by id; those of 2.x replace the same ones before it."""
        rows: dict[str, tuple[Any, ...]] = {}
        for table in self._session_tables:
            known = self._columns(table)
            columns = ", ".join(name if name in known else "NULL" for name in _SESSION_COLUMNS)
            for *texts, created, project in self._connection.execute(f"SELECT {columns} FROM {table}"):
                session, *more = map(as_text, texts)
                rows[session] = session, *more, instant_ms(created), as_text(project)
        folders = self._project_folders()
        parents = {session: row[1] for session, row in rows.items()}
        return {
            session: OpenCodeSession(
                session, root_of(session, parents), parent, directory or folders.get(project, ""), title, version,
                agent, model, created,
            )
            for session, parent, directory, title, version, agent, model, created, project in rows.values()
        }  # fmt: skip

    def _columns(self, table: str) -> set[str]:
        return {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}

    def _project_folders(self) -> dict[str, str]:
        if not self._has_projects:
            return {}
        return {as_text(project): project_folder(tree) for project, tree in self._connection.execute(_PROJECTS)}

    def compactions(self, sessions: list[str]) -> dict[str, int]:
        """Return how often each of some sessions was compacted."""
        counts: dict[str, int] = {}
        for table in self.tables:
            what = "type = 'compaction'" if table == "session_message" else _COMPACTED
            for batch in _batches(sessions):
                query = f"SELECT session_id, count(*) FROM {table} WHERE session_id IN ({_marks(batch)}) AND {what}"
                for session, count in self._connection.execute(query + " GROUP BY session_id", batch):
                    counts[as_text(session)] = max(count, counts.get(session, 0))
        return counts


@lru_cache(maxsize=4)
def told_ids(path: str, stamp: tuple[int, ...]) -> frozenset[str]:
    """Return the ids of all messages in a database that tell tokens. `stamp` identifies its state for the cache."""
    with open_database(path) as database:
        return frozenset(database.told_ids())


def _batches(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]


def _marks(values: list[str]) -> str:
    return ", ".join("?" * len(values))


def parsed(text: str) -> dict[str, Any] | None:
    """Return the JSON object of a column; None if it is not one."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return next(decode_objects(text.encode("utf-8", "surrogatepass")), None)
    return value if isinstance(value, dict) else None
