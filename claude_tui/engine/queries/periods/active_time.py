"""How long somebody worked: the time between responses that follow each other closely. Must not count tokens or money.

The time between two responses counts if it is `GAP_MS` at most, on the day and for the project of the later one. Work
in several sessions at once counts once; the projects of such a time each count it, so they may add up to more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

from claude_tui.engine.queries.responses import covers
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.records import NamedTuple
from claude_tui.units import MINUTE_MS

GAP_MS: Final = 15 * MINUTE_MS
"""A longer time without a response is a pause."""


class ActiveTime(NamedTuple):
    """Milliseconds of work by local day and by project (its folder)."""

    by_day: Mapping[date, int]
    by_project: Mapping[str, int]

    @property
    def total_ms(self) -> int:
        """The time of all days."""
        return sum(self.by_day.values())


def active_time(store: Store, query: Query, gap_ms: int = GAP_MS) -> ActiveTime | None:
    """Return the time of the days of a query, which has a first and a last one; None before responses are loaded.

    Not for the event loop. The store is held for a day's responses at a time.
    """
    if not store.is_table_loaded or query.since is None or query.until is None:
        return None
    days: Counter[date] = Counter()
    projects: Counter[str] = Counter()
    last_ms, last_of = _NEVER, dict[str, int]()
    wanted: dict[int, str | None] = {}
    with store.lock:
        store.settle()
    for number in range(query.since.toordinal(), query.until.toordinal() + 1):
        with store.lock:
            start_ms, end_ms = store.calendar.span_ms(number)
            found = []
            for row in store.rows_between(start_ms - 1, end_ms - 1):
                owner = store.table.owner[row]
                if owner not in wanted:
                    whose = store.owners[owner]
                    wanted[owner] = store.folder_of(whose) if covers(store, whose, query) else None
                project = wanted[owner]
                if project is not None and query.model in ("", store.models[store.table.model[row]]):
                    found.append((store.table.time[row], project))
        for time_ms, project in sorted(found):
            if time_ms - last_ms <= gap_ms:
                days[date.fromordinal(number)] += time_ms - last_ms
            if time_ms - last_of.get(project, _NEVER) <= gap_ms:
                projects[project] += time_ms - last_of[project]
            last_ms = last_of[project] = time_ms
    return ActiveTime(days, projects)


_NEVER: Final = -(2**62)
