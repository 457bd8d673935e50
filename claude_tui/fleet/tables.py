"""The tables that other programs read, made of a settled store: single responses, and their sums by day.

The responses are priced one by one, and the sums are those the store keeps; that both agree is checked. Must not know
where a table lies, nor how it is divided.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from claude_tui.engine.queries.responses import lines_of, unlogged_lines
from claude_tui.engine.state.rows.table import PAIRED
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.sums.cells import add_usage
from claude_tui.model import FIRST, LAST, Price, Query, Response, Totals, Usage
from claude_tui.sources.columns import LOWER_BOUND

NAMES: Final = ("source", "user", "team", "host", "project", "session", "agent", "model")
"""What the rows of `daily` are by, beside their day."""
COUNTERS: Final = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "web_search")
SUMMED: Final = (*COUNTERS, "cost_nano")
"""What the single responses and the days must agree in, beside their number."""

_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
DAILY: Final = pa.schema(
    [("day", pa.date32())] + [(name, _TEXT) for name in NAMES] + [(name, pa.int64()) for name in Totals._fields]
)
RESPONSES: Final = pa.schema(
    [("key", pa.int64()), ("time", pa.timestamp("ms", tz="UTC")), ("day", pa.date32())]
    + [(name, _TEXT) for name in NAMES]
    + [(name, pa.int64()) for name in (*COUNTERS, "cost_nano")]
    + [("status", _TEXT), ("flags", pa.list_(pa.string())), ("output_lower_bound", pa.bool_()), ("extra", _TEXT)]
)
_PLAIN_DAILY: Final = pa.schema(
    [pa.field(field.name, pa.string() if field.type == _TEXT else field.type) for field in DAILY]
)
_PLAIN_RESPONSES: Final = pa.schema(
    [pa.field(field.name, pa.string() if field.type == _TEXT else field.type) for field in RESPONSES]
)
_EPOCH: Final = date(1970, 1, 1).toordinal()

Session = tuple[str, str]
Group = tuple[Any, ...]
"""Day as an ordinal, then NAMES."""


class Machine(NamedTuple):
    """Who pushed a file, and from which machine it is."""

    user: str = ""
    team: str = ""
    host: str = ""


class Tables(NamedTuple):
    """What a settled store says: single responses in order of time, and sums by day in order of their names, as plain
    strings."""

    responses: Any
    daily: Any


class Machines:
    """The machine of each file, by what the store calls the file; and of what is in a settled store, by them."""

    def __init__(self) -> None:
        self.of_path: dict[str, Machine] = {}

    def named(self, machine: Machine, path: str) -> str:
        """Return what a store is to call a file of a machine."""
        name = f"{machine.host}:{path}"
        self.of_path[name] = min(machine, self.of_path.get(name, machine))
        return name

    def of_rows(self, store: Store) -> list[Machine]:
        """Return the machine of every response: of the file whose row owns it."""
        of_file = [self.of_path.get(ref.path, Machine()) for ref in store.table.files]
        found = list(map(of_file.__getitem__, store.table.file))
        for row, file in store.table.owner_file.items():
            found[row] = of_file[file]
        return found


def tables_of(store: Store, machines: Machines) -> Tables:
    """Return both tables of a store that has been settled. Raises ArithmeticError if they do not add up."""
    of_row = machines.of_rows(store)
    of_session = _by_session(store, of_row)
    responses = _responses(store, of_row, {session: first for session, (first, _) in of_session.items()})
    daily = _daily(store, of_row, of_session)
    sums = sums_of(responses), sums_of(daily)
    if sums[0] != sums[1]:
        raise ArithmeticError(f"single responses say {sums[0]}, the days {sums[1]}")
    return Tables(responses, daily)


def sums_of(table: Any) -> dict[str, int]:
    """Return the sums of either table: the number of responses, and SUMMED."""
    if "responses" in table.column_names:
        count = pc.sum(table.column("responses")).as_py() or 0
    else:
        count = pc.sum(pc.equal(pc.cast(table.column("extra"), pa.string()), "")).as_py() or 0
    return {"responses": count, **{name: pc.sum(table.column(name)).as_py() or 0 for name in SUMMED}}


def as_written(responses: Any) -> Any:
    """Return single responses with their names numbered as they come: in whatever order they were found, the same."""
    return responses.cast(_PLAIN_RESPONSES).combine_chunks().cast(RESPONSES)


def parquet(table: Any) -> bytes:
    """Return a table as Parquet. The same rows give the same bytes."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


# -- single responses -----------------------------------------------------------------------------------------


