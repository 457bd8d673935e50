"""A log that is a growing file of JSON lines, read record by record into rows. Must not know any client's format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from claude_tui.model import ProblemKind, UsageRow
from claude_tui.sources.protocol import Checkpoint, FileFacts, FileRead, LogFile
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.recognition import Recognised, judge_log, resumed
from claude_tui.sources.records.conversation import UnknownShapeError
from claude_tui.sources.records.events import BadCountError


class FollowedLog(Recognised, Protocol):
    """One log of a client as its records come: see `conversation.Conversation`, which is most of it."""

    def resume(self, state: str) -> None:
        """Go on where `state()` was taken."""

    def state(self) -> str:
        """Return what must be known to follow the next records."""
        ...

    def rows(self, record: Mapping[str, Any], offset: int) -> Iterable[UsageRow]:
        """Yield what a record counts.

        Raises BadCountError for a counter that is none and UnknownShapeError for a record that should count and
        cannot be understood; what was yielded before counts.
        """
        ...

    def facts(self) -> FileFacts:
        """Return what the log says beside usage."""
        ...


def read_log(file: LogFile, since: Checkpoint | None, log: FollowedLog) -> FileRead:
    """Read a log whole or from a checkpoint. Raises OSError if it cannot be opened.

    A log none of whose records is of a known kind is a problem in itself.
    """
    rows: list[UsageRow] = []
    records = 0
    with LineReader(file.path, since) as reader:
        had_records = resumed(reader, since, log.resume)
        for offset, line in reader:
            for record in reader.objects(offset, line, is_slim=True):
                records += 1
                rows += rows_of(reader, offset, record, log)
        judge_log(reader, log, has_records=bool(records) or had_records)
        return FileRead(
            rows,
            reader.checkpoint(state=log.state()),
            log.facts(),
            reader.problems,
            reader.restarted,
            reader.bytes_read,
            reader.lines,
        )


def rows_of(reader: LineReader, offset: int, record: Mapping[str, Any], log: FollowedLog) -> list[UsageRow]:
    """Return what a record counts; what is odd about it becomes a problem of the log."""
    rows: list[UsageRow] = []
    try:
        for row in log.rows(record, offset):
            rows.append(row)
    except BadCountError as error:
        reader.problem(ProblemKind.BAD_COUNT, offset, f"{error} is no count")
    except UnknownShapeError as error:
        reader.problem(ProblemKind.UNKNOWN_SHAPE, offset, str(error))
    return rows
