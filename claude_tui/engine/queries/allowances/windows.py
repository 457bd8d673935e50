"""The five-hour blocks of everything counted, kept level without going through the whole history again.

Responses are summed per clock hour; blocks begin and end on the hour, so these sums decide them exactly. Days in
which something changed are summed again, the others are not. Must not draw nor read logs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from claude_tui.engine.queries.allowances.blocks import LENGTH_MS, BlockEntry, UsageBlock, Window, open_window
from claude_tui.engine.queries.allowances.limits import FILE_NAME, Limits, ReportedWindow, read_limits
from claude_tui.engine.queries.causes.costs.doubts import Doubts
from claude_tui.engine.queries.plan_limits import LoggedLimits, Roots
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.sums.cellbook import CellBook
from claude_tui.model import Price, Usage
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import LOWER_BOUND
from claude_tui.sources.values.instants import AHEAD_MS
from claude_tui.units import HOUR_MS

SOURCE: Final = "claude"
"""Whose responses count towards a block."""
FIVE_HOURS: Final = "five_hour"

NO_LIMITS: Final = Limits()


class BlocksPicture(NamedTuple):
    """Blocks and gaps, the earliest first, and the window that is open now (None if none is).

    `window.is_reported` tells an end the client reported from an estimated one. `reported` are the limits that
    clients reported, of every account; `is_loaded` is False while single responses have still to be loaded.
    """

    blocks: tuple[UsageBlock, ...] = ()
    window: Window | None = None
    reported: tuple[ReportedWindow, ...] = ()
    is_loaded: bool = True


@dataclass(slots=True)
class _Hour:
    """Sums of the entries in (start, start + 1 h]: a block's end is inside, and its start is the next one's."""

    start_ms: int
    first_ms: int
    last_ms: int
    entries: int
    responses: int
    usage: Usage
    nano: int
    unpriced: int
    doubts: Doubts
    models: tuple[str, ...]


class WindowBook:
    """The blocks of one store, of one account if that is given. Safe from any thread; the first answer takes about 6 us
    per response.

    `folder` is where reported limits are kept (`limits.remember`), None for nowhere; `roots` are searched for limits
    that clients log.
    """

    def __init__(
        self, store: Store, folder: Path | None = None, *, roots: Roots | None = None, account: str = ""
    ) -> None:
        self._store = store
        self._account = account
        self._logged = LoggedLimits(roots or [])
        self._lock = threading.Lock()
        self._cells: CellBook | None = None
        self._versions: dict[int, int] = {}
        self._hours: dict[int, _Hour] = {}
        self._blocks: tuple[UsageBlock, ...] = ()
        self._has_ahead = False
        self._limits_path = os.fspath(folder / FILE_NAME) if folder is not None else ""
        self._limits_stamp = (0, 0)
        self._limits = NO_LIMITS
        self._last: tuple[object, ...] = ()
        self._picture = BlocksPicture(is_loaded=False)

    def picture(self, now_ms: int) -> BlocksPicture:
        """Return the blocks at an instant; the same object again within a second if nothing moved."""
        store = self._store
        if not store.is_table_loaded:
            return BlocksPicture(reported=self.limits(now_ms).windows, is_loaded=False)
        with self._lock:
            limits = self._read_limits(now_ms)
            identity = (store.cells, store.revision, now_ms // 1000, limits)
            if identity != self._last:
                self._level(now_ms)
                window = self._window(now_ms, limits)
                self._last = identity
                self._picture = BlocksPicture(self._blocks, window, limits.windows)
            return self._picture

    def limits(self, now_ms: int) -> Limits:
        """Return what clients reported, read again only if it was written again."""
        with self._lock:
            return self._read_limits(now_ms)

    def _read_limits(self, now_ms: int) -> Limits:
        logged, kept = self._logged.windows(now_ms, self._store.revision), self._read_kept()
        found = kept._replace(windows=kept.windows + logged) if logged else kept
        if not self._account:
            return found
        return found._replace(windows=tuple(one for one in found.windows if one.account == self._account))

    def _read_kept(self) -> Limits:
        if not self._limits_path:
            return NO_LIMITS
        try:
            stat = os.stat(self._limits_path)
        except OSError:
            self._limits_stamp, self._limits = (0, 0), NO_LIMITS
            return NO_LIMITS
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._limits_stamp:
            self._limits_stamp, self._limits = stamp, read_limits(os.path.dirname(self._limits_path))
        return self._limits

    def _level(self, now_ms: int) -> None:
        """Sum the hours of days that changed again, and make the blocks anew where any did.

        What is dated far ahead of the clock opens none.
        """
        store = self._store
        with store.lock:
            store.settle()
            if store.cells is not self._cells:
                self._cells = store.cells
                self._versions.clear()
                self._hours.clear()
            stale = [day for day, version in store.cells.touched.items() if self._versions.get(day) != version]
        for day in stale:
            with store.lock:
                self._versions[day] = store.cells.touched.get(day, 0)
                start_ms, end_ms = store.calendar.span_ms(day)
                for hour in range((start_ms - 1) // HOUR_MS, (end_ms - 1) // HOUR_MS + 1):
                    found = _hour(hour * HOUR_MS, self._entries(hour * HOUR_MS, (hour + 1) * HOUR_MS))
                    if found is None:
                        self._hours.pop(hour, None)
                    else:
                        self._hours[hour] = found
        if stale or not self._hours or self._has_ahead:
            hours = [self._hours[hour] for hour in sorted(self._hours)]
            begun = [hour for hour in hours if hour.first_ms <= now_ms + AHEAD_MS]
            self._has_ahead = len(begun) < len(hours)
            self._blocks = tuple(_blocks(begun))

    def _entries(self, since_ms: int, until_ms: int) -> list[BlockEntry]:
        """Return the entries in (since_ms, until_ms], by time. Hold the store's lock."""
        store = self._store
        account, owners = self._account, store.owners
        rows = [
            row
            for row in store.rows_between(since_ms, until_ms)
            if (owner := owners[store.table.owner[row]]).source == SOURCE
            and (not account or account == store.account_of(owner))
        ]
        found = [*_entries(store, rows), *_unlogged_entries(store, since_ms, until_ms, account)]
        return sorted(found, key=lambda entry: entry.time_ms)

    def _window(self, now_ms: int, limits: Limits) -> Window | None:
        reset_ms = reported_reset_ms(limits.windows, now_ms)
        last = next((block for block in reversed(self._blocks) if block.start_ms <= now_ms), None)
        since_ms = now_ms - LENGTH_MS
        if last is not None and last.is_active(now_ms):
            since_ms = min(since_ms, last.first_ms - 1) if reset_ms else last.first_ms - 1
        elif not reset_ms:
            return None
        with self._store.lock:
            entries = self._entries(min(since_ms, reset_ms - LENGTH_MS - 1) if reset_ms else since_ms, now_ms)
        return open_window(entries, now_ms, reset_ms=reset_ms)


