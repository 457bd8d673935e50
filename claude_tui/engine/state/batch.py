"""The results of reading files: one, or many packed into one, cheap to send between processes and to take in.

Packed, the responses of all files lie one after the other in one `Columns`, with the same numbers of owners and
models. Must not know what becomes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from sys import intern
from typing import Any, Final, TypeVar

from claude_tui.engine.state.rows.interner import Numbers
from claude_tui.engine.state.sums.cells import CellKey, Sums
from claude_tui.records import NamedTuple
from claude_tui.sources.checkpoints import Reached, checkpoint_of, encoded
from claude_tui.sources.columns import Columns, Repeated
from claude_tui.sources.columns import RowOwner as Owner
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, FileFacts, LogFile
from claude_tui.sources.record_columns import RecordColumns

R = TypeVar("R", bound=tuple[Any, ...])


ALIKE: Final = ("cwd", "branch", "version", "agent_type", "context_model", "last_kind")
"""Facts that many files have alike."""


class FileOutcome(NamedTuple):
    """What reading one file gave beside its responses. `reached` is how far, None if it could not be read.

    `is_whole`: all of the file was read. `sessions` are the facts of each session if one file holds many.
    """

    file: LogFile
    facts: FileFacts | None
    problems: Problems
    reached: Reached | None
    is_whole: bool = True
    bytes_read: int = 0
    lines: int = 0
    sessions: tuple[FileFacts, ...] = ()

    @property
    def checkpoint(self) -> Checkpoint | None:
        """How far the file was read, None if it could not be."""
        return checkpoint_of(self.reached) if self.reached is not None else None

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
    """Where a file ends: after how many responses and cells."""

    row: int = 0
    cell: int = 0


class Packed(NamedTuple):
    """Several files of one client. `ends` has an entry per outcome; `cells` holds the cells of one file after another:
    day, owner, model and the sums, in one list each. Of responses that are `repeated` they hold nothing; None if nobody
    has looked for such, and they hold all."""

    outcomes: Sequence[FileOutcome]
    ends: Sequence[Ends]
    columns: Columns
    cells: list[list[int]]
    repeated: Repeated | None = None

    def __reduce__(self) -> tuple[Callable[..., Packed], tuple[object, ...]]:
        """Say how to make the same again: of each record one after the other that would take four times as long."""
        outcomes, ends = RecordColumns.of(FileOutcome, self.outcomes), RecordColumns.of(Ends, self.ends)
        _, facts, problems, reached, *_, sessions = outcomes.columns
        told = enumerate(zip(facts, problems, reached, sessions, strict=True))
        odd = [place for place, (its, doubts, at, every) in told if its is None or doubts.counts or at is None or every]
        plain = outcomes.without(odd) if odd else outcomes
        files, facts, _, reached, *others, _ = plain.columns
        # Checkpoints are sent as the cache keeps them: one process would take longer to encode those of all others.
        parts = fields_of(files), fields_of(facts), b"\n".join(map(encoded, reached)), others
        kept = {place: outcomes[place] for place in odd}
        return _unpacked, (kept, *parts, ends.columns, self.columns, self.cells, self.repeated)

    def spans(self) -> Iterator[tuple[FileOutcome, Ends, Ends]]:
        """Yield each file's outcome, and where it begins and ends."""
        start = Ends()
        for outcome, end in zip(self.outcomes, self.ends, strict=True):
            yield outcome, start, end
            start = end

    def columns_of(self, start: Ends, end: Ends) -> Columns:
        """Return the responses of one file, with its own numbers of owners and models."""
        columns = self.columns.cut(start.row, end.row)
        columns.keep_own_names()
        return columns


def fields_of(records: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return records of one kind as one tuple for each of their fields: many times as cheap to pickle."""
    return list(zip(*records, strict=True))


def records_of(kind: type[R], fields: Iterable[Iterable[object]]) -> list[R]:
    """Return the records that `fields_of` was given."""
    return list(map(partial(tuple.__new__, kind), zip(*fields, strict=True)))


def shared(facts: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Return the fields of facts: of texts that many files have alike there is one of each."""
    alike = map(FileFacts._fields.index, ALIKE)
    made = list(facts)
    for at in alike if made else ():
        made[at] = list(map(intern, made[at]))
    return made


def _unpacked(
    odd: dict[int, FileOutcome],
    files: list[tuple[object, ...]],
    facts: list[tuple[object, ...]],
    reached: bytes,
    others: list[list[object]],
    ends: Sequence[Sequence[int]],
    *rest: Any,
) -> Packed:
    """Return what says so of itself: of nearly all files, and of those that are `odd`."""
    told: list[FileFacts] = records_of(FileFacts, shared(facts))
    problems, sessions = [Problems()] * len(told), [()] * len(told)
    columns: list[list[Any]] = [
        records_of(LogFile, files), told, problems, reached.split(b"\n") if told else [], *others, sessions,
    ]  # fmt: skip
    for place, one in odd.items():
        for column, value in zip(columns, one, strict=True):
            column.insert(place, value)
    return Packed(RecordColumns(FileOutcome, columns), RecordColumns(Ends, ends), *rest)


def pack(files: Sequence[FileColumns]) -> Packed:
    """Pack files of one client, at least one."""
    columns = Columns(files[0].columns.source)
    ends: list[Ends] = []
    cells: list[list[int]] = []
    known_owners, known_models = Numbers[Owner](), Numbers[str]()
    columns.owners, columns.models = known_owners.names, known_models.names
    for _, more, sums in files:
        owners, models = list(map(known_owners.of, more.owners)), list(map(known_models.of, more.models))
        for (day, owner, model), numbers in sums.items():
            cells.append([day, owners[owner], models[model], *numbers])
        more.renumber(owners, models)
        columns.extend(more)
        ends.append(Ends(len(columns), len(cells)))
    return Packed([file.outcome for file in files], ends, columns, cells)
