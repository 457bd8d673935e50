"""Reads what changed in OpenCode's database since a checkpoint, as events. Must not decide what counts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from claude_tui.model import Problem, ProblemKind
from claude_tui.records import NamedTuple
from claude_tui.sources.opencode.message import (
    OpenCodeMessage,
    OpenCodeSession,
    counters_of,
    event_of,
    has_tokens,
    is_answer_without_tokens,
    message_of,
    step_tokens,
)
from claude_tui.sources.opencode.stored.columns import as_ms, as_text
from claude_tui.sources.opencode.stored.database import (
    MARGIN_MS,
    Database,
    open_database,
    parsed,
)
from claude_tui.sources.opencode.stored.lost import LostMessage
from claude_tui.sources.opencode.stored.messages import StoredMessage, StoredRow, stored_message
from claude_tui.sources.opencode.talk import OpenCodeTalk
from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile
from claude_tui.sources.records.events import BadCountError, ResponseEvent
from claude_tui.sources.values.json_values import text_of


class ChangedRows(NamedTuple):
    """The rows of a database that changed since a checkpoint, and the next checkpoint. `is_whole`: all are among them;
    `restarted`: although a checkpoint was given. `unknown`: see `Database.unknown_kinds`."""

    database: Database
    rows: list[StoredRow]
    checkpoint: Checkpoint
    restarted: bool
    is_whole: bool
    unknown: list[tuple[int, str, str]]


@contextmanager
def changes(file: LogFile, since: Checkpoint | None) -> Iterator[ChangedRows]:
    """Open a database and find what changed since a checkpoint. Raises OSError if it cannot be read.

    A checkpoint holds the newest time of change and the last row number of each table; it is invalid if the file is
    another one or rows at the end are gone.
    """
    found = os.stat(file.path)
    with open_database(file.path) as database:
        last = {table: database.last_rowid(table) for table in database.tables}
        known: dict[str, int] = json.loads(since.state) if since is not None and since.state else {}
        fits = since is not None and (since.dev, since.ino) == (found.st_dev, found.st_ino)
        if any(last.get(table, 0) < rowid for table, rowid in known.items()):
            fits = False
        newest = since.mark if since is not None and fits else 0
        rows: list[StoredRow] = []
        unknown: list[tuple[int, str, str]] = []
        for table in database.tables:
            # A table that came with an update of the client is read whole.
            is_known = fits and table in known
            after = (newest - MARGIN_MS, known[table]) if is_known else (-1, 0)
            rows += database.rows(table, *after)
            if table == "session_message":
                unknown = database.unknown_kinds(*after)
        mark = max([newest, *map(as_ms, [row[4] for row in rows])])
        checkpoint = Checkpoint(found.st_dev, found.st_ino, file.size, mark=mark, state=json.dumps(last))
        yield ChangedRows(database, rows, checkpoint, since is not None and not fits, not fits, unknown)


def read_database(file: LogFile, since: Checkpoint | None) -> tuple[FileRead, list[ResponseEvent]]:
    """Read the messages of a database that changed since a checkpoint. Raises OSError if it cannot be read."""
    with changes(file, since) as changed:
        reading = MessageReading(file.path, changed)
        reading.run()
        read = FileRead(
            [event.row for event in reading.events],
            changed.checkpoint,
            problems=reading.problems,
            restarted=changed.restarted,
            bytes_read=reading.bytes_read,
            lines=len(changed.rows),
            sessions=reading.talk.facts(),
        )
        return read, reading.events


class MessageReading:
    """Finds the events, problems and facts of some rows. `bytes_read` is how long their messages are, `messages` has
    the ids of those that events are of, "" of one that is gone."""

    def __init__(self, path: str, changed: ChangedRows) -> None:
        self.events: list[ResponseEvent] = []
        self.messages: list[str] = []
        self.problems: list[Problem] = []
        self.talk = OpenCodeTalk()
        self.bytes_read = 0
        self._path = path
        self._changed = changed
        database, rows, is_whole = changed.database, changed.rows, changed.is_whole
        # Events are many: they are looked through where a read is whole, as it is after rows were removed.
        self._lost = list(database.lost()) if is_whole else []
        self._sessions = database.sessions() if rows or self._lost else {}
        of = None if is_whole else [as_text(row[1]) for row in rows if row[6]]
        self._steps = database.steps(of) if rows else {}

    def run(self) -> None:
        """Find them."""
        if not self._changed.database.tables:
            self.problems.append(Problem(ProblemKind.UNKNOWN_SHAPE, self._path, 0, "no table of messages: not counted"))
        for rowid, name, kind in self._changed.unknown:
            detail = f"message {name}: tokens in one of the unknown kind {kind[:40]!r}: not counted"
            self.problems.append(Problem(ProblemKind.UNKNOWN_SHAPE, self._path, rowid, detail))
        self._see_rows(self._changed.rows)
        for gone in self._lost:
            self._see_lost(gone)
        for session, count in self._changed.database.compactions(self.talk.sessions()).items():
            self.talk.count_compactions(session, count)

    def _see_rows(self, rows: Iterable[StoredRow]) -> None:
        for row in rows:
            self._see(stored_message(row))

    def _count(self, event: ResponseEvent) -> None:
        self.events.append(event)

    def _session(self, name: str) -> OpenCodeSession:
        return self._sessions.get(name) or OpenCodeSession(name, name)

    def _see(self, row: StoredMessage) -> None:
        session = self._session(row.session)
        self.bytes_read += len(row.data)
        if not row.data:
            self.talk.see(session, {"role": row.kind}, row.created_ms, None)
            return
        data = parsed(row.data)
        if data is None:
            self._problem(ProblemKind.MALFORMED, row, "not a JSON object")
            return
        event = None
        try:
            message = self._message(row, data, session)
            if message is not None:
                event = event_of(message, session, row.rowid)
        except BadCountError as error:
            self._problem(ProblemKind.BAD_COUNT, row, f"tokens.{error}")
        if event is not None:
            self.messages.append(row.id)
            self._count(event)
        self.talk.see(session, data, row.created_ms, event)

    def _see_lost(self, gone: LostMessage) -> None:
        """Count a message that is gone. It is no part of the conversation any more."""
        session = self._session(gone.session)
        message = message_of(gone.data)
        if message is None:
            return
        message = message._replace(steps=step_tokens(gone.steps), is_new="role" not in gone.data)
        try:
            event = event_of(message, session, gone.rowid)
        except BadCountError as error:
            problem = f"event of message {gone.id}: tokens.{error}"
            self.problems.append(Problem(ProblemKind.BAD_COUNT, self._path, gone.rowid, problem))
            return
        if event is not None:
            self.messages.append("")
            self._count(event)

    def _message(self, row: StoredMessage, data: dict[str, Any], session: OpenCodeSession) -> OpenCodeMessage | None:
        message = message_of(data, row.created_ms)
        if message is None:
            if is_answer_without_tokens(data, row.kind):
                self._problem(ProblemKind.UNKNOWN_SHAPE, row, "an answer without usage")
            return None
        message = message._replace(steps=step_tokens(self._steps.get(row.id, ())))
        if "role" in data:
            return message
        # 2.x: the kind is a column, the folder is the session's, and old compactions do not name their model.
        if not message.model:
            model = parsed(session.model) or {}
            message = message._replace(model=text_of(model, "id"), provider=text_of(model, "providerID"))
        return message._replace(is_new=True, total=_total_of_twin(row, message))

    def _problem(self, kind: ProblemKind, row: StoredMessage, detail: str) -> None:
        self.problems.append(Problem(kind, self._path, row.rowid, f"message {row.id}: {detail}"))


def _total_of_twin(row: StoredMessage, message: OpenCodeMessage) -> int:
    """Return the total in the old copy of a migrated message, if its counters are the same."""
    data = (parsed(row.twin) if row.twin else None) or {}
    twin = message_of(data) if has_tokens(data) else None
    if twin is None or counters_of(twin.tokens) != counters_of(message.tokens):
        return 0
    total = twin.tokens.get("total")
    return total if isinstance(total, int) else 0
