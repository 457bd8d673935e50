"""All keys on one screen, generated from the bindings."""

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
from claude_tui.ui.settings.keys import SECTIONS

LEGEND: tuple[tuple[str, str], ...] = (
    ("≥ $12", "lower bound: something has no price, or was logged only in part"),
    ("~ $12", "estimate: the price is based on an assumption"),
    ("n/a", "no known price; only its tokens are counted"),
    ("◆ ● ✓", "waits for you, works, has finished its turn"),
    ("↺ ⊘ ✗", "tries again, limit of the plan reached, failed"),
    ("‖ ◇ ○ ·", "suspended, in a menu, idle, done"),
    ("↻12%", "context after a compaction"),
    ("~2h 10m", "time until the open block ends, estimated; without ~ reported by the client"),
    ("$!", "a budget of the settings is exceeded"),
    ("!3", "three problems in the logs: claude-top doctor lists them"),
)
"""Signs that need a word."""

COLUMNS: Final = (("Views", "Look", "General", "Signs"), ("Rows", "The selected row", "Days", "Causes"))
"""Which sections stand below each other, about as many lines in each column."""


def key_text(binding: Binding) -> str:
    """The keys of a binding as they are written on a keyboard."""
    if binding.key_display:
        return binding.key_display
    names = {"question_mark": "?", "slash": "/", "colon": ":", "plus": "+", "minus": "-", "escape": "Esc"}
    return names.get(binding.key, binding.key)


def section(title: str, rows: Sequence[tuple[str, str]], width: int) -> Content:
    """A title and its rows, keys left, sentences right and wrapped below their beginning."""
    keys = max((len(key) for key, _ in rows), default=0)
    lines = [Content.styled(title, "bold $accent")]
    for key, text in rows:
        first, *more = textwrap.wrap(text, max(12, width - keys - 2)) or [""]
        lines.append(Content.assemble((key.rjust(keys), "bold $primary"), "  ", (first, "$foreground")))
        lines += [Content.assemble(" " * (keys + 2), (line, "$foreground")) for line in more]
    return Content("\n").join(lines)


ROWS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    **{title: [(key_text(binding), binding.tooltip) for binding in found] for title, found in SECTIONS.items()},
    "Signs": LEGEND,
}
"""What every section says."""


class HelpSection(Static):
    """A section, as wide as there is room."""

    def __init__(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__(classes="help-section", markup=False)
        self._heading, self._rows, self._drawn_for = title, rows, -1

    def on_resize(self) -> None:
        """Wrap the sentences again if the width changed."""
        if self.size.width != self._drawn_for:
            self._drawn_for = self.size.width
            self.update(section(self._heading, self._rows, self._drawn_for))


class HelpScreen(Dialog[None]):
    """The help overlay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1,h,enter,backspace", "dismiss", "Close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The sections in two columns, or below each other."""
        with VerticalScroll(id="help") as box:
            box.border_title = Content.styled("keys", "bold $foreground")
            box.border_subtitle = Content.styled("↑↓ scroll · Esc closes", "$quiet")
            with Horizontal(id="help-columns"):
                for titles in COLUMNS:
                    with Vertical(classes="help-column"):
                        for title in titles:
                            yield HelpSection(title, ROWS[title])

    def action_scroll(self, lines: int) -> None:
        """Scroll if the keys do not fit."""
        self.query_one("#help", VerticalScroll).scroll_relative(y=lines, animate=False)
