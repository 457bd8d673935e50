"""The costs of many responses by what their prompts were made of: each file by itself, and what no log shows.

Must not divide: `prompts` does. Hold the store's lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from claude_tui.engine.queries.causes.context.kept import KeptTotals, digest_of
from claude_tui.engine.queries.causes.context.prompts import BESIDE, Prompts
from claude_tui.engine.queries.causes.context.sums import PartSums, PartTotals
from claude_tui.engine.queries.causes.costs.billing import BilledLine, Biller
from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.engine.queries.causes.costs.misses import CacheMiss
from claude_tui.engine.queries.causes.known.book import CauseBook
from claude_tui.engine.queries.causes.known.columns import NOBODY, FileCalls
from claude_tui.engine.queries.causes.sums import ordered
from claude_tui.engine.queries.causes.tables import GONE, NOT_LOGGED, CauseRow
from claude_tui.engine.state.store import Store

CONTEXT: Final = "context"
UNNAMED: Final = frozenset({BESIDE, NOT_LOGGED, GONE})


class Context:
    """The costs of responses by what their prompts were made of. `kept` has what was found before."""

    def __init__(
        self,
        store: Store,
        book: CauseBook,
        biller: Biller,
        misses: Mapping[int, CacheMiss],
        kept: KeptTotals,
        model: str = "",
    ) -> None:
        self._store, self._book, self._biller, self._model, self._kept = store, book, biller, model, kept
        self._prompts = Prompts(store, book, biller, misses, model)
        self._sums = PartSums()

    @property
    def doubts(self) -> Doubts:
        """The doubts of all that was added."""
        return self._sums.of_all

    def add(self, rows: Collection[int]) -> Iterator[None]:
        """Add the responses in some rows of the table. Yields after each file; all are added at the end."""
        wanted, left = frozenset((NOBODY, *rows)), set(rows)
        for found in self._book.files():
            if found.has_calls_only or found.added is None:  # sizes are not kept for good
                continue
            asked = [
                row if row in left and (not found.is_shared or self._holds(found, row)) else NOBODY
                for row in found.rows
            ]
            if any(row >= 0 for row in asked):
                is_all = not self._model and wanted.issuperset(found.rows)
                self._sums.add(self._totals(found, asked, is_all=is_all))
                left.difference_update(asked)
                yield
        table = self._store.table
        for row in left:
            ref = table.files[table.owner_file.get(row, table.file[row])]
            label = GONE if ref.path in self._book.gone else NOT_LOGGED
            self.add_nothing_logged(self._biller.lines(row, self._model), label)

    def add_nothing_logged(self, lines: Iterable[BilledLine], label: str) -> None:
        """Add what was billed of which no log says anything."""
        part = self._book.names.parts.of(label)
        for line in lines:
            self._sums.doubt([part], line.doubts)
            self._sums.doubt_all(line.doubts)
            self._sums.pay(part, line.cost_nano)

    def rows(self) -> tuple[CauseRow, ...]:
        """Return the rows, the dearest first."""
        names, sums = self._book.names.parts.names, self._sums
        parts = {part for part, cost_nano in sums.costs.items() if cost_nano} | sums.tokens.keys() | sums.doubts.keys()
        return ordered(
            [
                CauseRow(
                    None if names[part] in UNNAMED else names[part],
                    names[part],
                    sums.costs.get(part, 0),
                    tokens_est=sums.tokens.get(part, 0),
                    carried_nano=sums.carried.get(part, 0),
                    doubts=sums.doubts.get(part, NO_DOUBTS),
                )
                for part in parts
            ]
        )

    def _totals(self, found: FileCalls, asked: Sequence[int], *, is_all: bool) -> PartTotals:
        """Return what the responses in some rows of a file went to, as it was kept or divided now."""
        digest = digest_of(found, asked, self._store, self._book.stamp(found), self._model)
        known = self._kept.get(found.path, digest)
        if known is None:
            known = self._prompts.divided(found, asked)
            self._kept.put(found.path, digest, known, is_all=is_all)
        return known

    def _holds(self, found: FileCalls, row: int) -> bool:
        """Whether a file is the one that counts for a row, of those that have it."""
        place = self._book.place(row)
        return place is not None and place.file is found
