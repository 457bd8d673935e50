"""Asks which column a table is sorted by. Must not know what the rows are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from claude_tui.ui.dialogs.choice_list import ChoiceList
from claude_tui.ui.dialogs.dialog import Dialog
from claude_tui.ui.table.columns import Column


class SortScreen(Dialog[str]):
    """Asks for a column; the answer is its id."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f6", "dismiss(None)", "Close", show=False),
        # Before the list, which would only send word of it: the next key may be for what is below.
        Binding("enter", "choose", show=False, priority=True),
    ]

    def __init__(self, columns: Sequence[Column[Any]], current: str, arrow: str) -> None:
        super().__init__()
        self._columns = columns
        self._current = current
        self._arrow = arrow

    def compose(self) -> ComposeResult:
        """The columns, the one it is sorted by marked."""
        with Vertical(id="columns-box") as box:
            box.border_title = Content.styled("sort by", "bold $foreground")
            box.border_subtitle = Content.styled("Enter sorts, again the other way round · Esc closes", "$quiet")
            yield ChoiceList(*(Option(self._prompt(column)) for column in self._columns), id="column-list")

    def _prompt(self, column: Column[Any]) -> Content:
        mark = self._arrow if column.id == self._current else " "
        return Content.assemble(
            (f"{mark} ", "$success"), (column.label or column.id).ljust(11), (column.tooltip, "$quiet")
        )

    def on_mount(self) -> None:
        """Start on the column it is sorted by."""
        choices = self.query_one(OptionList)
        choices.highlighted = next((n for n, one in enumerate(self._columns) if one.id == self._current), 0)
        self.set_focus(choices)

    def action_choose(self) -> None:
        """Take the selected column."""
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self.dismiss(self._columns[highlighted].id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A column was clicked."""
        self.dismiss(self._columns[event.option_index].id)
