"""The cells of everything, what changed in them, and which lost their first or last instant.

Must not know responses beyond what is added, and takes no locks: the store does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from claude_tui.engine.state.sums.cells import EMPTY, CellKey, Sums, add_sums, add_usage
from claude_tui.model import FIRST, LAST, Price, Totals, Usage


class CellBook:
    """Sums by cell. `all` is to be read, not written.

    Sums that were there when changes were last taken are replaced and never changed: a snapshot may refer to them.
    """

    def __init__(
        self, cells: dict[CellKey, Sums] | None = None, unlogged: Mapping[CellKey, int] = MappingProxyType({})
    ) -> None:
        self.all: dict[CellKey, Sums] = {} if cells is None else cells
        self.unlogged = dict(unlogged)
        """Nanodollars of what no log shows, in cells that have any; a part of the cost there."""
        self.unlogged_moves = 0
        """How often `unlogged` changed."""
        self.touched: dict[int, int] = {}
        """Per local day a number that moves whenever anything in that day does."""
        self._touches = 0
        self._of_day: dict[int, set[CellKey]] = {}
        self._changed: dict[CellKey, Sequence[int]] = {}
        self._lost_first: set[CellKey] = set()
        self._lost_last: set[CellKey] = set()
        of_day = self._of_day
        for key in self.all:
            keys = of_day.get(key[0])
            if keys is None:
                of_day[key[0]] = {key}
            else:
                keys.add(key)
        self.touched.update(dict.fromkeys(self._of_day, 0))

    def __len__(self) -> int:
        return len(self.all)

    def newest_ms(self, until_ms: int) -> int:
        """Return the instant of the newest response up to an instant, 0 without any; exact while no cell is lost.

        A cell that also holds later ones counts only with its first one.
        """
        for day in sorted((day for day, keys in self._of_day.items() if keys), reverse=True):
            ends = [(self.all[key][FIRST], self.all[key][LAST]) for key in self._of_day[day]]
            found = max((last if last <= until_ms else first for first, last in ends if first <= until_ms), default=0)
            if found:
                return found
        return 0

    @property
    def lost(self) -> set[CellKey]:
        """The cells whose first or last instant is no longer that of a response in them."""
        return self._lost_first | self._lost_last

    def add(
        self, key: CellKey, time_ms: int, usage: Usage, price: Price, sign: int, responses: int, lower_bounds: int
    ) -> None:
        """Add a response or an extra to a cell, or with `sign` -1 take it out."""
        sums = self._sums(key, time_ms)
        add_usage(sums, usage, price, sign, responses, lower_bounds)
        if sign < 0:
            if time_ms == sums[FIRST]:
                self._lost_first.add(key)
            if time_ms == sums[LAST]:
                self._lost_last.add(key)
            return
        if time_ms <= sums[FIRST]:
            sums[FIRST] = time_ms
            self._lost_first.discard(key)
        if time_ms >= sums[LAST]:
            sums[LAST] = time_ms
            self._lost_last.discard(key)

    def note_unlogged(self, key: CellKey, price: Price, sign: int) -> None:
        """Note that what is added to a cell, or with `sign` -1 taken out, is in no log."""
        if price.nano:
            left = self.unlogged.pop(key, 0) + sign * price.nano
            if left:
                self.unlogged[key] = left
            self.unlogged_moves += 1

    def merge_all(self, cells: Iterable[tuple[CellKey, Sums]]) -> None:
        """Merge the sums of other responses into cells. Of a new cell they become the sums."""
        known, of_day, changed = self.all, self._of_day, self._changed
        days = set()
        for key, more in cells:
            if key in known:
                self._touch(key)
                add_sums(known, key, more)
                continue
            known[key] = more
            if key not in changed:
                changed[key] = EMPTY
            day = key[0]
            keys = of_day.get(day)
            if keys is None:
                of_day[day] = {key}
            else:
                keys.add(key)
            days.add(day)
        for day in days:
            self._touch_day(day)

    def mend(self, bounds: Mapping[CellKey, tuple[int, int]]) -> bool:
        """Set the instants of lost cells; those without any are empty and go. Returns whether any moved."""
        is_moved = False
        for key in self.lost:
            sums = self.all[key]
            found = bounds.get(key)
            is_moved |= found != (sums[FIRST], sums[LAST])
            if found is None:
                del self.all[key]
                self._of_day[key.day].discard(key)
            else:
                sums[FIRST], sums[LAST] = found
        self._lost_first, self._lost_last = set(), set()
        return is_moved

    def take_changed(self) -> dict[CellKey, Sequence[int]]:
        """Return the cells changed since the last call, with their sums then, or as many of these as add up."""
        changed, self._changed = self._changed, {}
        return changed

    def of_days(self, first: int, last: int) -> Iterator[tuple[CellKey, Sums]]:
        """Yield the cells of the local days from `first` to `last`, given as proleptic ordinals."""
        for day in range(first, last + 1):
            for key in self._of_day.get(day, ()):
                yield key, self.all[key]

    def day_totals(self, day: int) -> Totals:
        """Sum a local day, given as its proleptic ordinal."""
        columns = list(zip(*(self.all[key] for key in self._of_day.get(day, ())), strict=True))
        if not columns:
            return Totals()
        return Totals(*[*map(sum, columns[:FIRST]), min(columns[FIRST]), max(columns[LAST])])

    def _sums(self, key: CellKey, time_ms: int) -> Sums:
        self._touch(key)
        sums = self.all.get(key)
        if sums is None:
            sums = self.all[key] = [*EMPTY, time_ms, time_ms]
        return sums

    def _touch(self, key: CellKey) -> None:
        """Take note that a cell is about to change, which is new if it is not there."""
        day = key[0]
        sums = self.all.get(key)
        if sums is None:
            keys = self._of_day.get(day)
            if keys is None:
                self._of_day[day] = {key}
            else:
                keys.add(key)
        if key not in self._changed:
            if sums is None:
                self._changed[key] = EMPTY
            else:
                self._changed[key], self.all[key] = sums, [*sums]
        self._touch_day(day)

    def _touch_day(self, day: int) -> None:
        self._touches += 1
        self.touched[day] = self._touches
