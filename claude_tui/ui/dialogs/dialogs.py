"""Small questions in the middle of the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from claude_tui.engine.queries import named_periods as period
from claude_tui.engine.queries.named_periods import PERIODS, Period
from claude_tui.ui.table.columns import Column


class ColumnsScreen(ModalScreen["frozenset[str] | None"]):
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
            yield OptionList(
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

    def action_done(self) -> None:
        """Take over what was chosen."""
        self.dismiss(frozenset(self._hidden))


class SettingsScreen(ModalScreen[None]):
    """The settings that are kept, changed one step at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,comma,f2", "dismiss", "Close", show=False),
        Binding("right,space", "step(1)", "Next", show=False),
        Binding("left", "step(-1)", "Previous", show=False),
    ]

    def __init__(self, entries: Sequence[tuple[str, str]], change: Callable[[str, int], str], path: str) -> None:
        """Set up the screen.

        Args:
            entries: Names and values.
            change: Given a name and a step, makes the change and returns the new value as text.
            path: The file they are kept in.
        """
        super().__init__()
        self._entries = list(entries)
        self._change = change
        self._path = path

    def compose(self) -> ComposeResult:
        """A list of names and values."""
        with Vertical(id="settings-box") as box:
            box.border_title = Content.styled("settings", "bold $foreground")
            box.border_subtitle = Content.styled("← → change · Esc closes", "$quiet")
            yield OptionList(*(Option(self._prompt(*entry)) for entry in self._entries), id="setting-list")
            yield Static(
                Content.assemble(("stored in ", "$quiet"), (self._path, "$foreground")), markup=False, classes="hint"
            )
            yield Static("edit budgets, keys and columns there", markup=False, classes="hint")

    @staticmethod
    def _prompt(name: str, value: str) -> Content:
        return Content.assemble((name.ljust(16), "$quiet"), "‹ ", (value, "bold"), " ›")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.set_focus(self.query_one(OptionList))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The next value."""
        self.action_step(1)

    def action_step(self, step: int) -> None:
        """The next or previous value."""
        choices = self.query_one(OptionList)
        at = choices.highlighted
        if at is not None:
            name = self._entries[at][0]
            self._entries[at] = (name, self._change(name, step))
            choices.replace_option_prompt_at_index(at, self._prompt(*self._entries[at]))


class PeriodScreen(ModalScreen[Period]):
    """Asks which days count."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Close", show=False),
        *(Binding(str(number), f"choose({number})", show=False) for number in range(1, len(PERIODS) + 1)),
        # Before list and line, which would only send word of it: the next key may be for what is below.
        Binding("enter", "choose", show=False, priority=True),
    ]

    def __init__(self, current: Period, today: date) -> None:
        super().__init__()
        self._current = current
        self._today = today

    def compose(self) -> ComposeResult:
        """The usual periods, and a line for any other."""
        with Vertical(id="period-box") as box:
            box.border_title = Content.styled("period", "bold $foreground")
            yield OptionList(*(Option(self._prompt(choice), id=choice.id) for choice in PERIODS), id="periods")
            custom = self._current.label if self._current.id == "custom" else ""
            yield Input(custom, placeholder="2026-11-01..2026-11-30", id="period-custom", compact=True)
            yield Static("", id="period-error", markup=False)

    def _prompt(self, choice: Period) -> Content:
        since, until = choice.range(self._today)
        text = f"{since} .. {until}" if since else ""
        key = PERIODS.index(choice) + 1
        mark = "●" if choice.id == self._current.id else " "
        return Content.assemble((f"{mark} ", "$success"), (f"{key} ", "bold"), choice.label.ljust(12), (text, "$quiet"))

    def on_mount(self) -> None:
        """Start on what is chosen."""
        choices = self.query_one(OptionList)
        at = next((index for index, choice in enumerate(PERIODS) if choice.id == self._current.id), 0)
        choices.highlighted = at
        self.set_focus(choices)

    def action_choose(self, number: int = 0) -> None:
        """Take a usual period by its number; without one, what is selected or typed."""
        line, highlighted = self.query_one(Input), self.query_one(OptionList).highlighted
        if number:
            self.dismiss(PERIODS[number - 1])
        elif self.focused is not line:
            self.dismiss(PERIODS[highlighted or 0])
        else:
            try:
                self.dismiss(period.parse(line.value))
            except ValueError as error:
                self.query_one("#period-error", Static).update(str(error))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A usual period was clicked."""
        self.dismiss(period.BY_ID[event.option_id or "all"])
