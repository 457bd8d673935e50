"""One line of the screen: parts that fit its width, drawn again only when they differ. Must not know what they say."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

Part = tuple[str, str]
"""Text and its style."""


def assemble(groups: Sequence[tuple[int, Sequence[Part]]], width: int, gap: Part = (" · ", "$line")) -> Content:
    """Groups of parts on one line, in order; while they do not fit, the one with the highest number goes."""
    kept = list(groups)
    while kept:
        line: list[Part] = []
        for _, parts in kept:
            line += [gap, *parts] if line else parts
        if sum(len(text) for text, _ in line) <= width or len(kept) == 1:
            return Content.assemble(*line)
        kept.remove(max(kept, key=lambda group: group[0]))
    return Content("")


class TextLine(Static):
    """One line of text that is drawn only when it differs."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._content: Content | None = None

    def show(self, content: Content) -> None:
        """Show a line."""
        if self._content is None or not content.is_same(self._content):
            self._content = content
            self.update(content, layout=False)
