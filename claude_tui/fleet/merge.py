"""Settles everything that was pushed, and writes it as tables that people's own tools read.

A store settles it, as on one machine: a response that several machines saw counts once, whatever order they pushed in.
Part by part, each in a store of its own; what is made waits on the local disk until all parts are settled.
`daily/day=.../` has the sums by day, session, model and machine, which is all that reports need; `responses/part=.../`
has the single responses. An object is written only if its content differs, so merging twice writes nothing. Must not
know how a machine pushes.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from claude_tui.engine.state.rows.table import PAIRED
from claude_tui.engine.state.store import Store
from claude_tui.fleet.lake import Lake, LakeError
from claude_tui.fleet.parquet import parquet
from claude_tui.fleet.pushed.observed import Observed
from claude_tui.fleet.pushed.packing import BadTableError, unpacked
from claude_tui.fleet.pushed.parts import PushPiece, divided
from claude_tui.fleet.table.daily import DAILY
from claude_tui.fleet.table.machines import NAMES, Machine, Machines
from claude_tui.fleet.table.published import lost_of
from claude_tui.fleet.table.settled import as_written, sums_of, tables_of
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple

OBJECT_ROWS: Final = 1 << 20
"""Most rows of one object of single responses."""


class Merged(NamedTuple):
    """What was merged: objects read and passed over, files, responses, and objects that were written.

    `problems` says why objects, files or responses were left out. `days` are those of the table. `lost` are published
    responses that could not be settled again because of the problems: if there are any, nothing was written.
    """

    objects: int
    files: int
    responses: int
    written: int
    problems: list[str]
    days: tuple[date, ...] = ()
    lost: int = 0


class Settled(NamedTuple):
    """One part, settled: its store, the machines of its files, and the pushes it came from."""

    store: Store
    machines: Machines
    objects: set[str]


def settled(
    pieces: Iterable[PushPiece], pricer: Pricer, zone: ZoneInfo, on_problem: Callable[[str], object]
) -> Settled:
    """Return a store with everything that is in some pieces. Raises LakeError."""
    found = Settled(Store(pricer, zone, keep_names=False), Machines(), set())
    for piece in pieces:
        for observed in observed_in(piece, on_problem):
            path = found.machines.named(Machine(observed.user, observed.team, observed.key.host), observed.key.path)
            found.objects.add(piece.name)
            found.store.remember(path, observed.columns, observed.facts)
    found.store.settle()
    return found


def merge(
    lake: Lake, pricer: Pricer, zone: ZoneInfo, parts: int = 1, at_work: Callable[[], object] = lambda: None
) -> Merged:
    """Settle part by part, and write. `at_work` is called again and again meanwhile. Raises LakeError, also if single
    responses and days do not add up."""
    problems: list[str] = []
    objects: set[str] = set()
    made: dict[str, Path] = {}
    elsewhere = array("q")
    files = responses = 0
    totals: dict[str, int] = {}
    with _Days.open() as days, _folder() as folder, divided(lake, parts, problems.append, at_work) as pieces_of:
        for part in range(parts):
            store, machines, seen = settled(pieces_of(part), pricer, zone, problems.append)
            at_work()
            try:
                found = tables_of(store, machines)
            except ArithmeticError as error:
                raise LakeError(f"part {part} does not add up, and nothing is written: {error}") from None
            days.add(found.daily)
            objects |= seen
            files += len(machines.of_path)
            paired = [key for key, flags in zip(store.table.key, store.table.flags, strict=True) if flags & PAIRED]
            responses += len(store.table.key) - len(paired)
            elsewhere.extend(paired)
            for name, value in sums_of(found.responses).items():
                totals[name] = totals.get(name, 0) + value
            for number, start in enumerate(range(0, len(found.responses), OBJECT_ROWS)):
                path = made[response_name(part, number)] = folder / f"{len(made)}"
                path.write_bytes(parquet(as_written(found.responses.slice(start, OBJECT_ROWS))))
        lost = lost_of(lake, (path.read_bytes() for path in made.values()), elsewhere) if problems else 0
        if lost:
            return Merged(len(objects), files, responses, 0, problems, lost=lost)
        written = 0
        for name, path in made.items():
            at_work()
            written += _put(lake, name, path.read_bytes())
        written += _write_days(lake, days, totals, at_work)
    written += _remove_others(lake, "responses", made)
    return Merged(len(objects), files, responses, written, problems, days.known())


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="claude-top-") as folder:
        yield Path(folder)


def response_name(part: int, number: int) -> str:
    """Return what an object of single responses is called."""
    return f"responses/part={part:04d}/responses{f'-{number}' if number else ''}.parquet"


def observed_in(piece: PushPiece, on_problem: Callable[[str], object]) -> list[Observed]:
    """Return the files of a push. What is not as claude-top writes it is told and left out."""
    bad: list[str] = []
    try:
        found = unpacked(piece.pushed.files, piece.pushed.responses, bad.append)
    except BadTableError as error:
        on_problem(f"{piece.name}: {error}")
        return []
    if bad:
        on_problem(f"{piece.name}: {len(bad):,} left out, the first: {bad[0]}")
    return found


class _Days:
    """The sums of all parts, day by day, in a folder until all are there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[date, list[tuple[Path, int]]] = {}

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[_Days]:
        with _folder() as folder:
            yield cls(folder)

    def add(self, daily: Any) -> None:
        """Take in the sums of one part, which are in order of their days."""
        path = self._folder / f"{len(list(self._folder.iterdir()))}"
        found = daily.column("day").combine_chunks()
        runs = pc.run_end_encode(found)
        start = 0
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, daily.schema) as writer:
            for number, (day, end) in enumerate(zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True)):
                writer.write_batch(daily.slice(start, end - start).combine_chunks().to_batches()[0])
                self._places.setdefault(day, []).append((path, number))
                start = end

    def known(self) -> tuple[date, ...]:
        """Return the days, in order."""
        return tuple(sorted(self._places))

    def tables(self) -> Iterator[tuple[date, Any]]:
        """Yield the sums of each day, in order of their names."""
        for day in self.known():
            batches = []
            for path, number in self._places[day]:
                with pa.OSFile(str(path), "rb") as source:
                    batches.append(pa.ipc.open_file(source).get_batch(number))
            table = pa.Table.from_batches(batches)
            if len(batches) > 1:
                table = table.sort_by([(name, "ascending") for name in NAMES])
            yield day, table.combine_chunks().cast(DAILY)


def _write_days(lake: Lake, days: _Days, totals: dict[str, int], at_work: Callable[[], object]) -> int:
    """Write the sums of every day whose sums are not there already. Returns how many objects were written."""
    written = 0
    names = []
    for day, table in days.tables():
        at_work()
        for name, value in sums_of(table).items():
            totals[name] = totals.get(name, 0) - value
        names.append(f"daily/day={day}/sums.parquet")
        written += _put(lake, names[-1], parquet(table))
    if any(totals.values()):
        raise LakeError(f"the days do not add up to the single responses: {totals}; merge again")
    return written + _remove_others(lake, "daily", names)


def _remove_others(lake: Lake, folder: str, known: Iterable[str]) -> int:
    """Remove what an earlier merge wrote and this one did not: what was there moved to another day or part."""
    others = sorted(set(lake.names(folder)) - set(known))
    for name in others:
        lake.remove(name)
    return len(others)


def _put(lake: Lake, name: str, data: bytes) -> bool:
    """Write an object unless it is there already, byte for byte."""
    try:
        if lake.read(name) == data:
            return False
    except FileNotFoundError:
        pass
    lake.write(name, data)
    return True
