"""A table for numbers that move all day: its keys, its mouse, and a selection that stays on its row.

Rows are identified by their key, so the selection follows its row whatever the order does. How the lines are drawn
is `TableCanvas`' business. Must not know what its rows are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message

from claude_tui.ui.settings.keys import TABLE_BINDINGS
from claude_tui.ui.table.canvas import TableCanvas
from claude_tui.ui.table.columns import GAP, RowT
from claude_tui.ui.table.filters import Filter


class LineTable(TableCanvas[RowT]):
    """A sortable, filterable table of rows with a cursor that follows its row's key."""

    BINDINGS: ClassVar[list[BindingType]] = list(TABLE_BINDINGS)

    class Opened(Message):
        """The selected row was clicked."""

        def __init__(self, table: LineTable[Any]) -> None:
            self.table = table
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

    def show(self, rows: Sequence[RowT]) -> None:
        """Show these rows, drawing only what differs from what is on screen."""
        if rows is self.arrangement.given or rows == self.arrangement.given:
            self.redraw_changes()
            return
        self.arrangement.given = rows
        self._arrange()

    def _arrange(self) -> None:
        old_index = self.cursor_index
        top = round(self.scroll_y)
        visible = old_index is not None and top <= old_index < top + self._body_height
        self.arrangement.arrange()
        rows = self.arrangement.rows
        if self.cursor_index is None:
            self.cursor_key = self._key(rows[min(old_index or 0, len(rows) - 1)]) if rows else None
        self._resize_virtual()
        if self.follows and not self._is_chosen and self.pace is not None and rows:
            self.cursor_key = self._key(max(rows, key=self.pace))
        if visible or self.follows:
            self._show_cursor()
        self.redraw_changes()

    def follow(self, follows: bool) -> None:
        """Keep a row in view, or leave off; each time one starts, no row is chosen."""
        self.follows = follows
        self._is_chosen = self._is_chosen and not follows
        self._arrange()
        self.post_message(self.Arranged())

    def unfold(self, children_of: Callable[[RowT], Sequence[Any]] | None) -> None:
        """Show other rows below each row, or none."""
        self.arrangement.children_of = children_of
        self._arrange()
        self.post_message(self.Arranged())

    def choose_columns(self, hidden: frozenset[str]) -> None:
        """Leave some columns out."""
        self.hidden_columns = hidden
        self._place()
        self.refresh()

    def name_column(self, id: str, label: str) -> None:
        """Call a column something else."""
        self.arrangement.columns = tuple(
            replace(column, label=label) if column.id == id else column for column in self.arrangement.columns
        )
        self.place_anew()

    def move_to(self, index: int) -> None:
        """Select the row at `index`, or the nearest there is."""
        if not self.rows:
            return
        self._is_chosen = True
        self.cursor_key = self._key(self.rows[max(0, min(index, len(self.rows) - 1))])
        self._show_cursor()

    def select(self, key: str) -> None:
        """Select the row with this key, if it is shown."""
        index = self.arrangement.index_of(key)
        if index is not None:
            self.move_to(index)

    def watch_cursor_key(self, old: str | None, new: str | None) -> None:
        """Draw the two lines whose selection changed."""
        top = round(self.scroll_y)
        for key in (old, new):
            index = self.arrangement.index_of(key)
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
        if index >= len(self.rows):
            return
        if index == self.cursor_index:
            self.post_message(self.Opened(self))
        else:
            self.move_to(index)

    # -- actions

    def sort_by(self, column_id: str, reverse: bool | None = None) -> None:
        """Sort by a column; by the one it is sorted by already, the other way round."""
        arrangement = self.arrangement
        if reverse is None:
            reverse = not arrangement.is_reversed if column_id == arrangement.sort_id else False
        arrangement.sort_id, arrangement.is_reversed = column_id, reverse
        self._arrange()
        if not self._is_chosen and self.rows:
            self.cursor_key = self._key(self.rows[0])
            self._show_cursor()
        self.refresh(Region(0, 0, self.size.width, 1))
        self.post_message(self.Arranged())

    def set_filter(self, text: str) -> None:
        """Show only the rows that match."""
        self.arrangement.filter = Filter(text)
        self._drawn.clear()  # the same text is drawn otherwise where the filter found it
        self.refresh()
        self._arrange()
        self.post_message(self.Arranged())

    def _step_sort(self, step: int) -> None:
        shown = [placed.column.id for placed in self._placed] or [column.id for column in self.columns]
        sort_id = self.arrangement.sort_id
        at = shown.index(sort_id) if sort_id in shown else -step
        self.sort_by(shown[(at + step) % len(shown)], reverse=False)

    def action_sort(self, step: int) -> None:
        """Sort by the next or the previous column."""
        self._step_sort(step)

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.sort_by(self.arrangement.sort_id)

    def action_move(self, lines: int) -> None:
        """Move the cursor by some rows."""
        self.move_to((self.cursor_index or 0) + lines)

    def action_page(self, pages: float) -> None:
        """Move the cursor by a part of what is visible."""
        self.action_move(round(pages * max(1, self._body_height - (abs(pages) == 1))))

    def action_ends(self, end: str) -> None:
        """Move the cursor to the first or the last row."""
        self.move_to(0 if end == "first" else len(self.rows) - 1)

    def action_match(self, step: int) -> None:
        """Move the cursor to the next or the previous row the filter found, round the ends."""
        if self.rows:
            self.move_to(((self.cursor_index or 0) + step) % len(self.rows))