def row_of(store: Store, line: Response, machine: Machine) -> dict[str, Any]:
    """Return a response as a row."""
    price = line.price
    return {
        "key": int(line.key.split("/")[0]) if line.path else None, "time": line.time_ms,
        "day": store.calendar.day(line.time_ms), "source": line.source, **machine._asdict(),
        "project": store.projects.of(line.project), "session": line.session, "agent": line.agent, "model": line.model,
        **dict(zip(COUNTERS, line.usage, strict=True)), "cost_nano": price.nano, "status": price.status.value,
        "flags": list(price.flags), "output_lower_bound": line.is_lower_bound, "extra": line.extra,
    }  # fmt: skip


def _responses(store: Store, of_row: Sequence[Machine], of_session: dict[Session, Machine]) -> Any:
    main = _main_rows(store, of_row)
    extras = [
        row_of(store, line, of_row[row])
        for row in sorted(store.table.extras)
        for line in lines_of(store, row)
        if line.extra
    ]
    # In order of time and key, a response before its extras.
    table = pa.concat_tables([main, pa.Table.from_pylist(extras, schema=RESPONSES)], promote_options="permissive")
    numbered = table.append_column("at", pa.array(range(len(table)), pa.int64()))
    order = pc.sort_indices(numbered, [("time", "ascending"), ("key", "ascending"), ("at", "ascending")])
    unlogged = [
        row_of(store, line, of_session.get((line.source, line.session), Machine()))
        for line in sorted(unlogged_lines(store, Query()), key=lambda line: (line.time_ms, line.key))
    ]
    return pa.concat_tables([table.take(order), pa.Table.from_pylist(unlogged, schema=RESPONSES)]).unify_dictionaries()


def _main_rows(store: Store, of_row: Sequence[Machine]) -> Any:
    table = store.table
    count = len(table)
    prices = _prices(store)
    numbers: dict[Machine, int] = {}
    machine = array("i", [numbers.setdefault(one, len(numbers)) for one in of_row])
    flags: dict[tuple[str, ...], int] = {}
    flagged = array("i", [flags.setdefault(price.flags, len(flags)) for price in prices])
    day_hour = store.calendar.day_hour
    web_search = array("q", bytes(8 * count))
    for row, searches in table.web_search.items():
        web_search[row] = searches
    owners, models = store.owners, store.models
    columns = {
        "key": _ints(table.key), "time": _ints(table.time).cast(pa.timestamp("ms", tz="UTC")),
        "day": _ints(array("i", [day_hour(time_ms)[0] - _EPOCH for time_ms in table.time])).cast(pa.date32()),
        "source": _texts([one.source for one in owners], table.owner),
        **{name: _texts([getattr(one, name) for one in numbers], machine) for name in Machine._fields},
        "project": _texts([store.project_of(one) for one in owners], table.owner),
        "session": _texts([one.session for one in owners], table.owner),
        "agent": _texts([one.agent for one in owners], table.owner),
        "model": _texts(models, table.model),
        "input": _ints(table.input), "output": _ints(table.output), "cache_write_5m": _ints(table.write_5m),
        "cache_write_1h": _ints(table.write_1h), "cache_read": _ints(table.cache_read),
        "web_search": _ints(web_search), "cost_nano": pa.array([price.nano for price in prices], pa.int64()),
        "status": pa.array([price.status.value for price in prices], pa.string()).dictionary_encode(),
        "flags": pa.array(list(map(list, flags)), pa.list_(pa.string())).take(_ints(flagged)),
        "output_lower_bound": pa.array([bool(one & LOWER_BOUND) for one in table.flags], pa.bool_()),
        "extra": pa.array([""] * count, pa.string()).dictionary_encode(),
    }  # fmt: skip
    made = pa.table(columns, schema=RESPONSES)
    if store.told is None:
        return made
    return made.filter(pa.array([not one & PAIRED for one in table.flags], pa.bool_()))  # counted where they are logged


def _prices(store: Store) -> list[Price]:
    if store.told is not None:
        return [store.price(row) for row in range(len(store.table))]
    table, price, models = store.table, store.pricer.price, store.models
    sources = [ref.source for ref in table.files]
    searches, terms, reported = table.web_search, table.terms, table.reported
    counters = zip(
        table.file, table.model, table.time, table.input, table.output, table.write_5m, table.write_1h,
        table.cache_read, strict=True,
    )  # fmt: skip
    return [
        price(
            sources[file], models[model], time_ms,
            Usage(given, output, write_5m, write_1h, read, searches.get(row, 0)), terms.get(row, ""), reported.get(row),
        )
        for row, (file, model, time_ms, given, output, write_5m, write_1h, read) in enumerate(counters)
    ]  # fmt: skip


