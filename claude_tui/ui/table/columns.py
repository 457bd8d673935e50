"""What a table is made of: columns, cells, and which columns fit. Pure; knows nothing of widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from claude_tui.records import NamedTuple
from claude_tui.widths import width as width_of

RowT = TypeVar("RowT")

GAP = 1
"""Blank cells between two columns."""

MOST_TEXT: Final = 60
"""The widest that a column of text becomes for what stands in it."""

NAME: Final = 28
"""A name that is wider may be cut for a column of priority `EXTRA` and more."""

NAMES_FLEX: Final = 2
"""The least `flex` of a name."""

EXTRA: Final = 9
"""The priority of what nobody misses beside a name that is cut."""

NOT_KNOWN: Final[Mapping[str, int]] = {}
"""Contents of no column."""


class Cell(NamedTuple):
    """Text of one cell and the name of its style (a component class of the table; "" the row's own)."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Column(Generic[RowT]):
    """One column of a table of `RowT`.

    `draw(row, width)` gives the cell, `order(row)` what it is sorted by. `priority` 0 stays in the narrowest
    table, higher ones go first. `narrow` is the width it may shrink to before a column is dropped. A column
    with `flex` is text that may become wider than `width`, the greatest `flex` first; a drawing may become as wide
    as `grows` says. `descending` is the direction it is first sorted in. `short` is the
    label if there is no room for `label`. `plain` is what a file says of a row, if that is not the text of
    the widest cell. `unit` is how much of `order` is one of what a person types in a filter; 0 is not to be compared.
    """

    id: str
    label: str
    width: int
    draw: Callable[[RowT, int], Cell]
    order: Callable[[RowT], Any]
    priority: int = 0
    narrow: int = 0
    flex: int = 0
    grows: int = 0
    right: bool = True
    descending: bool = True
    tooltip: str = ""
    short: str = ""
    plain: Callable[[RowT], str] | None = None
    unit: int = 0

    def heading(self, width: int) -> str:
        """The label, or the short one if the label does not fit."""
        return self.label if width_of(self.label) <= width or not self.short else self.short


class Placed(NamedTuple):
    """A column as placed: where it starts and how wide it is."""

    column: Column[Any]
    x: int
    width: int


class Bounds(NamedTuple):
    """How narrow a column may be, how wide it is if nothing is scarce, and how wide if much is left over."""

    least: int
    usual: int
    most: int


def contents(columns: Iterable[Column[Any]], rows: Iterable[Any]) -> dict[str, int]:
    """How wide the widest text of each column is; drawings have no width of their own."""
    widest = {column: 0 for column in columns if not column.grows}
    for row in rows:
        for column, known in widest.items():
            text = column.draw(row, MOST_TEXT if column.flex else column.width).text.strip()
            # A cell of ASCII is as wide as it is long; what is shorter in bytes cannot be wider.
            length = len(text) if text.isascii() else width_of(text)
            if length > known:
                widest[column] = length
    return {column.id: length for column, length in widest.items()}


def bounds(column: Column[Any], content: int | None) -> Bounds:
    """How wide a column may be whose widest text is `content` cells wide (None: not known)."""
    narrow = column.narrow or column.width
    if content is None or column.grows:
        wide = MOST_TEXT if column.flex else max(column.width, column.grows)
        return Bounds(narrow, column.width, wide)
    wanted = max(content, width_of(column.label) + 1)  # the sorted column has an arrow
    usual = min(column.width, wanted)
    return Bounds(min(narrow, usual), usual, min(wanted, MOST_TEXT) if column.flex else usual)


def place(
    columns: Sequence[Column[Any]],
    available: int,
    hidden: frozenset[str] = frozenset(),
    content: Mapping[str, int] = NOT_KNOWN,
) -> list[Placed]:
    """Choose the columns that fit in `available` cells, by priority, each as wide as what stands in it (`content`).

    Columns shrink before any is dropped that matters more. What is left over goes to texts that are cut, then to
    drawings, then to the right end.
    """
    chosen = [column for column in columns if column.id not in hidden or column.priority == 0]
    limits = {column.id: bounds(column, content.get(column.id)) for column in chosen}

    def uncut(column: Column[Any]) -> int:
        found = limits[column.id]
        if column.flex >= NAMES_FLEX and content:
            return max(found.least, min(found.most, NAME))
        return found.least if column.flex or column.grows else found.usual

    def needed(of: Callable[[Column[Any]], int] = lambda column: limits[column.id].least) -> int:
        return sum(map(of, chosen)) + GAP * max(0, len(chosen) - 1)

    while max(column.priority for column in chosen) >= EXTRA and needed(uncut) > available:
        chosen.remove(max(chosen, key=lambda column: column.priority))
    while len(chosen) > 1 and needed() > available:
        last = max(chosen, key=lambda column: column.priority)
        chosen.remove(last if last.priority else chosen[-1])
    widths = {column.id: limits[column.id].least for column in chosen}
    room = available - needed()
    by_priority = sorted(chosen, key=lambda column: -column.flex if column.flex >= NAMES_FLEX else column.priority)
    by_flex = sorted(by_priority, key=lambda column: -column.flex)
    stages = [(column, limits[column.id].usual) for column in by_priority]
    stages += [(column, limits[column.id].most) for column in by_flex]
    for column, wanted in stages:
        grow = max(0, wanted - widths[column.id])
        if grow > room:
            grow = room if column.flex or column.grows else 0
        widths[column.id] += grow
        room -= grow
    if content and room >= len(chosen):
        widths = {id: width + 1 for id, width in widths.items()}  # a second blank between columns
    placed, x = [], 0
    for column in chosen:
        width = min(widths[column.id], max(0, available - x)) if len(chosen) == 1 else widths[column.id]
        placed.append(Placed(column, x, width))
        x += width + GAP
    return placed
