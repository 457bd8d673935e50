"""The door: where the money went, by any dimension, for a query. Safe from any thread, and not for the event loop.

The first answer reads what the logs say of causes, one to two seconds for a gigabyte; later ones only what is new. Must
not divide or sum: it asks those who do.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from claude_tui.engine.queries.causes.context.context import CONTEXT
from claude_tui.engine.queries.causes.context.kept import KeptTotals
from claude_tui.engine.queries.causes.costs.billing import Biller
from claude_tui.engine.queries.causes.costs.misses import CacheMiss, counted_as, misses_of
from claude_tui.engine.queries.causes.costs.pauses import pauses
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS
from claude_tui.engine.queries.causes.division import Division
from claude_tui.engine.queries.causes.known.book import Archive, CauseBook
from claude_tui.engine.queries.causes.known.columns import FileCalls
from claude_tui.engine.queries.causes.known.facts import Finder
from claude_tui.engine.queries.causes.steps import Dividend, by_context, by_response, line_of, shares_of
from claude_tui.engine.queries.causes.tables import (
    CauseOf,
    CauseTable,
    Facts,
    OfWhich,
    Pause,
    ShareOf,
)
from claude_tui.engine.queries.causes.tickets import TICKET
from claude_tui.engine.queries.causes.waste import WASTE, Waste, WasteFinder
from claude_tui.engine.queries.responses import lines_of, matching_rows, unlogged_lines
from claude_tui.engine.state.store import Store
from claude_tui.model import Progress, Query

HOLD_S: Final = 0.005
"""How long others wait for it at most."""
YIELD_S: Final = 0.000_2
_NO_MISSES: Final[Mapping[int, CacheMiss]] = {}


class Causes:
    """Where the money of one store went. `folder` keeps what the logs say between two runs, None keeps nothing.
    `archive` has what logs that are gone have said.

    `ticket` is what a ticket looks like in the name of a branch. `on_progress` is shown how far logs have been read.
    `reads_once` is for those who end soon: what logs say after the first question is not asked for.
    """

    def __init__(
        self,
        store: Store,
        folder: Path | None = None,
        *,
        archive: Archive | None = None,
        ticket: re.Pattern[str] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        reads_once: bool = False,
    ) -> None:
        self._store = store
        self._ticket = ticket or re.compile(TICKET)
        self._book = CauseBook(store, folder, on_progress, archive, reads_once=reads_once)
        self._contexts = KeptTotals(self._book.kept, self._book.names)
        self._biller = Biller(store)
        self._lock = threading.Lock()
        self._by_file: dict[str, Mapping[int, CacheMiss]] = {}
        self._misses: dict[int, CacheMiss] = {}
        self._finder: Finder | None = None
        self._tables: dict[tuple[Query, str, str], CauseTable] = {}

    def refresh(self, by: str = "") -> None:
        """Read what the logs say beyond what is known, as far as a dimension needs it. Every answer does so itself."""
        with self._lock:
            self._refreshed(with_sizes=by == CONTEXT)

    def table(self, query: Query, by: str, *, ticket: re.Pattern[str] | None = None) -> CauseTable:
        """Return what a query covers by a dimension of `DIMENSIONS`; the same object again while nothing moved.

        `ticket` is asked for instead of the usual one. Raises KeyError for another dimension.
        """
        ticket = ticket or self._ticket
        asked = query, DIMENSIONS[by].name, ticket.pattern
        with self._lock:
            finder = self._refreshed(with_sizes=by == CONTEXT)
            if asked not in self._tables:
                self._tables[asked] = self._made(query, by, ticket, finder)
                self._contexts.save()
            return self._tables[asked]

    def shares(self, query: Query, of: CauseOf) -> Sequence[ShareOf]:
        """Return the responses a row of `table` or `waste` is made of, each with what goes to that row, the dearest
        first. By context there are none: what is carried is in all responses after it.
        """
        if of.by == CONTEXT:
            return ()
        with self._lock:
            finder = self._refreshed()
            with self._store.lock:
                rows = matching_rows(self._store, query)
                found: list[ShareOf] = []
                if of.by == WASTE:
                    wasted = WasteFinder(self._store, self._book, finder, self._misses, self._biller)
                    shares = wasted.shares(rows, of.name or "", query.model)
                else:
                    division = Division(self._store, self._book, finder, self._misses, of.by, self._ticket)
                    shares = shares_of(division, rows, query.model, of)
                    for one in unlogged_lines(self._store, query):
                        line = line_of(one)
                        if parts := [part for part in division.unlogged(line) if part.target.is_of(of)]:
                            found.append(ShareOf(one, sum(part.amounts[0] for part in parts), doubts=line.doubts))
                found += [
                    ShareOf(next(lines_of(self._store, row)), cost_nano, self._misses.get(row), doubts)
                    for row, cost_nano, doubts in shares
                ]
        found.sort(key=lambda one: (-one.cost_nano, one.response.time_ms, one.response.key))
        return found

    def facts(self, query: Query) -> dict[str, tuple[Facts, CacheMiss | None]]:
        """Return what is known of each response a query covers, by its key as `list_responses` gives it."""
        with self._lock:
            finder = self._refreshed()
            with self._store.lock:
                table = self._store.table
                return {
                    table.names.get(row) or str(table.key[row]): (finder.facts(row), self._misses.get(row))
                    for row in matching_rows(self._store, query)
                }

    def of_which(self, query: Query) -> OfWhich:
        """Return the costs within a query's total that may have been avoided. They may overlap."""
        with self._lock:
            self._refreshed()
            with self._store.lock:
                return self._dividend().of_which(matching_rows(self._store, query), query.model)

    def waste(self, query: Query) -> Sequence[Waste]:
        """Return the dearest avoidable things a query covers, five at most. They may overlap."""
        with self._lock:
            finder = self._refreshed()
            with self._store.lock:
                found = WasteFinder(self._store, self._book, finder, self._misses, self._biller)
                return found.dearest(matching_rows(self._store, query), query.model)

    def pauses(self, now_ms: int) -> dict[str, Pause]:
        """Return when warm prompt caches get cold and what that costs, by session. Reads no log, and takes no time."""
        with self._store.lock:
            return pauses(self._store, self._biller, now_ms)

    def _refreshed(self, *, with_sizes: bool = False) -> Finder:
        """Read what is new, and find the lost caches in it."""
        with self._store.lock:
            self._store.settle()
        if self._book.refresh(with_sizes=with_sizes) or self._finder is None:
            with self._store.lock:
                self._tables.clear()
                self._misses = {}
                for found in self._book.files():
                    if not found.has_calls_only:
                        self._find_misses(found)
                self._finder = Finder(self._store, self._book)
        return self._finder

    def _find_misses(self, found: FileCalls) -> None:
        """Find the lost caches of a file, unless nothing they follow from has changed."""
        seen_as = counted_as(found, self._store.table)
        if found.seen_as != seen_as:
            found.seen_as = seen_as
            self._by_file[found.path] = misses_of(found, self._store, self._biller, self._book.names) or _NO_MISSES
        for at, miss in self._by_file[found.path].items():
            place = self._book.place(found.rows[at])
            if place is not None and place.file is found:
                self._misses[found.rows[at]] = miss

    def _made(self, query: Query, by: str, ticket: re.Pattern[str], finder: Finder) -> CauseTable:
        """Divide, with the store held for some milliseconds at a time; all at once if it moves again and again."""
        for hold_s in (HOLD_S, HOLD_S, math.inf):
            with self._store.lock:
                self._store.settle()
                revision = self._store.revision
                division = Division(self._store, self._book, finder, self._misses, by, ticket)
            making = (
                by_context(self._dividend(), self._contexts, query)
                if by == CONTEXT
                else by_response(self._dividend(), query, by, division, finder)
            )
            made = self._finished(making, revision, hold_s)
            if made is not None:
                return made
        raise AssertionError("a store that is held does not move")

    def _finished(self, making: Iterator[CauseTable | None], revision: int, hold_s: float) -> CauseTable | None:
        """Return what comes of some steps, between which others have the store; None if it moved meanwhile."""
        while True:
            with self._store.lock:
                if self._store.revision != revision and hold_s < math.inf:
                    return None
                until_s = time.perf_counter() + hold_s
                for made in making:
                    if made is not None:
                        return made
                    if time.perf_counter() > until_s:
                        break
            time.sleep(YIELD_S)

    def _dividend(self) -> Dividend:
        return Dividend(self._store, self._book, self._biller, self._misses)
