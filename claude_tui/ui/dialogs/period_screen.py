"""Asks which days count. Must not know what is counted."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.input import Selection
from textual.widgets.option_list import Option

from claude_tui.engine.queries.periods import named as period
from claude_tui.engine.queries.periods.named import PERIODS, Period, periods
from claude_tui.ui.dialogs.choice_list import ChoiceList
from claude_tui.ui.dialogs.dialog import Dialog


class PeriodScreen(Dialog[Period]):
    """Asks which days count."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Close", show=False),
        *(Binding(str(number), f"choose({number})", show=False) for number in range(1, len(PERIODS) + 1)),
        # Before list and line, which would only send word of it: the next key may be for what is below.
        Binding("enter", "choose", show=False, priority=True),
    ]

    def __init__(self, current: Period, today: date, cycle_day: int = 1) -> None:
        super().__init__()
        self._choices = periods(cycle_day)
        self._current = current
        self._today = today

    def compose(self) -> ComposeResult:
        """The usual periods, and a line for any other."""
        with Vertical(id="period-box") as box:
            box.border_title = Content.styled("period", "bold $foreground")
            box.border_subtitle = Content.styled("Enter chooses · Tab other days · Esc closes", "$quiet")
            yield ChoiceList(*(Option(self._prompt(choice), id=choice.id) for choice in self._choices), id="periods")
            custom = self._current.label if self._current.id == "custom" else ""
            line = Input(
                custom, placeholder="2026-11-01..2026-11-30", id="period-custom", compact=True, select_on_focus=False
            )
            line.selection = Selection(0, len(custom))  # when it hears of its focus there may be a key in it
            yield line
            yield Static("", id="period-error", markup=False)

    def _prompt(self, choice: Period) -> Content:
        since, until = choice.range(self._today)
        text = f"{since} to {until}" if since else ""
        key = self._choices.index(choice) + 1
        mark = "●" if choice.id == self._current.id else " "
        return Content.assemble((f"{mark} ", "$success"), (f"{key} ", "bold"), choice.label.ljust(12), (text, "$quiet"))

    def on_mount(self) -> None:
        """Start on what is chosen."""
        choices = self.query_one(OptionList)
        at = next((index for index, choice in enumerate(self._choices) if choice.id == self._current.id), 0)
        choices.highlighted = at
        self.set_focus(choices)

    def action_choose(self, number: int = 0) -> None:
        """Take a usual period by its number; without one, what is selected or typed."""
        line, highlighted = self.query_one(Input), self.query_one(OptionList).highlighted
        if number:
            self.dismiss(self._choices[number - 1])
        elif self.focused is not line:
            self.dismiss(self._choices[highlighted or 0])
        else:
            try:
                self.dismiss(period.parse(line.value))
            except ValueError as error:
                self.query_one("#period-error", Static).update(str(error))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A usual period was clicked."""
        self.dismiss(self._choices[event.option_index])
