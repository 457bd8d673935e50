"""A table for numbers that move all day: drawn line by line, changed cell by cell.

Rows are identified by their key, so the selection stays on its row whatever the order does. Only lines on
screen are ever formatted, and of these only the cells whose text changed are drawn again: Textual's own table
draws every visible cell when one changes, which measured 14 times the processor time. Must not know what the
rows mean; all text is drawn as it is, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from claude_tui.ui.bindings import TABLE_BINDINGS
from claude_tui.ui.columns import GAP, Cell, Column, Filter, Placed, RowT, fit, place

STYLES = (
    "dim",
    "faint",
    "name",
    "money",
    "bar",
    "spark",
    "good",
    "warn",
    "bad",
    "doubt",
    "hot",
    "accent",
    "strong",
)
"""The styles a cell can name; each is a component class `line-table--NAME`."""


class LineTable(ScrollView, Generic[RowT], can_focus=True):
    """A sortable, filterable table of rows with a cursor that follows its row's key."""

    BINDINGS: ClassVar[list[BindingType]] = list(TABLE_BINDINGS)
    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-table--header",
        "line-table--sorted",
        "line-table--cursor",
        "line-table--cursor-blurred",
        *(f"line-table--{name}" for name in STYLES),
    }

    cursor_key: reactive[str | None] = reactive(None)
    """The key of the selected row; None in an empty table."""

    class Opened(Message):
        """Enter was pressed on a row, or the selected row was clicked."""

        def __init__(self, table: LineTable[Any], row: Any) -> None:
            self.table = table
            self.row = row
            super().__init__()

        @property
        def control(self) -> LineTable[Any]:
            """The table it happened in."""
            return self.table

    class Selected(Message):
        """Another row was selected."""

        def __init__(self, table: LineTable[Any], row: Any) -> None:
            self.table = table
            self.row = row
            super().__init__()

        @property
        def control(self) -> LineTable[Any]:
            """The table it happened in."""
            return self.table

    class Arranged(Message):
        """The sorting or the filter changed."""

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
        self.columns = tuple(columns)
        self.sort_id = sort
        self.reverse = False
        self.filter = Filter()
        self.hidden_columns: frozenset[str] = frozenset()
        self.changed_cells = 0
        """Cells drawn again since the start because their text changed."""
        self.follows = False
        """Whether the selected row is kept in view, and while no one is chosen the greatest of `pace` selected."""
        self.pace: Callable[[RowT], Any] | None = None
        self.children_of: Callable[[RowT], Sequence[Any]] | None = None
        """Rows to stand below a row, in their order; None while they are folded."""
        self._key = key
        self._searched = searched
        self._all: Sequence[RowT] = ()
        self._rows: list[RowT] = []
        self._index: dict[str, int] = {}
        self._placed: list[Placed] = []
        self._drawn: dict[int, list[Cell]] = {}
        self._styles: dict[str, Style] = {}
        self._is_chosen = False
        """Whether a person chose the selected row; else it is whatever stands on top after sorting."""
        self._placed_for: tuple[int, frozenset[str]] = (-1, frozenset())
        self.placeholder = Content("")
        """Said where there is no row."""
        self.has_header = True
        """Whether the first line names the columns."""

    # -- rows

    @property
    def rows(self) -> Sequence[RowT]:
        """The rows shown, filtered and sorted."""
        return self._rows

    @property
    def total(self) -> int:
        """How many rows there are, filtered or not."""
        return len(self._all)

    @property
    def cursor_row(self) -> RowT | None:
        """The selected row."""
        index = self.cursor_index
        return self._rows[index] if index is not None else None

    @property
    def cursor_index(self) -> int | None:
        """Where the selected row stands."""
        return self._index.get(self.cursor_key) if self.cursor_key is not None else None

    @property
    def sort_column(self) -> Column[RowT]:
        """The column the rows are sorted by."""
        return next((column for column in self.columns if column.id == self.sort_id), self.columns[0])

    @property
    def descending(self) -> bool:
        """Whether the greatest stands on top."""
        return self.sort_column.descending != self.reverse

    def show(self, rows: Sequence[RowT]) -> None:
        """Show these rows, drawing only what differs from what is on screen."""
        self._all = rows
        self._arrange()

    def _arrange(self) -> None:
        old_index = self.cursor_index
        top = round(self.scroll_y)
        visible = old_index is not None and top <= old_index < top + self._body_height
        rows = (
            [row for row in self._all if self.filter.matches(self._searched(row).lower())]
            if self.filter
            else list(self._all)
        )
        rows.sort(key=self._key)
        rows.sort(key=self.sort_column.order, reverse=self.descending)
        if self.children_of is not None:
            rows = [line for row in rows for line in (row, *self.children_of(row))]
        self._rows = rows
        self._index = {self._key(row): index for index, row in enumerate(rows)}
        if self.cursor_key not in self._index:
            self.cursor_key = self._key(rows[min(old_index or 0, len(rows) - 1)]) if rows else None
        self._resize_virtual()
        if self.follows and not self._is_chosen and self.pace is not None and rows:
            self.cursor_key = self._key(max(rows, key=self.pace))
        if visible or self.follows:
            self._show_cursor()
        self._redraw_changes()

    @property
    def _top(self) -> int:
        """Lines above the rows."""
        return int(self.has_header)

    def _redraw_changes(self) -> None:
        """Ask for the cells to be drawn again whose text is not what is on screen."""
        self._place()
        for line in list(self._drawn):
            cells = self._cells(line)
            before = self._drawn[line]
            if cells == before:
                continue
            self._drawn.pop(line)
            if len(cells) != len(before):
                self.changed_cells += len(self._placed)
                self.refresh(Region(0, line + self._top, self.size.width, 1))
                continue
            for placed, old, new in zip(self._placed, before, cells, strict=True):
                if old != new:
                    self.changed_cells += 1
                    self.refresh(Region(placed.x, line + self._top, placed.width, 1))

    def _cells(self, line: int) -> list[Cell]:
        index = line + round(self.scroll_y)
        if not 0 <= index < len(self._rows):
            return []
        row = self._rows[index]
        return [placed.column.draw(row, placed.width) for placed in self._placed]

    # -- drawing

    @property
    def _body_height(self) -> int:
        return max(0, self.size.height - self._top)

    def _resize_virtual(self) -> None:
        wanted = Size(max(1, self.size.width), len(self._rows) + self._top)
        if wanted != self.virtual_size:
            self.virtual_size = wanted

    def _place(self) -> None:
        """Choose the columns, where the width or the choice of columns is not what they were chosen for."""
        wanted = (self.scrollable_content_region.width, self.hidden_columns)
        if wanted != self._placed_for:
            self._placed_for = wanted
            self._placed = place(self.columns, *wanted)
            self._drawn.clear()
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Choose the columns anew."""
        self._resize_virtual()
        self._place()
        self.call_after_refresh(self._show_cursor)

    def notify_style_update(self) -> None:
        """Forget the styles: the theme changed."""
        super().notify_style_update()
        self._styles.clear()
        self._drawn.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """What is on screen is another part of the rows."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._drawn.clear()

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            classes = (f"line-table--{name}",) if name else ()
            style = self.get_component_rich_style(*classes) if classes else self.rich_style
            self._styles[name] = style
        return style

    def render_line(self, y: int) -> Strip:
        """One line: the header, or a row."""
        width = self.size.width
        if self._placed_for[0] != self.scrollable_content_region.width:
            self._place()
        if y < self._top:
            return self._header().adjust_cell_length(width, self._style("header"))
        line = y - self._top
        cells = self._cells(line)
        self._drawn[line] = cells
        if not cells:
            if line == 1 and not self._rows:
                segments = self.placeholder.render_segments(self.visual_style)
                return Strip(list(segments)).adjust_cell_length(width, self.rich_style)
            return Strip.blank(width, self.rich_style)
        index = line + round(self.scroll_y)
        base = self.rich_style
        selected = index == self.cursor_index
        if selected:
            base = self._style("cursor" if self.has_focus else "cursor-blurred")
        segments = []
        for number, (placed, cell) in enumerate(zip(self._placed, cells, strict=True)):
            if number:
                segments.append(Segment(" " * GAP, base))
            style = base
            if cell.style:
                own = self._style(cell.style)
                style = own if not selected else base + Style(bold=own.bold)
            segments.append(Segment(fit(cell.text, placed.width, placed.column.right), style))
        return Strip(segments).adjust_cell_length(width, base)

    def _header(self) -> Strip:
        segments = []
        plain, marked = self._style("header"), self._style("sorted")
        for number, placed in enumerate(self._placed):
            column = placed.column
            if number:
                segments.append(Segment(" " * GAP, plain))
            is_sorted = column.id == self.sort_id
            label = column.heading(placed.width - is_sorted)
            if is_sorted:
                arrow = "▼" if self.descending else "▲"
                room = placed.width - 1
                label = fit(label, min(cell_len(label), room)) + arrow if room > 0 else arrow
            segments.append(Segment(fit(label, placed.width, column.right), marked if is_sorted else plain))
        return Strip(segments)

    # -- cursor

    def _show_cursor(self) -> None:
        index = self.cursor_index
        if index is None or self._body_height <= 0:
            return
        top = round(self.scroll_y)
        if index < top:
            self.scroll_to(y=index, animate=False, immediate=True)
        elif index >= top + self._body_height:
            self.scroll_to(y=index - self._body_height + 1, animate=False, immediate=True)

    def follow(self, follows: bool) -> None:
        """Keep a row in view, or leave off; each time one starts, no row is chosen."""
        self.follows = follows
        self._is_chosen = self._is_chosen and not follows
        self._arrange()
        self.post_message(self.Arranged())

    def unfold(self, children_of: Callable[[RowT], Sequence[Any]] | None) -> None:
        """Show other rows below each row, or none."""
        self.children_of = children_of
        self._arrange()
        self.post_message(self.Arranged())

    def choose_columns(self, hidden: frozenset[str]) -> None:
        """Leave some columns out."""
        self.hidden_columns = hidden
        self._place()
        self.refresh()

    def move_to(self, index: int) -> None:
        """Select the row at `index`, or the nearest there is."""
        if not self._rows:
            return
        self._is_chosen = True
        self.cursor_key = self._key(self._rows[max(0, min(index, len(self._rows) - 1))])
        self._show_cursor()

    def select(self, key: str) -> None:
        """Select the row with this key, if it is shown."""
        if key in self._index:
            self.move_to(self._index[key])

    def watch_cursor_key(self, old: str | None, new: str | None) -> None:
        """Draw the two lines whose selection changed."""
        top = round(self.scroll_y)
        for key in (old, new):
            index = self._index.get(key) if key is not None else None
            if index is not None:
                self.refresh(Region(0, index - top + self._top, self.size.width, 1))
        row = self.cursor_row
        if row is not None:
            self.post_message(self.Selected(self, row))

    def on_focus(self) -> None:
        """The selection looks different with the focus."""
        self._styles.clear()

    def on_blur(self) -> None:
        """The selection looks different without the focus."""
        self._styles.clear()

    def on_click(self, event: events.Click) -> None:
        """A header sorts, a row is selected, the selected row opens."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        if offset.y < self._top:
            hit = next(
                (placed for placed in self._placed if placed.x <= offset.x < placed.x + placed.width + GAP), None
            )
            if hit is not None:
                self.sort_by(hit.column.id)
            return
        index = offset.y - self._top + round(self.scroll_y)
        if index >= len(self._rows):
            return
        if index == self.cursor_index:
            self.action_open()
        else:
            self.move_to(index)

    # -- actions

    def sort_by(self, column_id: str, reverse: bool | None = None) -> None:
        """Sort by a column; by the one it is sorted by already, the other way round."""
        if reverse is None:
            reverse = not self.reverse if column_id == self.sort_id else False
        self.sort_id, self.reverse = column_id, reverse
        self._arrange()
        if not self._is_chosen and self._rows:
            self.cursor_key = self._key(self._rows[0])
            self._show_cursor()
        self.refresh(Region(0, 0, self.size.width, 1))
        self.post_message(self.Arranged())

    def set_filter(self, text: str) -> None:
        """Show only the rows that match."""
        self.filter = Filter(text)
        self._arrange()
        self.post_message(self.Arranged())

    def _step_sort(self, step: int) -> None:
        shown = [placed.column.id for placed in self._placed] or [column.id for column in self.columns]
        at = shown.index(self.sort_id) if self.sort_id in shown else -step
        self.sort_by(shown[(at + step) % len(shown)], reverse=False)

    def action_sort(self, step: int) -> None:
        """Sort by the next or the previous column."""
        self._step_sort(step)

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.sort_by(self.sort_id)

    def action_move(self, lines: int) -> None:
        """Move the cursor by some rows."""
        self.move_to((self.cursor_index or 0) + lines)

    def action_page(self, pages: float) -> None:
        """Move the cursor by a part of what is visible."""
        self.action_move(round(pages * max(1, self._body_height - (abs(pages) == 1))))

    def action_ends(self, end: str) -> None:
        """Move the cursor to the first or the last row."""
        self.move_to(0 if end == "first" else len(self._rows) - 1)

    def action_match(self, step: int) -> None:
        """Move the cursor to the next or the previous row the filter found, round the ends."""
        if self._rows:
            self.move_to(((self.cursor_index or 0) + step) % len(self._rows))

    def action_open(self) -> None:
        """Open the selected row."""
        row = self.cursor_row
        if row is not None:
            self.post_message(self.Opened(self, row))
