"""The line in which a filter is typed. Must not know what is filtered."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.widgets import Input
from textual.widgets.input import Selection

HINT: Final = "words, model:opus, cost>5; ! for the others   Enter keeps it, Esc drops it"
"""What can be typed, as long as nothing is."""


class FilterLine(Input):
    """A line that reports each change at once, before the next key is handled."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "screen.keep_filter", "Keep", show=False)]

    def __init__(self, change: Callable[[str], None]) -> None:
        """Set up an empty line. `change` is given what stands in it each time that changes."""
        super().__init__(id="filter", placeholder=HINT, compact=True, select_on_focus=False)
        self._change = change

    def begin(self, text: str) -> None:
        """Start with a text that the first key replaces.

        It is selected now and not when the line hears of its focus: by then there may be a key in it, which the next
        would replace.
        """
        self.value = text
        self.selection = Selection(0, len(text))

    def watch_value(self, text: str) -> None:
        """Report the text as it is now."""
        self._change(text)
