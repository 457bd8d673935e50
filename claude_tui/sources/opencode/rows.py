"""Reads what changed in OpenCode's database since a checkpoint, as events."""

from __future__ import annotations

import json
import os
from typing import Any

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.opencode.database import MARGIN_MS, Database, StoredMessage, open_database, parsed
from claude_tui.sources.opencode.lost import LostMessage
from claude_tui.sources.opencode.message import (
    Message,
    Session,
    counters_of,
    event_of,
    is_answer_without_tokens,
    message_of,
    step_tokens,
)
from claude_tui.sources.opencode.talk import Talk
from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile
from claude_tui.sources.records.events import BadCountError, Event
from claude_tui.sources.values.json_values import text_of


def read_database(file: LogFile, since: Checkpoint | None) -> tuple[FileRead, list[Event]]:
    """Read the messages of a database that changed since a checkpoint.

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
        stored: list[StoredMessage] = []
        for table in database.tables:
            # A table that came with an update of the client is read whole.
            is_known = fits and table in known
            after = (newest - MARGIN_MS, known[table]) if is_known else (-1, 0)
            stored += database.messages(table, *after)
        reading = Reading(file.path, database, stored, whole=not fits)
        if not database.tables:
            reading.problems.append(
                Problem(ProblemKind.UNKNOWN_SHAPE, file.path, 0, "no table of messages: not counted")
            )
        mark = Checkpoint(
            found.st_dev,
            found.st_ino,
            file.size,
            mark=max([newest, *(row.updated_ms for row in stored)]),
            state=json.dumps(last),
        )
        read = FileRead(
            [event.row for event in reading.events],
            mark,
            problems=reading.problems,
            restarted=since is not None and not fits,
            bytes_read=sum(len(row.data) for row in stored),
            lines=len(stored),
            sessions=reading.talk.facts(),
        )
        return read, reading.events


class Reading:
    """Return events, problems and facts of some rows. `messages` are the ids of the messages that the events are of,
    "" of one that is gone."""

    def __init__(self, path: str, database: Database, stored: list[StoredMessage], *, whole: bool) -> None:
        self.events: list[Event] = []
        self.messages: list[str] = []
        self.problems: list[Problem] = []
        self.talk = Talk()
        self._path = path
        # Events are many: they are looked through where a read is whole, as it is after rows were removed.
        lost = list(database.lost()) if whole else []
        self._sessions = database.sessions() if stored or lost else {}
        self._steps = database.steps(None if whole else [row.id for row in stored if row.data]) if stored else {}
        for row in stored:
            self._see(row)
        for gone in lost:
            self._see_lost(gone)
        for session, count in database.compactions(self.talk.sessions()).items():
            self.talk.count_compactions(session, count)

    def _see(self, row: StoredMessage) -> None:
        session = self._sessions.get(row.session) or Session(row.session, row.session)
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
            self.events.append(event)
            self.messages.append(row.id)
        self.talk.see(session, data, row.created_ms, event)

    def _see_lost(self, gone: LostMessage) -> None:
        """Count a message that is gone. It is no part of the conversation any more."""
        session = self._sessions.get(gone.session) or Session(gone.session, gone.session)
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
            self.events.append(event)
            self.messages.append("")

    def _message(self, row: StoredMessage, data: dict[str, Any], session: Session) -> Message | None:
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


def _total_of_twin(row: StoredMessage, message: Message) -> int:
    """Return the total in the old copy of a migrated message, if its counters are the same."""
    twin = message_of(parsed(row.twin) or {}) if row.twin else None
    if twin is None or counters_of(twin.tokens) != counters_of(message.tokens):
        return 0
    total = twin.tokens.get("total")
    return total if isinstance(total, int) else 0
