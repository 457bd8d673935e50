"""What a table is made of: columns, cells, and which columns fit. Pure; knows nothing of widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from claude_tui.widths import width as width_of

RowT = TypeVar("RowT")

GAP = 1
"""Blank cells between two columns."""


class Cell(NamedTuple):
    """Text of one cell and the name of its style (a component class of the table; "" the row's own)."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Column(Generic[RowT]):
    """One column of a table of `RowT`.

    `draw(row, width)` gives the cell, `order(row)` what it is sorted by. `priority` 0 stays in the narrowest
    table, higher ones go first. `narrow` is the width it may shrink to before a column is dropped. A column
    with `flex` shares what is left over. `descending` is the direction it is first sorted in. `short` is the
    label if there is no room for `label`. `plain` is what a file says of a row, if that is not the text of
    the widest cell.
    """

    id: str
    label: str
    width: int
    draw: Callable[[RowT, int], Cell]
    order: Callable[[RowT], Any]
    priority: int = 0
    narrow: int = 0
    flex: int = 0
    right: bool = True
    descending: bool = True
    tooltip: str = ""
    short: str = ""
    plain: Callable[[RowT], str] | None = None

    def heading(self, width: int) -> str:
        """The label, or the short one if the label does not fit."""
        return self.label if width_of(self.label) <= width or not self.short else self.short


class Placed(NamedTuple):
    """A column as placed: where it starts and how wide it is."""

    column: Column[Any]
    x: int
    width: int


def place(columns: Sequence[Column[Any]], available: int, hidden: frozenset[str] = frozenset()) -> list[Placed]:
    """Choose the columns that fit in `available` cells, by priority, and share what is left over among the flexible.

    Columns shrink to their narrow width before any is dropped that matters more.
    """
    chosen = [column for column in columns if column.id not in hidden or column.priority == 0]

    def needed(narrow: bool) -> int:
        widths = [(column.narrow or column.width) if narrow else column.width for column in chosen]
        return sum(widths) + GAP * max(0, len(chosen) - 1)

    while len(chosen) > 1 and needed(narrow=True) > available:
        least = max(chosen, key=lambda column: column.priority)
        if least.priority == 0:
            least = chosen[-1]
        chosen.remove(least)
    widths = {column.id: column.narrow or column.width for column in chosen}
    room = available - needed(narrow=True)
    for column in sorted(chosen, key=lambda column: column.priority):
        grow = column.width - widths[column.id]
        if grow > room:
            grow = room if column.flex else 0
        widths[column.id] += grow
        room -= grow
    flexible = [column for column in chosen if column.flex]
    total = sum(column.flex for column in flexible)
    for index, column in enumerate(flexible):
        grow = room * column.flex // total if index < len(flexible) - 1 else room
        widths[column.id] += max(0, grow)
        room -= grow
        total -= column.flex
    placed, x = [], 0
    for column in chosen:
        width = min(widths[column.id], max(0, available - x)) if len(chosen) == 1 else widths[column.id]
        placed.append(Placed(column, x, width))
        x += width + GAP
    return placed


@dataclass(frozen=True)
class Filter:
    """What `/` says: every word must occur in a row's text; a leading `!` turns the whole of it round."""

    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.text.lstrip("!").strip())

    def matches(self, searched: str) -> bool:
        """Whether a row with this text is shown. Case does not matter."""
        words = self.text.lstrip("!").lower().split()
        found = all(word in searched for word in words)
        return found != self.text.startswith("!") if words else True
