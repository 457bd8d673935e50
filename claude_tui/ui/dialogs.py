"""Small questions in the middle of the screen."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from claude_tui.ui import period
from claude_tui.ui.period import PERIODS, Period


class PeriodScreen(ModalScreen[Period]):
    """Asks which days count."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)", "Close", show=False)]

    def __init__(self, current: Period, today: date) -> None:
        super().__init__()
        self._current = current
        self._today = today

    def compose(self) -> ComposeResult:
        """The usual periods, and a line for any other."""
        with Vertical(id="period-box") as box:
            box.border_title = Content.styled("period", "bold $foreground")
            yield OptionList(*(Option(self._prompt(choice), id=choice.id) for choice in PERIODS), id="periods")
            yield Input(placeholder="2026-11-01..2026-11-30", id="period-custom", compact=True)
            yield Static("", id="period-error", markup=False)

    def _prompt(self, choice: Period) -> Content:
        since, until = choice.range(self._today)
        text = f"{since} .. {until}" if since else ""
        key = PERIODS.index(choice) + 1
        mark = "●" if choice.id == self._current.id else " "
        return Content.assemble(
            (f"{mark} ", "$success"), (f"{key} ", "$primary"), choice.label.ljust(12), (text, "$quiet")
        )

    def on_mount(self) -> None:
        """Start on what is chosen."""
        choices = self.query_one(OptionList)
        at = next((index for index, choice in enumerate(PERIODS) if choice.id == self._current.id), 0)
        choices.highlighted = at
        choices.focus()

    def on_key(self, event: object) -> None:
        """A digit chooses at once."""
        key = getattr(event, "key", "")
        if key.isdigit() and not self.query_one(Input).has_focus and 1 <= int(key) <= len(PERIODS):
            self.dismiss(PERIODS[int(key) - 1])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A usual period."""
        self.dismiss(period.BY_ID[event.option_id or "all"])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A range of days."""
        try:
            self.dismiss(period.parse(event.value, self._today))
        except ValueError as error:
            self.query_one("#period-error", Static).update(str(error))
