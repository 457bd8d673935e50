"""What glyphs of the heatmap and series of the chart stand for. Must not know any day."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from claude_tui.ui.widgets.days.heatmap import GLYPHS, OVER, REMEMBERED
from claude_tui.ui.widgets.line import assemble
from claude_tui.widths import cut, width


def legend(metric: str, columns: int, has_remembered: bool, glyphs: str = GLYPHS, *, has_over: bool = False) -> Content:
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
    return assemble(groups, columns)


def fitted_names(names: Sequence[str], columns: int) -> list[str]:
    """The names of a legend of at most `columns` cells, each beside its sign: the longest are cut until all fit.

    Where there are no three cells for each, names are left out from the end, and their signs stand alone.
    """
    cuts = list(names)
    for room in range(max(map(width, names), default=0), 2, -1):
        cuts = [cut(name, room) for name in names]
        if sum(width(name) + 4 for name in cuts) - 2 <= columns:
            return cuts
    for last in reversed(range(len(cuts))):
        if sum(width(name) + 4 if name else 2 for name in cuts) - 2 <= columns:
            break
        cuts[last] = ""
    return cuts