def _ints(values: array[int]) -> Any:
    kind = pa.int64() if values.itemsize == 8 else pa.int32()
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values.tobytes())])


def _texts(names: Iterable[str], numbers: array[int]) -> Any:
    """Return names by their numbers. A name may have several numbers, or none."""
    return pa.array(list(names), pa.string()).take(_ints(numbers)).dictionary_encode()


# -- sums by day ----------------------------------------------------------------------------------------------


def add_line(groups: dict[Group, list[int]], store: Store, line: Response, machine: Machine) -> None:
    """Add a response to the sums by day and NAMES."""
    sums = [0] * len(Totals._fields)
    add_usage(sums, line.usage, line.price, 1, 0 if line.extra else 1, int(line.is_lower_bound))
    sums[FIRST] = sums[LAST] = line.time_ms
    day = store.calendar.day(line.time_ms).toordinal()
    names = line.source, *machine, store.projects.of(line.project), line.session, line.agent, line.model
    _merge(groups, (day, *names), sums)


def _by_session(store: Store, of_row: Sequence[Machine]) -> dict[Session, tuple[Machine, bool]]:
    """Return the machine of each session's first response, and whether all of it is of that machine."""
    table, owners = store.table, store.owners
    found: dict[int, set[Machine]] = {}
    for owner, machine in set(zip(table.owner, of_row, strict=True)):
        found.setdefault(owner, set()).add(machine)
    together: dict[Session, set[Machine]] = {}
    for number, some in found.items():
        together.setdefault((owners[number].source, owners[number].session), set()).update(some)
    first: dict[Session, tuple[int, int, Machine]] = {}
    mixed = {session for session, some in together.items() if len(some) > 1}
    if mixed:
        for row, number in enumerate(table.owner):
            session = owners[number].source, owners[number].session
            if session in mixed:
                rank = table.time[row], table.key[row], of_row[row]
                first[session] = min(rank, first.get(session, rank))
    return {
        session: (first[session][2], False) if session in mixed else (next(iter(some)), True)
        for session, some in together.items()
    }


def _daily(store: Store, of_row: Sequence[Machine], of_session: dict[Session, tuple[Machine, bool]]) -> Any:
    """Sum by day and NAMES: the store's own sums, but for sessions of several machines, whose responses are summed."""
    groups: dict[Group, list[int]] = {}
    owners, models = store.owners, store.models
    projects = [store.project_of(owner) for owner in owners]
    one_machine = [of_session.get((owner.source, owner.session), (Machine(), True)) for owner in owners]
    for key, sums in store.cells.all.items():
        machine, is_alone = one_machine[key.owner]
        if is_alone:
            owner = owners[key.owner]
            names = owner.source, *machine, projects[key.owner], owner.session, owner.agent, models[key.model]
            _merge(groups, (key.day, *names), sums)
    mixed = {number for number, (_, is_alone) in enumerate(one_machine) if not is_alone}
    if mixed:
        for row, number in enumerate(store.table.owner):
            if number in mixed:
                for line in lines_of(store, row) if not store.table.flags[row] & PAIRED else ():
                    add_line(groups, store, line, of_row[row])
        for line in unlogged_lines(store, Query()):
            machine, is_alone = of_session.get((line.source, line.session), (Machine(), True))
            if not is_alone:
                add_line(groups, store, line, machine)
    return _daily_table(groups)


def _daily_table(groups: dict[Group, list[int]]) -> Any:
    ordered = sorted(groups)
    columns: dict[str, list[Any]] = {"day": [group[0] - _EPOCH for group in ordered]}
    for at, name in enumerate(NAMES, 1):
        columns[name] = [group[at] for group in ordered]
    for at, name in enumerate(Totals._fields):
        columns[name] = [groups[group][at] for group in ordered]
    columns["day"] = pa.array(columns["day"], pa.int32()).cast(pa.date32())
    return pa.table(columns, schema=_PLAIN_DAILY)


def _merge(groups: dict[Group, list[int]], group: Group, sums: Sequence[int]) -> None:
    known = groups.get(group)
    if known is None:
        groups[group] = list(sums)
        return
    for at in range(FIRST):
        known[at] += sums[at]
    known[FIRST] = min(known[FIRST], sums[FIRST])
    known[LAST] = max(known[LAST], sums[LAST])