def reported_reset_ms(windows: Iterable[ReportedWindow], now_ms: int) -> int:
    """Return when the five-hour window of Claude Code ends that was reported last and is still open; 0 without any."""
    ahead = [
        window
        for window in windows
        if window.source == SOURCE and window.name == FIVE_HOURS and now_ms < window.resets_ms <= now_ms + LENGTH_MS
    ]
    return max(ahead, key=lambda window: window.seen_ms).resets_ms if ahead else 0


def _entries(store: Store, rows: Iterable[int]) -> Iterator[BlockEntry]:
    table = store.table
    for row in rows:
        time_ms = table.time[row]
        price, usage = store.price(row), table.usage(row)
        doubts = Doubts.of(price, usage.tokens, is_lower_bound=bool(table.flags[row] & LOWER_BOUND))
        yield BlockEntry(time_ms, usage, price.nano, store.models[table.model[row]], doubts=doubts)
        for number, extra in enumerate(table.extras.get(row, ())):
            yield _extra_entry(time_ms, extra.usage, store.extra_price(row, number), extra.model)


def _extra_entry(time_ms: int, usage: Usage, price: Price, model: str) -> BlockEntry:
    doubts = Doubts.of(price, usage.tokens, is_response=False)
    return BlockEntry(time_ms, usage, price.nano, model, is_extra=True, doubts=doubts)


def _unlogged_entries(store: Store, since_ms: int, until_ms: int, account: str) -> Iterator[BlockEntry]:
    for session, remainder in store.unlogged.between(since_ms, until_ms):
        if account and account != store.account_of(store.unlogged_owner(session)):
            continue
        for _, time_ms, model, usage in remainder.lines(session):
            if since_ms < time_ms <= until_ms:
                yield _extra_entry(time_ms, usage, store.unlogged_price(time_ms, model, usage), model)


def _hour(start_ms: int, entries: list[BlockEntry]) -> _Hour | None:
    if not entries:
        return None
    return _Hour(
        start_ms,
        entries[0].time_ms,
        entries[-1].time_ms,
        len(entries),
        sum(not entry.is_extra for entry in entries),
        Usage(*map(sum, zip(*(entry.usage for entry in entries), strict=True))),
        sum(entry.nano or 0 for entry in entries),
        sum(entry.nano is None for entry in entries),
        Doubts.together(entry.doubts for entry in entries),
        tuple(dict.fromkeys(entry.model for entry in entries if entry.model)),
    )


def _blocks(hours: Iterable[_Hour]) -> Iterator[UsageBlock]:
    """Divide hours, by time, into blocks by the rule of `blocks.blocks`."""
    inside: list[_Hour] = []
    start_ms = 0
    for hour in hours:
        if inside:
            last_ms = inside[-1].last_ms
            is_pause = hour.first_ms - last_ms > LENGTH_MS
            if is_pause or hour.start_ms >= start_ms + LENGTH_MS:
                yield _block(start_ms, inside)
                if is_pause:
                    yield UsageBlock(last_ms + LENGTH_MS, hour.first_ms)
                inside = []
        if not inside:
            start_ms = hour.first_ms // HOUR_MS * HOUR_MS
        inside.append(hour)
    if inside:
        yield _block(start_ms, inside)


def _block(start_ms: int, inside: list[_Hour]) -> UsageBlock:
    return UsageBlock(
        start_ms=start_ms,
        end_ms=start_ms + LENGTH_MS,
        entries=sum(hour.entries for hour in inside),
        responses=sum(hour.responses for hour in inside),
        usage=Usage(*map(sum, zip(*(hour.usage for hour in inside), strict=True))),
        nano=sum(hour.nano for hour in inside),
        unpriced=sum(hour.unpriced for hour in inside),
        doubts=Doubts.together(hour.doubts for hour in inside),
        models=tuple(dict.fromkeys(model for hour in inside for model in hour.models)),
        first_ms=inside[0].first_ms,
        last_ms=inside[-1].last_ms,
    )
