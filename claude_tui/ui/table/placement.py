"""Where the columns of a table stand now: they grow with what they hold and never jump. Pure; knows no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic

from claude_tui.records import NamedTuple
from claude_tui.ui.table.columns import Column, Placed, RowT, contents, place

MEASURED: Final = 300
"""So many rows say at first how wide the columns are."""


class ColumnChoice(NamedTuple):
    """What columns are placed by, beside what they hold: if it changes, all is measured again."""

    width: int
    hidden: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()


NEVER: Final = ColumnChoice(-1)


class Placement(Generic[RowT]):
    """The columns as they are `placed`, for one table."""

    def __init__(self) -> None:
        self.placed: list[Placed] = []
        self._given = NEVER
        self._content: dict[str, int] = {}
        """How wide the widest text of each column was since the columns were chosen."""
        self._placed_for: tuple[int, ...] | None = None
        """How wide they were when the columns were placed; None if they were not placed for what is given."""

    @property
    def width(self) -> int:
        """The width they were placed in."""
        return self._given.width

    def forget(self) -> None:
        """Measure and place them again at the next `update`."""
        self._given = NEVER

    def update(
        self, given: ColumnChoice, columns: Sequence[Column[RowT]], rows: Sequence[RowT], visible: Sequence[RowT]
    ) -> bool:
        """Place the columns again if what is given or the widest text of one changed; returns whether any moved.

        At first many rows say how wide texts are, later those that are visible. Where there is no room yet, as before
        the first layout, nothing is measured.
        """
        if given.width < 1:
            self.forget()
            return False
        if given != self._given:
            self._given, self._placed_for = given, None
            self._content.clear()
        for id, width in contents(columns, visible if self._content else rows[:MEASURED]).items():
            self._content[id] = max(width, self._content.get(id, 0))
        widths = tuple(self._content.values())
        if widths == self._placed_for:
            return False
        self._placed_for = widths
        placed = place(columns, given.width, given.hidden, self._content)
        if placed == self.placed:
            return False
        self.placed = placed
        return True
