"""Shows the settings that are kept and steps through their values. Must not know what a setting changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from claude_tui.ui.dialogs.choice_list import ChoiceList
from claude_tui.ui.dialogs.dialog import Dialog
from claude_tui.ui.settings.choices import STEPS


class SettingsScreen(Dialog[None]):
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
            path: The file they are kept in, "" if nothing is kept.
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
            yield ChoiceList(*(Option(self._prompt(*entry)) for entry in self._entries), id="setting-list")
            kept = ("kept in ", self._path) if self._path else ("not kept", "")
            yield Static(Content.assemble((kept[0], "$quiet"), (kept[1], "$foreground")), markup=False, classes="hint")
            yield Static(
                "budgets, keys and columns are set there; claude-top config lists all", markup=False, classes="hint"
            )

    @staticmethod
    def _prompt(name: str, value: str) -> Content:
        return Content.assemble(STEPS.get(name, name).ljust(28), "‹ ", (value, "bold"), " ›")

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
