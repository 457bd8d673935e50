"""What reading files gave: of one, or of many packed into one, cheap to send between processes and to take in.

Packed, the responses of all files lie one after the other in one `Columns`, and each file's numbers of owners and
models begin where those of the file before it end. Must not know what becomes of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from claude_tui.engine.state.sums.cells import CELL_NUMBERS, CellKey, Sums
from claude_tui.sources.columns import Columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, FileFacts, LogFile


class FileOutcome(NamedTuple):
    """What reading one file gave beside its responses. `checkpoint` is None where it could not be read.

    `is_whole` says that all of the file was read. `sessions` are the facts of each session where one file holds many.
    """

    file: LogFile
    facts: FileFacts | None
    problems: Problems
    checkpoint: Checkpoint | None
    is_whole: bool = True
    bytes_read: int = 0
    lines: int = 0
    sessions: tuple[FileFacts, ...] = ()

    @property
    def every_fact(self) -> tuple[FileFacts, ...]:
        """The facts of the file and of each session in it."""
        return self.sessions if self.facts is None else (self.facts, *self.sessions)


class FileColumns(NamedTuple):
    """What reading one file gave. `cells` are the sums of `columns` (see `cells.file_cells`)."""

    outcome: FileOutcome
    columns: Columns
    cells: dict[CellKey, Sums]


class Ends(NamedTuple):
    """Where a file ends: after how many responses, owners, models and numbers of cells."""

    row: int = 0
    owner: int = 0
    model: int = 0
    cell: int = 0


class Packed(NamedTuple):
    """Several files of one client. `ends` has an entry per outcome; `cells` holds the cells of one file after another.

    Numbers of cells are as large as they come, so they are no array.
    """

    outcomes: list[FileOutcome]
    ends: list[Ends]
    columns: Columns
    cells: list[int]

    def spans(self) -> Iterator[tuple[FileOutcome, Ends, Ends]]:
        """Yield each file's outcome, and where it begins and ends."""
        start = Ends()
        for outcome, end in zip(self.outcomes, self.ends, strict=True):
            yield outcome, start, end
            start = end

    def columns_of(self, start: Ends, end: Ends) -> Columns:
        """Return the responses of one file, with its own numbers of owners and models."""
        columns = self.columns.cut(start.row, end.row)
        columns.renumber(-start.owner, -start.model)
        columns.owners = self.columns.owners[start.owner : end.owner]
        columns.models = self.columns.models[start.model : end.model]
        return columns

    def cells_of(self, start: Ends, end: Ends) -> Iterator[tuple[CellKey, Sums]]:
        """Yield one file's cells; owners and models are numbers of `columns`."""
        for at in range(start.cell, end.cell, CELL_NUMBERS):
            yield CellKey(*self.cells[at : at + 3]), self.cells[at + 3 : at + CELL_NUMBERS]


def pack(files: Sequence[FileColumns]) -> Packed:
    """Pack files of one client, at least one."""
    columns = Columns(files[0].columns.source)
    ends: list[Ends] = []
    cells: list[int] = []
    for _, more, sums in files:
        owner, model = len(columns.owners), len(columns.models)
        for key, numbers in sums.items():
            cells += (key.day, key.owner + owner, key.model + model)
            cells += numbers
        more.renumber(owner, model)
        columns.extend(more)
        columns.owners += more.owners
        columns.models += more.models
        ends.append(Ends(len(columns), len(columns.owners), len(columns.models), len(cells)))
    return Packed([file.outcome for file in files], ends, columns, cells)
