"""Responses that go to one target whole, with prices that add up: summed by the group, and so are most.

Must give what dividing each of them gives; whatever needs a look of its own is left to that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import add

from claude_tui.engine.queries.causes.costs.misses import CacheMiss
from claude_tui.engine.queries.causes.division import Division
from claude_tui.engine.queries.causes.known.book import CauseBook
from claude_tui.engine.queries.causes.sums import Share
from claude_tui.engine.state.store import Store
from claude_tui.pricing.cards import NEVER
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import LOWER_BOUND

_Key = tuple[int, int, int, int, int]
"""Calls, what is told in words, model, owner and file; of main chains not whose and where, but what they have in
common: the client, and whether it tells calls alone."""


class Group(NamedTuple):
    """What some responses of one model and one chain go to together. `row` is one of them."""

    row: int
    share: Share
    responses: int
    last_ms: int


class AlikeRows:
    """Puts rows of the table into groups. Made for one answer; hold the store's lock. `misses` are the lost caches."""

    def __init__(
        self, store: Store, book: CauseBook, division: Division, misses: Mapping[int, CacheMiss], by: str
    ) -> None:
        self._store, self._book, self._division = store, book, division
        self._is_by_project = by == "branch"
        self._whom: dict[int, int] = {}
        self._sources: dict[str, int] = {}
        self._groups: dict[_Key, list[int]] = {}
        table = store.table
        self._odd = {*table.terms, *table.reported, *table.extras, *table.web_search}
        if by == "agent":
            self._odd.update(misses)
        if store.events is not None:
            self._odd.update(filter(table.is_event, range(len(table))))
        self._calls_only: list[bool] = []
        for found in book.files():
            self._calls_only.append(found.has_calls_only)
            if found.failed or found.starts:  # what a sub-agent started may depend on where it did
                self._odd.update(found.rows[at] for at in found.failed)
                self._odd.update(found.rows[at] for at, _ in found.starts.values())

    @staticmethod
    def can_divide(by: str) -> bool:
        """Whether responses that are alike go to the same by a dimension."""
        return by not in ("kind", "cache")

    def add(self, rows: Sequence[int]) -> list[int]:
        """Put rows into groups. Returns those that are to be divided one by one."""
        table, groups, odd, whom, calls_only = self._store.table, self._groups, self._odd, self._whom, self._calls_only
        owners, models, flags = table.owner, table.model, table.flags
        others: list[int] = []
        for row, (file, calls, told) in zip(rows, self._book.described(rows), strict=True):
            if not file or row in odd or flags[row] & LOWER_BOUND:
                others.append(row)
                continue
            owner = owners[row]
            whose = whom.get(owner)
            if whose is None:
                whose = whom[owner] = self._whose(owner)
            key = calls, told, models[row], whose, file if whose >= 0 else calls_only[file - 1]
            group = groups.get(key)
            if group is None:
                groups[key] = [row]
            else:
                group.append(row)
        return others

    def groups(self) -> Iterator[tuple[list[int], Group | None]]:
        """Yield the rows of each group with what they go to, None if they are to be divided one by one."""
        for rows in self._groups.values():
            yield rows, self._group(rows)

    def _whose(self, owner: int) -> int:
        """Return an owner's number, or a negative one that main chains of the same client have in common."""
        found = self._store.owners[owner]
        if found.agent or self._is_by_project:
            return owner
        return -1 - self._sources.setdefault(found.source, len(self._sources))

    def _group(self, rows: list[int]) -> Group | None:
        store, table, row = self._store, self._store.table, rows[0]
        target, is_call = self._division.whole(row)
        if target is None:
            return None
        times = list(map(table.time.__getitem__, rows))
        last_ms = max(times)
        source, model = store.owners[table.owner[row]].source, store.models[table.model[row]]
        rates = store.pricer.whole_rates(source, model, min(times), last_ms)
        if rates is None or rates.is_estimate:
            return None
        given, output, *cached = (
            list(map(column.__getitem__, rows))
            for column in (table.input, table.output, table.write_5m, table.write_1h, table.cache_read)
        )
        if rates.over < NEVER:
            prompts = given
            for column in cached:
                prompts = list(map(add, prompts, column))
            if max(prompts) > rates.over:
                return None
        counters = (sum(given), sum(output), *map(sum, cached), 0)
        cost_nano, _, _ = rates.sums(*counters)
        return Group(row, Share(target, (cost_nano, *counters, 0), is_call), len(rows), last_ms)
