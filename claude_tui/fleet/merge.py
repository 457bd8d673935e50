"""Settles everything that was pushed, and writes it as tables that people's own tools read.

A store settles it, as on one machine: a response that several machines saw counts once, whatever order they pushed in.
`daily/day=.../` has the sums by day, session, model and machine, which is all that reports need; `responses/` has the
single responses. An object is written only if its content differs, so merging twice writes nothing. One process, one
store: 10 million responses take some 2 GB.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from claude_tui.engine.queries.responses import lines_of, unlogged_lines
from claude_tui.engine.state.rows.table import PAIRED
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.sums.cells import add_usage
from claude_tui.fleet.lake import Lake
from claude_tui.fleet.observed import BadTableError, Observed, observations_of, unpacked
from claude_tui.model import FIRST, LAST, Query, Response, Totals
from claude_tui.pricing import Pricer

PART_ROWS: Final = 1 << 20
"""Rows of one object of single responses."""

NAMES: Final = ("source", "user", "team", "host", "project", "session", "agent", "model")
"""What the rows of `daily` are by, beside their day."""

_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
DAILY: Final = pa.schema(
    [("day", pa.date32())] + [(name, _TEXT) for name in NAMES] + [(name, pa.int64()) for name in Totals._fields]
)
RESPONSES: Final = pa.schema(
    [("key", pa.int64()), ("time", pa.timestamp("ms", tz="UTC")), ("day", pa.date32())]
    + [(name, _TEXT) for name in NAMES]
    + [
        (name, pa.int64())
        for name in ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "web_search", "cost_nano")
    ]
    + [("status", _TEXT), ("flags", pa.list_(pa.string())), ("output_lower_bound", pa.bool_()), ("extra", _TEXT)]
)

Group = tuple[int, str, str, str, str, str, str, str, str]
"""Day as an ordinal, then NAMES."""


class Machine(NamedTuple):
    """Who pushed a file, and from which machine it is."""

    user: str = ""
    team: str = ""
    host: str = ""


class Merged(NamedTuple):
    """What was merged: objects read and passed over, files, responses, and objects that were written.

    `problems` says why objects, files or responses were left out.
    """

    objects: int
    files: int
    responses: int
    written: int
    problems: list[str]


def settled(lake: Lake, pricer: Pricer, zone: ZoneInfo, on_problem: Callable[[str], object]) -> tuple[Store, Machines]:
    """Return a store with everything that was pushed, and the machine of each file. Raises LakeError."""
    store, machines = Store(pricer, zone, keep_names=False), Machines()
    for name in lake.names("files"):
        for observed in _observed(lake, name, on_problem):
            machine = Machine(observed.user, observed.team, observed.key.host)
            path = machines.named(machine, observed.key.path)
            machines.objects.add(name)
            store.remember(path, observed.columns, observed.facts)
    store.settle()
    return store, machines


class Machines:
    """The machine of each file, by what the store calls the file."""

    def __init__(self) -> None:
        self.of_path: dict[str, Machine] = {}
        self.objects: set[str] = set()
        self._of_session: dict[tuple[str, str], Machine] = {}

    def named(self, machine: Machine, path: str) -> str:
        """Return what a store is to call a file of a machine."""
        name = f"{machine.host}:{path}"
        self.of_path[name] = min(machine, self.of_path.get(name, machine))
        return name

    def of(self, line: Response) -> Machine:
        """Return the machine of a response; of what no log shows, that of its session."""
        session = line.source, line.session
        if line.path:
            machine = self.of_path.get(line.path, Machine())
            self._of_session.setdefault(session, machine)
            return machine
        return self._of_session.get(session, Machine())


def merge(lake: Lake, pricer: Pricer, zone: ZoneInfo) -> Merged:
    """Settle and write. Raises LakeError."""
    problems: list[str] = []
    store, machines = settled(lake, pricer, zone, problems.append)
    groups: dict[Group, list[int]] = {}
    parts = _Parts(lake)
    for line in _lines(store):
        machine = machines.of(line)
        day = store.calendar.day(line.time_ms)
        names = (line.source, *machine, line.project, line.session, line.agent, line.model)
        _add(groups.setdefault((day.toordinal(), *names), [0] * len(Totals._fields)), line)
        parts.add(line, day, names)
    written = parts.finish() + _write_days(lake, groups)
    return Merged(len(machines.objects), len(machines.of_path), len(store.table), written, problems)


def _observed(lake: Lake, name: str, on_problem: Callable[[str], object]) -> list[Observed]:
    bad: list[str] = []
    try:
        files = lake.read(name)
        found = unpacked(files, lake.read(observations_of(files)), bad.append)
    except FileNotFoundError:
        on_problem(f"{name}: its responses are not there")
        return []
    except BadTableError as error:
        on_problem(f"{name}: {error}")
        return []
    if bad:
        on_problem(f"{name}: {len(bad):,} left out, the first: {bad[0]}")
    return found


def _lines(store: Store) -> Iterator[Response]:
    """Yield single responses in order of time and key, then what no log shows. Their keys are numbers."""
    table = store.table
    for row in sorted(range(len(table)), key=lambda row: (table.time[row], table.key[row])):
        if not table.flags[row] & PAIRED:  # an event counts where it is logged
            yield from lines_of(store, row)
    yield from sorted(unlogged_lines(store, Query()), key=lambda line: (line.time_ms, line.key))


def _add(sums: list[int], line: Response) -> None:
    """Add a response to sums in the order of `Totals`."""
    is_first = not any(sums)
    add_usage(sums, line.usage, line.price, 1, 0 if line.extra else 1, int(line.is_lower_bound))
    sums[FIRST] = line.time_ms if is_first else min(sums[FIRST], line.time_ms)
    sums[LAST] = max(sums[LAST], line.time_ms)


def _write_days(lake: Lake, groups: dict[Group, list[int]]) -> int:
    """Write the sums of every day whose sums are not there already. Returns how many objects were written."""
    days: dict[int, list[Group]] = {}
    for group in sorted(groups):
        days.setdefault(group[0], []).append(group)
    written = 0
    for ordinal, found in days.items():
        day = date.fromordinal(ordinal)
        columns: dict[str, list[Any]] = {"day": [day] * len(found)}
        for at, name in enumerate(NAMES, 1):
            columns[name] = [group[at] for group in found]
        for at, name in enumerate(Totals._fields):
            columns[name] = [groups[group][at] for group in found]
        written += _put(lake, f"daily/day={day}/sums.parquet", pa.table(columns, schema=DAILY))
    known = {f"daily/day={date.fromordinal(ordinal)}/sums.parquet" for ordinal in days}
    for name in lake.names("daily"):
        if name not in known:  # what was there moved to another day
            lake.remove(name)
            written += 1
    return written


class _Parts:
    """Writes single responses in parts, as they come."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._rows: list[tuple[Any, ...]] = []
        self._names: list[str] = []
        self._written = 0

    def add(self, line: Response, day: date, names: tuple[str, ...]) -> None:
        price = line.price
        self._rows.append((
            int(line.key.split("/")[0]) if line.path else None, line.time_ms, day, *names, *line.usage, price.nano,
            price.status.value, price.flags, line.is_lower_bound, line.extra,
        ))  # fmt: skip
        if len(self._rows) >= PART_ROWS:
            self._flush()

    def finish(self) -> int:
        if self._rows:
            self._flush()
        for name in self._lake.names("responses"):
            if name not in self._names:
                self._lake.remove(name)
                self._written += 1
        return self._written

    def _flush(self) -> None:
        name = f"responses/part={len(self._names):04d}/responses.parquet"
        self._names.append(name)
        columns = dict(zip(RESPONSES.names, zip(*self._rows, strict=True), strict=True))
        self._written += _put(self._lake, name, pa.table(columns, schema=RESPONSES))
        self._rows = []


def _put(lake: Lake, name: str, table: Any) -> bool:
    """Write a table unless it is there already, byte for byte."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue()
    try:
        if lake.read(name) == data:
            return False
    except FileNotFoundError:
        pass
    lake.write(name, data)
    return True
