"""Reads the sums of a table back as a store, so that every report of one machine works over many.

Only the days that are asked for are read. Single responses are not: a report by hour needs `responses/`. Must not
settle anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa

from claude_tui.engine.state.facts import FactBook
from claude_tui.engine.state.problems import ProblemLog
from claude_tui.engine.state.store import Owner, Store
from claude_tui.engine.state.sums.cells import CellKey, Sums
from claude_tui.fleet.lake import Lake, LakeError
from claude_tui.fleet.parquet import read_parquet
from claude_tui.fleet.table.daily import as_daily, merge_sums
from claude_tui.fleet.table.machines import NAMES
from claude_tui.fleet.table.meta import TableMeta, read_meta
from claude_tui.model import Problem, ProblemKind, Totals
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import FileFacts

DIMENSIONS: Final = {"user": "users", "team": "teams", "host": "hosts"}
"""What only a table of many machines can be asked by, and the section it gives."""


class Fleet(NamedTuple):
    """What was asked for of a table: a store with the sums, and the totals by user, team and host."""

    store: Store
    by: Mapping[str, Mapping[str, Totals]]


def read_fleet(
    lake: Lake,
    pricer: Pricer,
    since: date | None = None,
    until: date | None = None,
    where: Mapping[str, str] | None = None,
    grouped_by: str = "project",
) -> Fleet:
    """Return the sums of some days. `where` names a user, team or host that alone counts; `grouped_by` is what stands
    for the projects: these, or users, teams or hosts. Raises LakeError."""
    meta = read_meta(lake)
    if meta is None or not meta.merged_ms:
        raise LakeError(f"{lake.url}: nothing has been merged there; run `claude-top fleet merge`")
    store = Store(pricer, ZoneInfo(meta.timezone), keep_names=False)
    owners: dict[Owner, int] = {}
    models: dict[str, int] = {}
    cells: dict[CellKey, Sums] = {}
    unlogged: dict[CellKey, int] = {}
    facts = FactBook()
    by: dict[str, dict[str, list[int]]] = {name: {} for name in DIMENSIONS}
    for row in _rows(lake, meta.days, since, until):
        if any(row[name] != value for name, value in (where or {}).items()):
            continue
        owner = Owner(row["source"], row["session"], row["agent"], row[grouped_by] or f"(no {grouped_by})")
        if grouped_by == "project":
            # A session's own folder, which its sub-agents' responses count under as well.
            facts.learn(owner.source, owner.session, FileFacts(session=owner.session, cwd=owner.cwd))
        key = CellKey(
            row["day"].toordinal(), owners.setdefault(owner, len(owners)), models.setdefault(row["model"], len(models))
        )
        sums = [row[name] for name in Totals._fields]
        merge_sums(cells, key, sums)
        if row["unlogged_nano"]:
            unlogged[key] = unlogged.get(key, 0) + row["unlogged_nano"]
        for name, found in by.items():
            merge_sums(found, row[name], sums)
    store.restore(list(owners), list(models), cells, facts, left_out(meta), unlogged=unlogged)
    return Fleet(store, {name: {key: Totals(*sums) for key, sums in found.items()} for name, found in by.items()})


def left_out(meta: TableMeta) -> ProblemLog:
    """Return the pushes that the last merge could not read, or not all of."""
    log = ProblemLog()
    for line in meta.left_out.splitlines():
        name, _, reason = line.partition(": ")
        log.note(name, [Problem(ProblemKind.UNREADABLE, name, 0, reason)], is_whole=True)
    return log


def _rows(lake: Lake, days: str, since: date | None, until: date | None) -> Iterator[dict[str, Any]]:
    left = set(filter(None, days.split(",")))
    for name in lake.names("daily"):
        day = name.split("/day=", 1)[-1].split("/")[0]
        if not _is_asked_for(day, since, until):
            continue
        try:
            table = as_daily(read_parquet(lake.read(name)))
        except (pa.ArrowException, ValueError, KeyError, TypeError):
            raise LakeError(f"{lake.url}: {name} is not a table of claude-top") from None
        except FileNotFoundError:
            continue
        left.discard(day)
        rows = table.to_pylist()
        if any(row[name] is None for row in rows for name in (*NAMES, *Totals._fields)):
            raise LakeError(f"{lake.url}: {name} has rows without values")
        yield from rows
    missing = sorted(day for day in left if _is_asked_for(day, since, until))
    now = read_meta(lake) if missing else None
    if now is not None and now.days != days:  # a merge ended meanwhile
        missing = [day for day in missing if day in now.days]
    if missing:
        raise LakeError(
            f"{lake.url}: daily/day={missing[0]} is missing{f' and {len(missing) - 1} more' if missing[1:] else ''}; "
            "`claude-top fleet merge` writes it again"
        )


def _is_asked_for(day: str, since: date | None, until: date | None) -> bool:
    return not ((since and day < since.isoformat()) or (until and day > until.isoformat()))
