"""The tables that other programs read, made of a settled store: single responses, and their sums by day.

The responses are priced one by one, and the sums are those the store keeps; that both agree is checked. Must not know
where a table lies, nor how it is divided.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from claude_tui.engine.state.store import Store
from claude_tui.fleet.parquet import plain
from claude_tui.fleet.table.daily import daily_of, machines_of_sessions
from claude_tui.fleet.table.machines import Machines
from claude_tui.fleet.table.responses import COUNTERS, RESPONSES, responses_of
from claude_tui.records import NamedTuple

SUMMED: Final = (*COUNTERS, "cost_nano")
"""What the single responses and the days must agree in, beside their number."""

_PLAIN_RESPONSES: Final = plain(RESPONSES)


class Tables(NamedTuple):
    """What a settled store says: single responses in order of time, and sums by day in order of their names, as plain
    strings."""

    responses: Any
    daily: Any


def tables_of(store: Store, machines: Machines) -> Tables:
    """Return both tables of a store that has been settled. Raises ArithmeticError if they do not add up."""
    of_row = machines.of_rows(store)
    of_session = machines_of_sessions(store, of_row)
    responses = responses_of(store, of_row, {session: first for session, (first, _) in of_session.items()})
    daily = daily_of(store, of_row, of_session)
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
