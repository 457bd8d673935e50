"""What is found where a log is read again to explain a number: every row with usage, its place, and what became of it.

Must not know any client's format, nor how a log is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from claude_tui.model import UsageRow
from claude_tui.records import NamedTuple

PROGRESS: Final = "progress"
SIDE_QUESTION: Final = "side_question"
COPY: Final = "copy"
RESTATED: Final = "restated"
INHERITED: Final = "inherited"
MIGRATED: Final = "migrated"

NEVER_COUNTED: Final = frozenset({RESTATED, INHERITED, MIGRATED})
"""Kinds of rows that the client's reader passes over."""

REASONED: Final = NEVER_COUNTED | {PROGRESS, SIDE_QUESTION}
"""Kinds of rows that say by themselves why they do not count, if they do not."""


class AuditedRow(NamedTuple):
    """A row with usage. `line` counts from 1, 0 in a database, whose `table` and `record` (its id) say the place then.

    `kind` is one of `REASONED`, COPY (marked in the row itself) or "". Of a row that is no response of its own, the key
    is that of the response it repeats.
    """

    row: UsageRow
    line: int
    kind: str = ""
    table: str = ""
    record: str = ""


@dataclass(slots=True)
class FileAudit:
    """The content of a log. `passed_over` are rows with usage that are not responses: made up by the client, errors,
    or repeating what other rows tell."""

    lines: int = 0
    bytes_read: int = 0
    rows: list[AuditedRow] = field(default_factory=list)
    passed_over: int = 0
