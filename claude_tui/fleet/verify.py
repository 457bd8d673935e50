"""Recounts parts of a merged table from what was pushed, the plain way, and says what is not equal.

The plain way takes in one file after the other, last first, and asks the store for its responses one by one. Whole
parts are compared, row by row, and their sums by day. Must not write anything.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.state.store import Store
from claude_tui.figures import many
from claude_tui.fleet.lake import Lake, LakeError
from claude_tui.fleet.merge import observed_in
from claude_tui.fleet.parquet import read_parquet
from claude_tui.fleet.pushed.parts import PushPiece, divided
from claude_tui.fleet.table.daily import SUMS, add_line, as_daily
from claude_tui.fleet.table.machines import NAMES, Machine, Machines
from claude_tui.fleet.table.meta import TableMeta, pushes_digest
from claude_tui.fleet.table.responses import RESPONSES, row_of
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple


class Verified(NamedTuple):
    """Which parts were recounted, how many responses they have, and what is not equal (nothing if all is well)."""

    parts: tuple[int, ...]
    responses: int
    differences: tuple[str, ...]


def verify(lake: Lake, meta: TableMeta, pricer: Pricer, sample: float) -> Verified:
    """Recount a share of the parts, at least one, chosen at random. Raises LakeError, also if the table was pushed to
    or prices changed since it was merged, or if sessions are as published before because a push is damaged."""
    if not meta.merged_ms or meta.pushes != pushes_digest(lake.names("files")) or meta.prices != pricer.digest:
        raise LakeError(
            f"{lake.url}: there are pushes or prices newer than its merge; run `claude-top fleet merge` first"
        )
    if meta.held:
        raise LakeError(
            f"{lake.url}: {many(meta.held, 'session')} cannot be recounted, since a push of theirs is damaged "
            "(`claude-top fleet status` names it)"
        )
    chosen = tuple(sorted(random.sample(range(meta.parts), max(1, round(meta.parts * sample)))))
    differences: list[str] = []
    count = 0
    with divided(lake, meta.parts, lambda problem: None) as pieces_of:
        for part in chosen:
            rows, days = _recounted(list(pieces_of(part)), pricer, ZoneInfo(meta.timezone))
            count += sum(not row["extra"] for row in rows)
            differences += _compared(
                f"part {part}", rows, list(_stored(lake, f"responses/part={part:04d}", differences))
            )
            sessions = {(group[1], group[6]) for group in days}
            kept = {
                (row["day"].toordinal(), *(row[name] for name in NAMES)): [row[name] for name in SUMS]
                for row in _stored(lake, "daily", differences)
                if (row["source"], row["session"]) in sessions
            }
            wrong = sorted(group for group in days.keys() | kept.keys() if days.get(group) != kept.get(group))
            if wrong:
                differences.append(f"part {part}: {len(wrong):,} sums by day differ")
    return Verified(chosen, count, tuple(differences))


def _recounted(
    pieces: list[PushPiece], pricer: Pricer, zone: ZoneInfo
) -> tuple[list[dict[str, Any]], dict[tuple[Any, ...], list[int]]]:
    store, machines = Store(pricer, zone, keep_names=False), Machines()
    for piece in reversed(pieces):
        for one in reversed(observed_in(piece, lambda problem: None)):
            path = machines.named(Machine(one.user, one.team, one.key.host), one.key.path)
            store.remember(path, one.columns, one.facts)
    lines = list_responses(store)
    of_row = machines.of_rows(store)
    of_key = {str(key): of_row[row] for row, key in enumerate(store.table.key)}
    of_session: dict[tuple[str, str], Machine] = {}
    for line in sorted(lines, key=lambda line: (line.time_ms, int(line.key.split("/")[0]) if line.path else 0)):
        if line.path:
            of_session.setdefault((line.source, line.session), of_key[line.key.split("/")[0]])
    rows, days = [], dict[tuple[Any, ...], list[int]]()
    for line in lines:
        session = of_session.get((line.source, line.session), Machine())
        machine = of_key[line.key.split("/")[0]] if line.path else session
        rows.append(row_of(store, line, machine))
        add_line(days, store, line, machine)
    return rows, days


def _stored(lake: Lake, folder: str, differences: list[str]) -> Iterator[dict[str, Any]]:
    for name in lake.names(folder):
        try:
            table = read_parquet(lake.read(name))
            kept = as_daily(table) if folder == "daily" else table.select(RESPONSES.names).cast(RESPONSES)
            yield from kept.to_pylist()
        except (pa.ArrowException, ValueError, KeyError, TypeError, FileNotFoundError):
            differences.append(f"{name} is not one of claude-top's")


def _compared(what: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> Iterator[str]:
    # Instants as arrow reads them again.
    ours = pa.Table.from_pylist(ours, schema=RESPONSES).to_pylist()
    left = {repr(row) for row in ours} ^ {repr(row) for row in theirs}
    if left or len(ours) != len(theirs):
        yield f"{what}: {len(ours):,} rows recounted, {len(theirs):,} in the table, {len(left):,} without their like"
