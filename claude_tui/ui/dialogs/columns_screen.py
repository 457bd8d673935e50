"""Asks which columns of a table are shown. Must not know which table it is."""

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


class ColumnsScreen(Dialog["frozenset[str] | None"]):
    """Asks which columns of a table are shown. Those without which it says nothing are not asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,C", "done", "Close", show=False),
        Binding("space", "toggle_column", "Toggle", show=False),
    ]

    def __init__(self, columns: Sequence[Column[Any]], hidden: frozenset[str]) -> None:
        super().__init__()
        self._columns = [column for column in columns if column.priority > 0]
        self._hidden = set(hidden)

    def compose(self) -> ComposeResult:
        """A list with marks."""
        with Vertical(id="columns-box") as box:
            box.border_title = Content.styled("columns", "bold $foreground")
            box.border_subtitle = Content.styled("Space toggles · Esc closes", "$quiet")
            yield ChoiceList(
                *(Option(self._prompt(column), id=column.id) for column in self._columns), id="column-list"
            )

    def _prompt(self, column: Column[Any]) -> Content:
        mark = "·" if column.id in self._hidden else "●"
        label = column.label or column.id
        return Content.assemble((f"{mark} ", "$success"), label.ljust(11), (column.tooltip, "$quiet"))

    def on_mount(self) -> None:
        """The list has the keys."""
        self.set_focus(self.query_one(OptionList))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show or hide a column."""
        self.action_toggle_column()

    def action_toggle_column(self) -> None:
        """Show or hide the column under the cursor."""
        choices = self.query_one(OptionList)
        if choices.highlighted is not None:
            column = self._columns[choices.highlighted]
            self._hidden ^= {column.id}
            choices.replace_option_prompt_at_index(choices.highlighted, self._prompt(column))

    def leave(self) -> None:
        """Escape keeps what was chosen, and so does a click beside it."""
        self.action_done()

    def action_done(self) -> None:
        """Take over what was chosen."""
        self.dismiss(frozenset(self._hidden))
