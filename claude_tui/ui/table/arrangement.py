"""Which rows a table shows and in which order: filter, sorting, rows below rows. Pure; knows nothing of widgets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic

from claude_tui.ui.table.columns import Column, RowT
from claude_tui.ui.table.filters import Filter


class Arrangement(Generic[RowT]):
    """Rows, filtered and sorted by a column."""

    def __init__(
        self, columns: Sequence[Column[RowT]], key: Callable[[RowT], str], searched: Callable[[RowT], str], sort: str
    ) -> None:
        """Set up an empty arrangement.

        Args:
            columns: All columns.
            key: What identifies a row.
            searched: The text the filter looks in, of a row.
            sort: The id of the column it is sorted by at first.
        """
        self.columns = tuple(columns)
        self.key = key
        self.sort_id = sort
        self.is_reversed = False
        self.filter = Filter()
        self.wrong: tuple[str, ...] = ()
        """What of the filter makes no sense for these columns."""
        self.marks: Mapping[str, re.Pattern[str]] = {}
        """What the filter looks for in the cells of columns, by their ids."""
        self.children_of: Callable[[RowT], Sequence[Any]] | None = None
        """Rows to stand below a row, in their order; None while they are folded."""
        self.given: Sequence[RowT] = ()
        self.rows: list[RowT] = []
        self._searched = searched
        self._index: dict[str, int] = {}

    @property
    def column(self) -> Column[RowT]:
        """The column the rows are sorted by."""
        return next((column for column in self.columns if column.id == self.sort_id), self.columns[0])

    @property
    def is_descending(self) -> bool:
        """Whether the greatest stands on top."""
        return self.column.descending != self.is_reversed

    def index_of(self, key: str | None) -> int | None:
        """Return the position of the row with a key, None if there is none."""
        return self._index.get(key) if key is not None else None

    def arrange(self) -> None:
        """Filter and sort the given rows again. Rows that are equal in the column keep the order of their keys."""
        order, key = self.column.order, self.key
        compiled = self.filter.compiled(self.columns)
        self.wrong, self.marks = compiled.wrong, self.filter.marks(self.columns)
        rows = list(self.given)
        if self.filter:
            rows = [row for row in rows if compiled.matches(row, self._searched(row).lower())]
        # Written out, for there may be ten thousand: each row is asked once for what it is sorted by, and for its key.
        keys = list(map(key, rows))
        ranks = list(zip(map(order, rows), keys, strict=True))
        places = sorted(range(len(rows)), key=ranks.__getitem__, reverse=self.is_descending)
        self.rows = [rows[place] for place in places]
        if self.children_of is None:
            self._index = {keys[place]: index for index, place in enumerate(places)}
            return
        self.rows = [line for row in self.rows for line in (row, *self.children_of(row))]
        self._index = {key(row): index for index, row in enumerate(self.rows)}
