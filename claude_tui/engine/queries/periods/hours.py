"""Cost per local hour of the day for a query, summed when it is asked for and kept level afterwards.

Days are summed one by one and only again where something in them changed, so asking costs what changed. Must not
draw.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from claude_tui.engine.queries.responses import covers
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.sums.cellbook import CellBook
from claude_tui.model import Query

KEPT_QUERIES: Final = 4

Hours = tuple[int, ...]
"""24 sums, from midnight on, in nanodollars."""

NO_HOURS: Final[Hours] = (0,) * 24


class HourBook:
    """Costs by local hour of one store. Safe from any thread; the first answer takes about 3 us per response."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sheets: OrderedDict[Query, _Sheet] = OrderedDict()
        self._lock = threading.Lock()

    def hours(self, query: Query) -> Hours | None:
        """Return what each local hour of the day cost over all that `query` covers, else as `by_day`."""
        days = self.by_day(query)
        return tuple(map(sum, zip(NO_HOURS, *days.values(), strict=True))) if days is not None else None

    def by_day(self, query: Query) -> Mapping[date, Hours] | None:
        """Return what each hour of each local day cost of all that `query` covers.

        None before single responses have been loaded. The store is held for a day's responses at a time.
        """
        if not self._store.is_table_loaded:
            return None
        with self._lock:
            sheet = self._sheets.get(query)
            if sheet is None:
                sheet = self._sheets[query] = _Sheet(query)
                while len(self._sheets) > KEPT_QUERIES:
                    self._sheets.popitem(last=False)
            self._sheets.move_to_end(query)
            return sheet.level(self._store)


class _Sheet:
    """The hours of each day that one query covers."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._cells: CellBook | None = None
        self._owners: list[bool] = []
        self._versions: dict[int, int] = {}
        self._days: dict[int, Hours] = {}

    def level(self, store: Store) -> dict[date, Hours]:
        """Sum again what changed, and return the sums of all days."""
        with store.lock:
            store.settle()
            owners = self._covered_owners(store)
            if store.cells is not self._cells or owners[: len(self._owners)] != self._owners:
                self._cells = store.cells
                self._versions.clear()
                self._days.clear()
            self._owners = owners
            stale = list(self._stale(store))
        for day in stale:
            with store.lock:
                self._versions[day] = store.cells.touched.get(day, 0)
                self._days[day] = self._sum(store, day)
        return {date.fromordinal(day): hours for day, hours in self._days.items()}

    def _stale(self, store: Store) -> Iterator[int]:
        query = self._query
        first = query.since.toordinal() if query.since else 0
        last = query.until.toordinal() if query.until else 2**31
        for day, version in store.cells.touched.items():
            if first <= day <= last and self._versions.get(day) != version:
                yield day

    def _covered_owners(self, store: Store) -> list[bool]:
        """Say of each owner whether the query covers it. Projects may change, so it is asked each time."""
        query = self._query
        if not (query.source or query.session or query.project or query.account):
            return [True] * len(store.owners)
        return [covers(store, owner, query) for owner in store.owners]

    def _sum(self, store: Store, day: int) -> Hours:
        hours = [0] * 24
        table, day_hour = store.table, store.calendar.day_hour
        owners, wanted = self._owners, self._query.model
        start_ms, end_ms = store.calendar.span_ms(day)
        for row in store.rows_between(start_ms - 1, end_ms - 1):
            owner = table.owner[row]
            if owner >= len(owners) or not owners[owner]:
                continue
            local_day, hour = day_hour(table.time[row])
            if local_day != day:
                continue
            if wanted in ("", store.models[table.model[row]]):
                hours[hour] += store.price(row).nano or 0
            for number, extra in enumerate(table.extras.get(row, ())):
                if wanted in ("", extra.model):
                    hours[hour] += store.extra_price(row, number).nano or 0
        for session, remainder in store.unlogged.between(start_ms - 1, end_ms - 1):
            owner = store.owner_number(store.unlogged_owner(session))
            if owner < len(owners) and owners[owner]:
                for _, time_ms, model, usage in remainder.lines(session):
                    if wanted in ("", model) and start_ms <= time_ms < end_ms:
                        hours[day_hour(time_ms)[1]] += store.unlogged_price(time_ms, model, usage).nano or 0
        return tuple(hours)
