"""The table of sums by day and name: the sums that the store keeps. Must not know where it lies, nor price anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from claude_tui.engine.queries.responses import lines_of, unlogged_lines
from claude_tui.engine.state.rows.table import PAIRED
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.sums.cells import add_usage
from claude_tui.fleet.parquet import EPOCH, NAME, plain
from claude_tui.fleet.table.machines import NAMES, Machine, Session
from claude_tui.model import FIRST, LAST, TOLD, UNLOGGED, Query, Response, Totals

SUMS: Final = (*Totals._fields, "unlogged_nano")
"""The sums of a row: totals, and what of the cost is in no log."""
DAILY: Final = pa.schema(
    [("day", pa.date32())] + [(name, NAME) for name in NAMES] + [(name, pa.int64()) for name in SUMS]
)
_PLAIN_DAILY: Final = plain(DAILY)
Group = tuple[Any, ...]
"""Day as an ordinal, then NAMES."""


def add_line(groups: dict[Group, list[int]], store: Store, line: Response, machine: Machine) -> None:
    """Add a response to the sums by day and NAMES."""
    sums = [0] * len(SUMS)
    add_usage(sums, line.usage, line.price, 1, 0 if line.extra else 1, int(line.is_lower_bound))
    sums[FIRST] = sums[LAST] = line.time_ms
    if line.extra == UNLOGGED or (line.origin == TOLD and not line.extra):
        sums[-1] = line.price.nano or 0
    day = store.calendar.day(line.time_ms).toordinal()
    names = line.source, *machine, store.projects.of(line.project), line.session, line.agent, line.model
    merge_sums(groups, (day, *names), sums)


def machines_of_sessions(store: Store, of_row: Sequence[Machine]) -> dict[Session, tuple[Machine, bool]]:
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


def daily_of(store: Store, of_row: Sequence[Machine], of_session: dict[Session, tuple[Machine, bool]]) -> Any:
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
            merge_sums(groups, (key.day, *names), [*sums, store.cells.unlogged.get(key, 0)])
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
    return _table(groups)


def as_daily(table: Any) -> Any:
    """Return a table with the columns of `DAILY`, also one of a version that did not know what is in no log. Raises as
    pyarrow does for what is no such table."""
    if "unlogged_nano" not in table.column_names:
        table = table.append_column("unlogged_nano", pa.array([0] * len(table), pa.int64()))
    return table.select(DAILY.names).cast(DAILY)


def _table(groups: dict[Group, list[int]]) -> Any:
    ordered = sorted(groups)
    columns: dict[str, list[Any]] = {"day": [group[0] - EPOCH for group in ordered]}
    for at, name in enumerate(NAMES, 1):
        columns[name] = [group[at] for group in ordered]
    for at, name in enumerate(SUMS):
        columns[name] = [groups[group][at] for group in ordered]
    columns["day"] = pa.array(columns["day"], pa.int32()).cast(pa.date32())
    return pa.table(columns, schema=_PLAIN_DAILY)


def merge_sums(groups: dict[Any, list[int]], group: Any, sums: Sequence[int]) -> None:
    """Add sums to those of a group: totals, and whatever is counted behind them."""
    known = groups.get(group)
    if known is None:
        groups[group] = list(sums)
        return
    for at in (*range(FIRST), *range(LAST + 1, len(sums))):
        known[at] += sums[at]
    known[FIRST] = min(known[FIRST], sums[FIRST])
    known[LAST] = max(known[LAST], sums[LAST])
