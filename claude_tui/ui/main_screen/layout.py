"""What fits around the view, and drawing it. A size becomes names of classes that the style sheet knows.

Must not know how one got to a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from textual.screen import Screen

from claude_tui.model import Snapshot
from claude_tui.ui.widgets.edges.header import short_line
from claude_tui.ui.widgets.edges.keybar import KeyBar
from claude_tui.ui.widgets.edges.meters import Meters
from claude_tui.ui.widgets.edges.status import HeaderStatus
from claude_tui.ui.widgets.edges.topbar import TopBar
from claude_tui.ui.widgets.line import TextLine

CLASSES: Final = ("-wide", "-medium", "-narrow", "-mini", "-short", "-tall", "-flat", "-with-topbar")
"""All classes there are on the screen."""

METERS: Final = "meters"
"""That there is room for meters: no class, since it depends on the view, and with a class all styles are made again."""


def classes(width: int, height: int, view: str, is_zoomed: bool) -> set[str]:
    """The classes for a size, and whether there are meters: the table always has room, then the keys, then the meters.

    120 columns are wide, 80 hold two panels side by side, 50 one; below that, or below 10 lines, one line says
    what matters and the rest is the view's. The live view keeps its meters longest.
    """
    if width < 50 or height < 10:
        # Eight lines are just enough for a line of meters and the days of a week.
        return {"-mini"} | ({"-short"} if height < 20 else set()) | ({"-flat"} if height <= 8 else set())
    found = {"-with-topbar", "-wide" if width >= 120 else "-medium" if width >= 80 else "-narrow"}
    if height < 20:
        found.add("-short")
    if height >= 30:
        found.add("-tall")
    if width >= 80 and not is_zoomed and (height >= 30 or (view == "live" and height >= 20)):
        found.add(METERS)
    return found


def fit(screen: Screen[Any], width: int, height: int, view: str) -> None:
    """Choose what there is room for."""
    is_zoomed = screen.has_class("-zoom")
    chosen = classes(width, height, view, is_zoomed)
    screen.update_classes({name: name in chosen for name in CLASSES})
    screen.query(Meters).set(display=METERS in chosen)
    screen.query("#meterline").set(display=METERS not in chosen and not is_zoomed)


def draw_header(screen: Screen[Any], snapshot: Snapshot, status: HeaderStatus, width: int) -> None:
    """Draw what is above the view."""
    has_topbar = screen.has_class("-with-topbar")
    if has_topbar:
        screen.query_one(TopBar).draw(snapshot, status, width)
    meters = screen.query_one(Meters)
    if meters.display:
        meters.show(snapshot, status)
    else:
        line = short_line(snapshot, status, width - 2, alone=not has_topbar)
        screen.query_one("#meterline", TextLine).show(line)


def draw_keys(screen: Screen[Any], keys: Sequence[str], prices: str, *, can_go_back: bool) -> None:
    """Draw the keys that do something here, the way back after the first."""
    first, *others = keys
    screen.query_one(KeyBar).offer((first, *(("back",) if can_go_back else ()), *others), prices)
