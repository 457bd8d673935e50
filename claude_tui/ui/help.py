"""All keys on one screen, generated from the bindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from claude_tui.ui.bindings import SECTIONS

LEGEND: tuple[tuple[str, str], ...] = (
    ("≥ $12", "at least that: something has no price, or was logged only in part"),
    ("~ $12", "rests on an assumption about the price"),
    ("n/a", "no price is known; its tokens are counted"),
    ("● ◆ ○ ·", "working, waiting for you, idle, done"),
    ("!3", "three things in the logs were skipped: claude-top doctor"),
)
"""Signs that need a word."""


def key_text(binding: Binding) -> str:
    """The keys of a binding as they are written on a keyboard."""
    if binding.key_display:
        return binding.key_display
    names = {"question_mark": "?", "slash": "/", "colon": ":", "plus": "+", "minus": "-", "escape": "Esc"}
    return names.get(binding.key, binding.key)


def section(title: str, rows: Sequence[tuple[str, str]], width: int) -> Content:
    """A title and its rows, keys left, sentences right."""
    keys = max((len(key) for key, _ in rows), default=0)
    lines = [Content.styled(title, "bold $accent")]
    for key, text in rows:
        lines.append(
            Content.assemble(
                (key.rjust(keys), "bold $primary"), "  ", (text[: max(0, width - keys - 2)], "$foreground")
            )
        )
    return Content("\n").join(lines)


class HelpScreen(ModalScreen[None]):
    """The help overlay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1,h,enter,backspace", "dismiss", "Close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The sections, flowing into as many columns as fit."""
        with VerticalScroll(id="help") as box:
            box.border_title = Content.styled("keys", "bold $foreground")
            box.border_subtitle = Content.styled("Esc closes", "$quiet")
            for title, bindings in SECTIONS.items():
                rows = [(key_text(binding), binding.tooltip) for binding in bindings]
                yield Static(section(title, rows, 60), classes="help-section", markup=False)
            yield Static(section("Signs", LEGEND, 80), classes="help-section", markup=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll where the keys do not fit."""
        self.query_one("#help", VerticalScroll).scroll_relative(y=lines, animate=False)
