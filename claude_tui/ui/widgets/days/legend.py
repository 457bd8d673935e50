"""What the glyphs of the heatmap stand for. Must not know any day."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from claude_tui.ui.widgets.days.heatmap import GLYPHS, OVER, REMEMBERED
from claude_tui.ui.widgets.line import assemble


def legend(metric: str, width: int, has_remembered: bool, glyphs: str = GLYPHS, *, has_over: bool = False) -> Content:
    """What the glyphs of the heatmap stand for, as much of it as fits, and what it shows."""
    levels = [(f"{glyph} ", f"$heat-{level}") for level, glyph in enumerate(glyphs)]
    groups: list[tuple[int, Sequence[tuple[str, str]]]] = [
        (1, [("less ", "$quiet"), *levels, ("more", "$quiet")]),
        (3, [("- ", "$faint"), ("no data", "$quiet")]),
        (0, [(metric, "$quiet")]),
    ]
    if has_remembered:
        groups.insert(2, (2, [(glyphs[2], "$heat-2"), (f"{REMEMBERED} logs gone", "$quiet")]))
    if has_over:
        groups.insert(2, (2, [(OVER, "bold $error"), (" over budget", "$quiet")]))
    return assemble(groups, width)
