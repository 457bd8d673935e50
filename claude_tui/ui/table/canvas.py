"""The lines of a table: formatted if they are on screen, drawn again if their text changed.

Only lines on screen are ever formatted, and of these only the cells whose text changed are drawn again: Textual's
own table draws every visible cell when one changes, which measured 14 times the processor time. Must not know what
the rows mean; all text is drawn as it is, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip

from claude_tui.ui.table.arrangement import Arrangement
from claude_tui.ui.table.columns import GAP, Cell, Column, Placed, RowT
from claude_tui.ui.table.filters import Filter
from claude_tui.ui.table.line_styles import DRAWINGS, StyledLines, selected_style
from claude_tui.ui.table.marks import marked
from claude_tui.ui.table.placement import ColumnChoice, Placement
from claude_tui.widths import fit


class TableCanvas(StyledLines, Generic[RowT], can_focus=True):
    """The lines of a table: what is drawn, and how little of it again. Keys and mouse are `LineTable`'s."""

    ALLOW_SELECT = False
    cursor_key: reactive[str | None] = reactive(None)
    """The key of the selected row; None in an empty table."""

    def __init__(
        self,
        columns: Sequence[Column[RowT]],
        key: Callable[[RowT], str],
        searched: Callable[[RowT], str],
        *,
        sort: str,
        id: str | None = None,
    ) -> None:
        """Set up an empty table.

        Args:
            columns: All columns, in the order they stand in.
            key: What identifies a row.
            searched: The text the filter looks in, of a row.
            sort: The id of the column it is sorted by at first.
            id: The widget's id.
        """
        super().__init__(id=id)
        self.arrangement: Arrangement[RowT] = Arrangement(columns, key, searched, sort)
        self.hidden_columns: frozenset[str] = frozenset()
        self.absent_columns: frozenset[str] = frozenset()
        """Columns there is nothing to say in for now: as if the table had none of them."""
        self.changed_cells = 0
        """Cells drawn again since the start because their text changed."""
        self.follows = False
        """Whether the selected row is kept in view, and while no one is chosen the greatest of `pace` selected."""
        self.pace: Callable[[RowT], Any] | None = None
        self._placement: Placement[RowT] = Placement()
        self._drawn: dict[int, tuple[bool, list[Cell]]] = {}
        """Whether the row of a line was drawn as the selected one, and its cells."""
        self._is_chosen = False
        """Whether a person chose the selected row; else it is whatever stands on top after sorting."""
        self._nothing = Content("")

    def say_nothing_with(self, text: Content) -> None:
        """Say this if there is no row."""
        if text != self._nothing:
            self._nothing = text
            if not self.rows:
                self.refresh()

    # -- rows

    @property
    def columns(self) -> tuple[Column[RowT], ...]:
        """All columns there is anything to say in."""
        return tuple(column for column in self.arrangement.columns if column.id not in self.absent_columns)

    @property
    def rows(self) -> Sequence[RowT]:
        """The rows shown, filtered and sorted."""
        return self.arrangement.rows

    @property
    def visible_rows(self) -> Sequence[RowT]:
        """The rows on screen."""
        top = round(self.scroll_y)
        return self.rows[top : top + self._body_height]

    @property
    def total(self) -> int:
        """How many rows there are, filtered or not."""
        return len(self.arrangement.given)

    @property
    def filter(self) -> Filter:
        """What the rows are filtered by."""
        return self.arrangement.filter

    @property
    def cursor_row(self) -> RowT | None:
        """The selected row."""
        index = self.cursor_index
        return self.rows[index] if index is not None else None

    @property
    def cursor_index(self) -> int | None:
        """Where the selected row stands."""
        return self.arrangement.index_of(self.cursor_key)

    def _key(self, row: RowT) -> str:
        return self.arrangement.key(row)

    @property
    def _top(self) -> int:
        """Lines above the rows: the names of the columns, if there is room for them and rows."""
        return 0 if 0 < self.size.height <= 3 else 1

    def redraw_changes(self) -> None:
        """Ask for the cells to be drawn again whose text is not what is on screen."""
        self._place()
        for line in list(self._drawn):
            is_selected, cells = drawn = self._line(line)
            was_selected, before = self._drawn[line]
            if drawn == self._drawn[line]:
                continue
            self._drawn.pop(line)
            if is_selected != was_selected or len(cells) != len(before):
                self.changed_cells += len(self._placed)
                self.refresh(Region(0, line + self._top, self.size.width, 1))
                continue
            for placed, old, new in zip(self._placed, before, cells, strict=True):
                if old != new:
                    self.changed_cells += 1
                    self.refresh(Region(placed.x, line + self._top, placed.width, 1))

    def _line(self, line: int) -> tuple[bool, list[Cell]]:
        """Whether the row of a line is the selected one, and its cells; none if there is no row."""
        index = line + round(self.scroll_y)
        if not 0 <= index < len(self.rows):
            return False, []
        row = self.rows[index]
        return index == self.cursor_index, [placed.column.draw(row, placed.width) for placed in self._placed]

    # -- drawing

    @property
    def _body_height(self) -> int:
        return max(0, self.size.height - self._top)

    def _resize_virtual(self) -> None:
        wanted = Size(max(1, self.size.width), len(self.rows) + self._top)
        if wanted != self.virtual_size:
            self.virtual_size = wanted

    @property
    def _placed(self) -> Sequence[Placed]:
        """The columns on screen."""
        return self._placement.placed

    def place_anew(self) -> None:
        """Place the columns again, because some are no longer the same."""
        self._placement.forget()
        self._place()

    def _place(self) -> None:
        """Place the columns again if anything they are placed by changed."""
        given = ColumnChoice(self.scrollable_content_region.width, self.hidden_columns, self.absent_columns)
        if self._placement.update(given, self.columns, self.rows, self.visible_rows):
            self._drawn.clear()
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Choose the columns again."""
        self._resize_virtual()
        self._place()
        self.call_after_refresh(self._show_cursor)

    def notify_style_update(self) -> None:
        """Forget the styles: the theme changed."""
        super().notify_style_update()
        self._drawn.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """What is on screen is another part of the rows."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._drawn.clear()
            self._place()  # it may have wider texts

    def render_line(self, y: int) -> Strip:
        """One line: the header, or a row."""
        width = self.size.width
        if self._placement.width != self.scrollable_content_region.width:
            self._place()
        if y < self._top:
            return self._header().adjust_cell_length(width, self._style("header"))
        line = y - self._top
        selected, cells = self._drawn[line] = self._line(line)
        if not cells:
            if line == 1 and not self.rows:
                segments = self._nothing.render_segments(self.visual_style)
                return Strip(list(segments)).adjust_cell_length(width, self.rich_style)
            return Strip.blank(width, self.rich_style)
        base = self._style("")
        if selected:
            base = self._style("cursor" if self.has_focus else "cursor-blurred")
        marks = self.arrangement.marks
        segments = []
        for number, (placed, cell) in enumerate(zip(self._placed, cells, strict=True)):
            if number:
                segments.append(Segment(" " * GAP, base))
            style = base
            if cell.style:
                own = self._style(cell.style)
                style = selected_style(base, own, cell.style) if selected else own
            text = fit(cell.text, placed.width, placed.column.right)
            segments += marked(text, style, marks.get(placed.column.id) if cell.style not in DRAWINGS else None)
        return Strip(segments).adjust_cell_length(width, base)

    def _header(self) -> Strip:
        segments = []
        plain, marked = self._style("header"), self._style("sorted")
        for number, placed in enumerate(self._placed):
            column = placed.column
            if number:
                segments.append(Segment(" " * GAP, plain))
            is_sorted = column.id == self.arrangement.column.id
            label = column.heading(placed.width - is_sorted)
            if is_sorted:
                arrow = "▼" if self.arrangement.is_descending else "▲"
                room = placed.width - 1
                label = fit(label, min(cell_len(label), room)) + arrow if room > 0 else arrow
            segments.append(Segment(fit(label, placed.width, column.right), marked if is_sorted else plain))
        return Strip(segments)

    def _show_cursor(self) -> None:
        index = self.cursor_index
        if index is None or self._body_height <= 0:
            return
        top = round(self.scroll_y)
        if index < top:
            self.scroll_to(y=index, animate=False, immediate=True)
        elif index >= top + self._body_height:
            self.scroll_to(y=index - self._body_height + 1, animate=False, immediate=True)
