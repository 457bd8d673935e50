"""The bottom line: the keys that matter here, and what the money means."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from claude_tui.ui.settings.keys import BY_ID
from claude_tui.ui.widgets.line import Line

MOST = 8
"""More keys than this are not read."""

MEANING = "at API list prices, not your bill"


LAST = "help"
"""The key that stays longest: it leads to all others."""


def _words(id: str) -> tuple[str, str]:
    binding = BY_ID[id]
    return binding.key_display or binding.key.split(",")[0], binding.description.lower()


def key_line(ids: Sequence[str], note: str, width: int) -> Content:
    """As many keys as fit, and the note at the right if there is room for it."""
    parts: list[tuple[str, str]] = []
    used = 0
    shown = [_words(id) for id in (*[id for id in ids if id != LAST][: MOST - 1], *(id for id in ids if id == LAST))]
    while len(shown) > 1 and sum(len(key) + len(words) + 3 for key, words in shown) > width:
        shown.pop(-2)
    for key, words in shown:
        length = len(key) + len(words) + 3
        if used + length > width:
            break
        used += length
        parts += [(f" {key}", "bold $primary"), (f" {words} ", "$quiet")]
    for text in (note, note.partition(" · ")[0]):
        if text and used + len(text) + 2 <= width:
            parts += [(" " * (width - used - len(text) - 1), ""), (text, "$faint")]
            break
    return Content.assemble(*parts)


class KeyBar(Line):
    """The bottom line."""

    def __init__(self) -> None:
        super().__init__("keybar")
        self._ids: tuple[str, ...] = ()
        self._note = MEANING

    def offer(self, ids: Sequence[str], prices: str) -> None:
        """Show these keys, and where the prices are from."""
        self._ids = tuple(ids)
        self._note = MEANING + (f" · {prices}" if prices else "")
        self.show(key_line(self._ids, self._note, self.size.width))

    def on_resize(self) -> None:
        """As many keys as fit."""
        self.show(key_line(self._ids, self._note, self.size.width))
