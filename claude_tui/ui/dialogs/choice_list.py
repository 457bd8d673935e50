"""Textual's lists and palette, in panes that have no room for a single line of them. Must not know what is chosen."""

from __future__ import annotations

from typing import Any, Literal

from textual import work
from textual.command import CommandList, CommandPalette
from textual.widgets import OptionList

from claude_tui.ui.dialogs.dialog import ClosesOnce


class ChoiceList(OptionList):
    """A list that goes on by one where no page of it is on screen."""

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if (self.highlighted or 0) in self._index_to_line and self.size.height:
            super()._move_page(direction)
        elif direction < 0:
            self.action_cursor_up()
        else:
            self.action_cursor_down()


class Palette(CommandPalette, ClosesOnce[Any]):
    """A palette that stays where it is where no line of its list is on screen."""

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).size.height or not action.startswith("page_"):
            super()._action_command_list(action)

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        if self.is_current:  # else it was closed before its search began, and there is no list to fill
            await CommandPalette._gather_commands.__wrapped__(self, search_value)  # type: ignore[attr-defined]
