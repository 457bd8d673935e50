"""A table of text, aligned for pipes or ruled for a terminal.

Cells must already be safe to show. Must not know what they mean.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from claude_tui.widths import cut
from claude_tui.widths import width as width_of

GAP: Final = "  "
SHORTEST: Final = 10
"""No column is shortened below this width."""
WRAPPING: Final[dict[str, Any]] = {"subsequent_indent": GAP, "break_long_words": False, "break_on_hyphens": False}


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column. Text is aligned left, numbers right. If not all columns fit, those with the highest `priority` are
    dropped first; 0 is never dropped. `may_shrink` allows cells to be cut to fit."""

    title: str
    is_text: bool = False
    may_shrink: bool = False
    priority: int = 0


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
        first. Numbers are never cut, so the sum may exceed `width`."""
        widths = self._widths()
        excess = self.width(borders) - width
        while excess > 0:
            pairs = [(size, number) for number, size in enumerate(widths) if self.columns[number].may_shrink]
            size, number = max(pairs, default=(0, 0))
            if size <= SHORTEST:
                break
            widths[number] -= 1
            excess -= 1
        return widths

    def _spare(self) -> int:
        """Return how many columns of a terminal cutting texts could save."""
        pairs = zip(self._widths(), self.columns, strict=True)
        return sum(max(0, size - SHORTEST) for size, column in pairs if column.may_shrink)

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
            text = cut(part[height], width) if height < len(part) else ""
            space = " " * (width - width_of(text))
            drawn.append(text + space if column.is_text else space + text)
        lines.append(GAP.join(drawn).rstrip())
    return "\n".join(lines)


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
    if sum(widths) + borders * (len(widths) - 1) > width - edges:
        # There is no room for lines; and a number that is cut would be another number.
        return plain(fitted, width)
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
