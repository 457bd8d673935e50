"""A table of text, aligned for pipes or ruled for a terminal.

Cells must already be safe to show. Must not know what they mean.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from claude_tui.widths import cut, cut_folders
from claude_tui.widths import width as width_of

GAP: Final = "  "
SHORTEST: Final = 10
"""No column is shortened below this width."""
READABLE: Final = 28
"""A name of up to this width is whole as long as there is anything else to leave out: the full name of a model is."""
WRAPPING: Final[dict[str, Any]] = {"subsequent_indent": GAP, "break_long_words": False, "break_on_hyphens": False}


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column. Text is aligned left, numbers right. If not all columns fit, those with the highest `priority` are
    dropped first; 0 is never dropped. `may_shrink` allows cells to be cut to fit, at the start if they are folders; of
    a column that is never dropped only what is longer than a name, as long as others can be dropped."""

    title: str
    is_text: bool = False
    may_shrink: bool = False
    priority: int = 0
    has_folders: bool = False

    @property
    def least(self) -> int:
        """The width below which others are dropped instead."""
        return SHORTEST if self.priority else READABLE

    def cut(self, cell: str, width: int) -> str:
        """Return one line of a cell in at most `width` cells of a terminal."""
        return (cut_folders if self.has_folders else cut)(cell, width)


@dataclass(frozen=True, slots=True)
class TextTable:
    """Rows below a title. A cell may have several lines. `total` is set apart at the end."""

    title: str
    columns: tuple[TextColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()

    def with_total(self, total: tuple[str, ...]) -> TextTable:
        """Return the table with a row of sums."""
        return replace(self, total=total)

    def without(self, titles: frozenset[str]) -> TextTable:
        """Return the table without the columns that have one of the titles."""
        kept = [number for number, column in enumerate(self.columns) if column.title not in titles]
        return replace(
            self,
            columns=tuple(self.columns[number] for number in kept),
            rows=tuple(tuple(row[number] for number in kept) for row in self.rows),
            total=tuple(self.total[number] for number in kept) if self.total else (),
        )

    def fitted(self, width: int, borders: int = 0) -> TextTable:
        """Return the table without the columns that do not fit in `width` columns of a terminal.

        `borders` is the width of what is drawn around the content of each column but the last.
        """
        table = self
        while table.width(borders) - table._spare() > width:
            priority = max((column.priority for column in table.columns), default=0)
            if not priority:
                break
            table = table.without(frozenset(c.title for c in table.columns if c.priority == priority))
        return table

    def width(self, borders: int = 0) -> int:
        """Return the width of the table if no column is shortened."""
        return sum(self._widths()) + (borders or len(GAP)) * (len(self.columns) - 1)

    def widths_in(self, width: int, borders: int = 0) -> list[int]:
        """Return the width of each column if the table has `width` columns of a terminal; the widest text is shortened
        first, names last. Numbers are never cut, so the sum may exceed `width`."""
        widths = self._widths()
        excess = self.width(borders) - width
        texts = [number for number, column in enumerate(self.columns) if column.may_shrink]
        for least in ([column.least for column in self.columns], [SHORTEST] * len(widths)):
            while excess > 0:
                size, number = max(((widths[at], at) for at in texts if widths[at] > least[at]), default=(0, 0))
                if not size:
                    break
                widths[number] -= 1
                excess -= 1
        return widths

    def cut_names(self, widths: list[int]) -> int:
        """Return how much of names is cut in columns of some widths."""
        return sum(max(0, min(size, READABLE) - width) for size, width in zip(self._widths(), widths, strict=True))

    def _spare(self) -> int:
        """Return how many columns of a terminal cutting texts could save, but for names."""
        pairs = zip(self._widths(), self.columns, strict=True)
        return sum(max(0, size - column.least) for size, column in pairs if column.may_shrink)

    def _widths(self) -> list[int]:
        lines = [[column.title for column in self.columns], *self.rows, *([self.total] if self.total else [])]
        return [
            max((width_of(part) for line in lines for part in line[number].split("\n")), default=0)
            for number in range(len(self.columns))
        ]


def wrapped(lines: Iterable[str], width: int) -> list[str]:
    """Return lines wrapped between words to `width`, continuation lines indented."""
    return [part for line in lines for part in textwrap.wrap(line, width, **WRAPPING) or [""]]


def packed(parts: Iterable[str], width: int) -> list[str]:
    """Return parts side by side, as many on a line as fit."""
    lines: list[str] = []
    for part in parts:
        beside = f"{lines[-1]}   {part}" if lines else ""
        if lines and width_of(beside) <= width:
            lines[-1] = beside
        else:
            lines.append(part)
    return wrapped(lines, width)


def plain(table: TextTable, width: int = 0) -> str:
    """Return the table as aligned text, one line per row, in at most `width` columns if that is possible (0: any)."""
    fitted = table.fitted(width) if width else table
    widths = fitted.widths_in(width) if width else fitted._widths()
    rule = GAP.join("-" * size for size in widths)
    lines = [_line(fitted, [column.title for column in fitted.columns], widths), rule]
    lines += [_line(fitted, row, widths) for row in fitted.rows]
    if fitted.total:
        lines += [rule, _line(fitted, fitted.total, widths)]
    head = [table.title] if table.title else []
    return "\n".join([*head, *lines]) + "\n"


def _line(table: TextTable, row: tuple[str, ...] | list[str], widths: list[int]) -> str:
    parts = [cell.split("\n") for cell in row]
    lines = []
    for height in range(max(map(len, parts), default=1)):
        drawn = []
        for column, part, width in zip(table.columns, parts, widths, strict=True):
            text = column.cut(part[height], width) if height < len(part) else ""
            space = " " * (width - width_of(text))
            drawn.append(text + space if column.is_text else space + text)
        lines.append(GAP.join(drawn).rstrip())
    return "\n".join(lines)


def _shortened(column: TextColumn, cell: str, width: int) -> str:
    """Return a cell of which each line has at most `width` cells of a terminal."""
    return "\n".join(column.cut(line, width) for line in cell.split("\n"))


def ruled(table: TextTable, width: int, *, is_coloured: bool = True) -> str:
    """Return the table with ruled lines around its cells, for a terminal `width` columns wide."""
    # 51 ms to import, and only terminals need it.
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    if TYPE_CHECKING:
        from rich.console import JustifyMethod

    # Beside its content a column has a line and two spaces; the table has one line more, and two spaces.
    borders, edges = 3, 4
    fitted = table.fitted(width - edges, borders)
    widths = fitted.widths_in(width - edges, borders)
    unruled = table.fitted(width)
    is_too_wide = sum(widths) + borders * (len(widths) - 1) > width - edges
    if is_too_wide or fitted.cut_names(widths) > unruled.cut_names(unruled.widths_in(width)):
        # There is no room for lines: a number that is cut would be another number, and a name that is cut is none.
        return plain(unruled, width)
    drawn = RichTable(
        title=Text(table.title, "bold") if table.title else None,
        box=box.ROUNDED,
        title_justify="left",
        border_style="dim",
        show_footer=bool(fitted.total),
        footer_style="bold",
    )
    totals = fitted.total or ("",) * len(fitted.columns)
    for column, total, size in zip(fitted.columns, totals, widths, strict=True):
        justify: JustifyMethod = "left" if column.is_text else "right"
        drawn.add_column(
            Text(column.title), Text(total), justify=justify, no_wrap=True, overflow="ellipsis", width=size
        )
    for row in fitted.rows:
        drawn.add_row(*map(Text, map(_shortened, fitted.columns, row, widths)))
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
