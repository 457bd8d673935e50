"""A table of text, drawn plainly for pipes and with lines for a terminal.

Cells must be safe to show already. Must not know what they mean.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Final

GAP: Final = "  "
SHORTEST: Final = 12
"""No column is shortened below this width."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. Text is aligned left, numbers right. Of the columns that do not fit, the highest `priority`
    goes first; 0 stays. `may_shrink` cells are cut to fit."""

    title: str
    is_text: bool = False
    may_shrink: bool = False
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a title. A cell may have several lines. `total` stands apart at the end."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()

    def with_total(self, total: tuple[str, ...]) -> Table:
        """Return the table with a row of sums."""
        return replace(self, total=total)

    def without(self, titles: frozenset[str]) -> Table:
        """Return the table without the columns so titled."""
        kept = [number for number, column in enumerate(self.columns) if column.title not in titles]
        return replace(
            self,
            columns=tuple(self.columns[number] for number in kept),
            rows=tuple(tuple(row[number] for number in kept) for row in self.rows),
            total=tuple(self.total[number] for number in kept) if self.total else (),
        )

    def fitted(self, width: int) -> Table:
        """Return the table without the columns there is no room for."""
        table = self
        while table.width() - table._shrinkable() > width:
            priority = max((column.priority for column in table.columns), default=0)
            if not priority:
                break
            table = table.without(frozenset(c.title for c in table.columns if c.priority == priority))
        return table

    def width(self) -> int:
        """Return the width of the table drawn plainly, in columns of the terminal."""
        return sum(self._widths()) + len(GAP) * (len(self.columns) - 1)

    def _shrinkable(self) -> int:
        widths = self._widths()
        pairs = zip(widths, self.columns, strict=True)
        return sum(max(0, width - SHORTEST) for width, column in pairs if column.may_shrink)

    def _widths(self) -> list[int]:
        lines = [[column.title for column in self.columns], *self.rows, *([self.total] if self.total else [])]
        return [
            max((cells(part) for line in lines for part in line[number].split("\n")), default=0)
            for number in range(len(self.columns))
        ]


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(mark) else 2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text
    )


def cut(text: str, width: int) -> str:
    """Return a text in at most `width` columns, its end an ellipsis where it is longer."""
    if cells(text) <= width:
        return text
    kept = text
    while kept and cells(kept) > width - 1:
        kept = kept[:-1]
    return kept + "…"


def plain(table: Table, width: int = 0) -> str:
    """Return the table as aligned text, a line a row; in at most `width` columns where that is possible (0: any)."""
    fitted = table.fitted(width) if width else table
    widths = fitted._widths()
    excess = fitted.width() - width if width else 0
    for number, column in enumerate(fitted.columns):
        if excess > 0 and column.may_shrink:
            shorter = max(SHORTEST, widths[number] - excess)
            excess -= max(0, widths[number] - shorter)
            widths[number] = min(widths[number], shorter)
    rule = GAP.join("-" * size for size in widths)
    lines = [_line(fitted, [column.title for column in fitted.columns], widths), rule]
    lines += [_line(fitted, row, widths) for row in fitted.rows]
    if fitted.total:
        lines += [rule, _line(fitted, fitted.total, widths)]
    head = [table.title] if table.title else []
    return "\n".join([*head, *lines]) + "\n"


def _line(table: Table, row: tuple[str, ...] | list[str], widths: list[int]) -> str:
    parts = [cell.split("\n") for cell in row]
    lines = []
    for height in range(max(map(len, parts), default=1)):
        drawn = []
        for column, part, width in zip(table.columns, parts, widths, strict=True):
            text = cut(part[height], width) if height < len(part) else ""
            space = " " * (width - cells(text))
            drawn.append(text + space if column.is_text else space + text)
        lines.append(GAP.join(drawn).rstrip())
    return "\n".join(lines)


def ruled(table: Table, width: int, *, is_coloured: bool = True) -> str:
    """Return the table with lines around its cells, for a terminal `width` columns wide."""
    # 51 ms to import, and only terminals need it.
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    spare = 3 * len(table.columns) + 1 - len(GAP) * (len(table.columns) - 1)
    fitted = table.fitted(width - spare)
    drawn = RichTable(
        title=Text(table.title, "bold") if table.title else None,
        box=box.ROUNDED,
        title_justify="left",
        border_style="dim",
        show_footer=bool(fitted.total),
        footer_style="bold",
    )
    totals = fitted.total or ("",) * len(fitted.columns)
    for column, total in zip(fitted.columns, totals, strict=True):
        drawn.add_column(
            Text(column.title),
            footer=Text(total),
            justify="left" if column.is_text else "right",
            no_wrap=True,
            overflow="ellipsis" if column.may_shrink else "crop",
            min_width=SHORTEST if column.may_shrink else None,
        )
    for row in fitted.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console = Console(
        width=width,
        force_terminal=is_coloured,
        color_system="standard" if is_coloured else None,
        no_color=not is_coloured,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as captured:
        console.print(drawn)
    return captured.get()
