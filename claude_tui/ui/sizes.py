"""What there is room for. Pure: a size becomes the names of classes, which the style sheet knows."""

from __future__ import annotations

from typing import Final

CLASSES: Final = ("-wide", "-medium", "-narrow", "-mini", "-short", "-tall", "-with-topbar", "-with-meters")
"""All classes there are."""


def classes(width: int, height: int, view: str, is_zoomed: bool) -> set[str]:
    """The classes for a size: the table always has room, then the keys, then the meters.

    120 columns are wide, 80 hold two panels side by side, 50 one; below that, or below 10 lines, one line says
    what matters and the rest is the view's. The live view keeps its meters longest.
    """
    if width < 50 or height < 10:
        return {"-mini"} | ({"-short"} if height < 20 else set())
    found = {"-with-topbar", "-wide" if width >= 120 else "-medium" if width >= 80 else "-narrow"}
    if height < 20:
        found.add("-short")
    if height >= 30:
        found.add("-tall")
    if width >= 80 and not is_zoomed and (height >= 30 or (view == "live" and height >= 20)):
        found.add("-with-meters")
    return found
