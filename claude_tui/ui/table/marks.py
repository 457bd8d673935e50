"""How what a filter found is marked in a text. Must not know what is looked for."""

from __future__ import annotations

import re
from typing import Final

from rich.segment import Segment
from rich.style import Style

MATCH: Final = Style(bold=True, underline=True)
"""What is added to the style of a text the filter found: seen in every theme, and without colours."""


def marked(text: str, style: Style, pattern: re.Pattern[str] | None) -> list[Segment]:
    """Return a text in a style, what matches a pattern marked."""
    if pattern is None:
        return [Segment(text, style)]
    parts, end = [], 0
    for found in pattern.finditer(text):
        parts += [Segment(text[end : found.start()], style), Segment(found[0], style + MATCH)]
        end = found.end()
    return [part for part in (*parts, Segment(text[end:], style)) if part.text]
