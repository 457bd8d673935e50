"""Which machines a table has, when each was last heard of, and whether the sums of its parts agree.

Must not change the table.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from claude_tui.fleet.lake import Lake, LakeError
from claude_tui.fleet.parquet import read_parquet
from claude_tui.fleet.pushed.packing import BadTableError, files_of
from claude_tui.fleet.table.meta import TableMeta
from claude_tui.reports.fleet import FleetStatus, MachineRow
from claude_tui.units import DAY_MS

SUMMED: Final = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "cost_nano")
"""What the single responses and the days must agree in."""


def status(lake: Lake, meta: TableMeta, now_ms: int, silent_days: int) -> FleetStatus:
    """Look at a table. Raises LakeError."""
    rows: dict[tuple[str, str, str], list[int]] = {}
    wrong: list[str] = []
    for name in lake.names("files"):
        try:
            files = files_of(lake.read(name))
        except (BadTableError, FileNotFoundError):
            wrong.append(f"{name} is not one of claude-top's")
            continue
        written_ms = lake.modified_ms(name)
        seen = set()
        for row in files:
            key = str(row["user"]), str(row["team"]), str(row["host"])
            sums = rows.setdefault(key, [0, 0, 0, 0])
            sums[0] += key not in seen
            sums[1] += 1
            sums[2] += row["responses"] or 0
            sums[3] = max(sums[3], written_ms)
            seen.add(key)
    machines = tuple(
        MachineRow(*key, pushes, files, responses, last_ms, now_ms - last_ms > silent_days * DAY_MS)
        for key, (pushes, files, responses, last_ms) in sorted(rows.items())
    )
    single = _sums(lake, "responses", wrong)
    daily = _sums(lake, "daily", wrong)
    wrong += [
        f"{name}: {single.get(name, 0):,} in responses/, {daily.get(name, 0):,} in daily/"
        for name in SUMMED
        if single.get(name, 0) != daily.get(name, 0)
    ]
    return FleetStatus(machines, single.get("responses", 0), tuple(wrong), tuple(meta.left_out.splitlines()), meta.held)


def _sums(lake: Lake, folder: str, wrong: list[str]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name in lake.names(folder):
        try:
            table = read_parquet(lake.read(name))
            for column in SUMMED:
                sums[column] = sums.get(column, 0) + sum(filter(None, table.column(column).to_pylist()))
            if folder == "responses":
                extras = table.column("extra").to_pylist()
                sums["responses"] = sums.get("responses", 0) + sum(not extra for extra in extras)
        except (pa.ArrowException, ValueError, KeyError, TypeError, LakeError, FileNotFoundError):
            wrong.append(f"{name} is not one of claude-top's")
    return sums
