"""Settles everything that was pushed, and writes it as tables that people's own tools read.

A store settles it, as on one machine: a response that several machines saw counts once, whatever order they pushed in.
Part by part, each in a store of its own; what is made waits on the local disk until all parts are settled.
`daily/day=.../` has the sums by day, session, model and machine, which is all that reports need; `responses/part=.../`
has the single responses. An object is written only if its content differs, so merging twice writes nothing. If a push
is damaged, what was published of its sessions stays, in a part of its own behind the others. Must not know how a
machine pushes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from datetime import date
from zoneinfo import ZoneInfo

from claude_tui.engine.state.rows.table import PAIRED
from claude_tui.engine.state.store import Store
from claude_tui.fleet.lake import Lake, LakeError
from claude_tui.fleet.parquet import parquet
from claude_tui.fleet.pushed.observed import Observed
from claude_tui.fleet.pushed.packing import BadTableError, unpacked
from claude_tui.fleet.pushed.parts import PushPiece, divided
from claude_tui.fleet.table.machines import Machine, Machines
from claude_tui.fleet.table.made import Made
from claude_tui.fleet.table.published import held_of
from claude_tui.fleet.table.settled import sums_of, tables_of
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple


class Merged(NamedTuple):
    """What was merged: objects read and passed over, files, responses, and objects that were written.

    `problems` says why objects, files or responses were left out. `days` are those of the table. `held` responses of
    `held_sessions` sessions stay as they were published, because less of them could be settled with these problems.
    """

    objects: int
    files: int
    responses: int
    written: int
    problems: list[str]
    days: tuple[date, ...] = ()
    held: int = 0
    held_sessions: int = 0


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
    elsewhere = array("q")
    files = 0
    with Made.open() as made, divided(lake, parts, problems.append, at_work) as pieces_of:
        for part in range(parts):
            store, machines, seen = settled(pieces_of(part), pricer, zone, problems.append)
            at_work()
            try:
                made.add(part, tables_of(store, machines))
            except ArithmeticError as error:
                raise LakeError(f"part {part} does not add up, and nothing is written: {error}") from None
            objects |= seen
            files += len(machines.of_path)
            elsewhere.extend(
                key for key, flags in zip(store.table.key, store.table.flags, strict=True) if flags & PAIRED
            )
        held = held_of(lake, made.responses(), elsewhere) if problems else None
        if held is not None:
            made.hold(parts, held)
        written = 0
        for name, data in made.objects():
            at_work()
            written += _put(lake, name, data)
        written += _write_days(lake, made, at_work)
    written += _remove_others(lake, "responses", made.names)
    known = Merged(len(objects), files, made.totals["responses"], written, problems, made.known_days())
    if held is None:
        return known
    return known._replace(held=sums_of(held.responses)["responses"], held_sessions=len(held.sessions))


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


def _write_days(lake: Lake, made: Made, at_work: Callable[[], object]) -> int:
    """Write the sums of every day whose sums are not there already. Returns how many objects were written."""
    written = 0
    names = []
    totals = dict(made.totals)
    for day, table in made.days():
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
