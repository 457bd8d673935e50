"""The bottom line: the keys that matter here, and what the money means. Must not know what a key does."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message

from claude_tui.ui.settings.keys import BY_ID
from claude_tui.ui.widgets.line import TextLine

MEANING = "at API list prices, not your bill"

MOST = 8
"""More keys than this only where what the money means is still said beside them."""


LAST = "help"
"""The key that stays longest: it leads to all others."""


def _words(id: str) -> tuple[str, str]:
    binding = BY_ID[id]
    return binding.key_display or binding.key.split(",")[0], binding.description.lower()


def _length(id: str) -> int:
    return sum(map(len, _words(id))) + 3


def shown_keys(ids: Sequence[str], width: int) -> list[str]:
    """As many of these keys as fit, the first ones and the last."""
    shown = [*(id for id in ids if id != LAST), *(id for id in ids if id == LAST)]
    while len(shown) > 1 and sum(map(_length, shown)) + (len(MEANING) + 2 if len(shown) > MOST else 0) > width:
        shown.pop(-2)
    return [id for id in shown if _length(id) <= width]


def key_at(ids: Sequence[str], width: int, x: int) -> str:
    """Return the key of these that is at a cell of the line, "" if there is none."""
    end = 0
    for id in shown_keys(ids, width):
        end += _length(id)
        if x < end:
            return id
    return ""


def key_line(ids: Sequence[str], note: str, width: int) -> Content:
    """The keys that fit, and the note at the right if there is room for it."""
    shown = shown_keys(ids, width)
    parts: list[tuple[str, str]] = []
    for id in shown:
        key, words = _words(id)
        parts += [(f" {key}", "bold $primary"), (f" {words} ", "$quiet")]
    used = sum(map(_length, shown))
    for text in (note, note.partition(" · ")[0]):
        if text and used + len(text) + 2 <= width:
            parts += [(" " * (width - used - len(text) - 1), ""), (text, "$faint")]
            break
    return Content.assemble(*parts)


class KeyBar(TextLine):
    """The bottom line."""

    class Chosen(Message):
        """A key was clicked: the id of its binding."""

        def __init__(self, id: str) -> None:
            self.id = id
            super().__init__()

    def __init__(self) -> None:
        super().__init__("keybar")
        self._ids: tuple[str, ...] = ()
        self._note = MEANING

    def offer(self, ids: Sequence[str], prices: str) -> None:
        """Show these keys, and where the prices are from."""
        self._ids = tuple(ids)
        self._note = MEANING + (f" · {prices}" if prices else "")
        self.show(key_line(self._ids, self._note, self.size.width))

    def on_click(self, event: events.Click) -> None:
        """Do what the key under the mouse does."""
        offset = event.get_content_offset(self)
        id = key_at(self._ids, self.size.width, offset.x) if offset is not None else ""
        if id:
            self.post_message(self.Chosen(id))

    def on_resize(self) -> None:
        """As many keys as fit."""
        self.show(key_line(self._ids, self._note, self.size.width))
