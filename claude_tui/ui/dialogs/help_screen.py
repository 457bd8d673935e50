"""All keys on one screen, generated from the bindings. Must not name a key itself."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from claude_tui.ui.dialogs.dialog import Dialog
from claude_tui.ui.dialogs.signs import SIGNS, Sign
from claude_tui.ui.settings.keys import SECTIONS

COLUMNS: Final = (("Views", "Look", "General"), ("Rows", "The selected row", "Days", "Causes"))
"""Which sections stand below each other, about as many lines in each column."""


def key_text(binding: Binding) -> str:
    """The keys of a binding as they are written on a keyboard."""
    if binding.key_display:
        return binding.key_display
    names = {"question_mark": "?", "slash": "/", "colon": ":", "plus": "+", "minus": "-", "escape": "Esc"}
    return names.get(binding.key, binding.key)


def section(title: str, rows: Sequence[Sign], width: int) -> Content:
    """A title and its rows, keys or signs left, sentences right and wrapped below their beginning."""
    keys = max((len(row.text) for row in rows), default=0)
    lines = [Content.styled(title, "bold $accent")]
    for key, text, style in rows:
        first, *more = textwrap.wrap(text, max(12, width - keys - 2)) or [""]
        lines.append(Content.assemble((key.rjust(keys), style), "  ", (first, "$foreground")))
        lines += [Content.assemble(" " * (keys + 2), (line, "$foreground")) for line in more]
    return Content("\n").join(lines)


SIGN_COLUMNS: Final = (("States", "Figures", "Drawings"), ("Heat of days and hours", "Header", "Clients", "Columns"))
"""The same of the second page."""

ROWS: Final[Mapping[str, Sequence[Sign]]] = {
    **{title: [Sign(key_text(binding), binding.tooltip) for binding in found] for title, found in SECTIONS.items()},
    **SIGNS,
}
"""What every section says."""


class HelpSection(Static):
    """A section, as wide as there is room."""

    def __init__(self, title: str, rows: Sequence[Sign]) -> None:
        super().__init__(classes="help-section", markup=False)
        self._heading, self._rows, self._drawn_for = title, rows, -1

    def on_resize(self) -> None:
        """Wrap the sentences again if the width changed."""
        if self.size.width != self._drawn_for:
            self._drawn_for = self.size.width
            self.update(section(self._heading, self._rows, self._drawn_for))


class HelpScreen(Dialog[None]):
    """The help overlay: all keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,backspace", "dismiss", "Close", show=False),
        Binding("question_mark,f1,h", "on", "Signs", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]
    SHOWN: ClassVar[Sequence[Sequence[str]]] = COLUMNS
    NAME: ClassVar[str] = "keys"
    HINT: ClassVar[str] = "? signs · ↑↓ scroll · Esc closes"

    def compose(self) -> ComposeResult:
        """The sections in two columns, or below each other."""
        with VerticalScroll(id="help") as box:
            box.border_title = Content.styled(self.NAME, "bold $foreground")
            box.border_subtitle = Content.styled(self.HINT, "$quiet")
            with Horizontal(id="help-columns"):
                for titles in self.SHOWN:
                    with Vertical(classes="help-column"):
                        for title in titles:
                            yield HelpSection(title, ROWS[title])

    def action_on(self) -> None:
        """The page of signs."""
        self.dismiss(None)
        self.app.push_screen(SignsScreen())

    def action_scroll(self, lines: int) -> None:
        """Scroll if the keys do not fit."""
        self.query_one("#help", VerticalScroll).scroll_relative(y=lines, animate=False)


class SignsScreen(HelpScreen):
    """The legend: all signs and colours."""

    SHOWN = SIGN_COLUMNS
    NAME = "signs and colours"
    HINT = "↑↓ scroll · Esc closes"

    def action_on(self) -> None:
        """Back to the screen."""
        self.dismiss(None)
