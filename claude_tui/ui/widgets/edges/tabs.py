"""The numbered views in the top line, as many of their names as there is room for. Must not know what is in a view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from claude_tui.model import Snapshot
from claude_tui.ui.settings.declared import VIEWS
from claude_tui.ui.text.names import superscript
from claude_tui.ui.widgets.edges.status import HeaderStatus
from claude_tui.ui.widgets.line import Part

SHORT_TABS: Final = {"projects": "Proj", "sessions": "Sess"}
"""What two views are called where the whole names would touch each other."""

SPACED_FROM: Final = 88
"""From so many cells on there is room for the whole names with a space between them."""


def tabs(active: str, width: int, has_shades: bool = True, *, named_from: int = 76) -> list[Part]:
    """The numbered views, the active one marked; only their numbers in fewer than `named_from` cells."""
    parts: list[Part] = []
    marked = "bold $foreground on $panel" if has_shades else "bold reverse"
    full = width >= named_from
    if width >= 112:
        own = "bold $background on $primary" if has_shades else "bold reverse $primary"
        parts = [(" claude-top ", own), (" ", "")]
    for number, name in enumerate(VIEWS, 1):
        called = SHORT_TABS.get(name, name.capitalize()) if full and width < SPACED_FROM else name.capitalize()
        label = f"{superscript(number)}{called if full or name == active else ''}"
        pad = " " if width >= 112 or name == active else ""
        parts.append((f"{pad}{label} ", marked if name == active else "$quiet"))
    return parts


def tab_at(parts: Sequence[Part], x: int) -> str:
    """Return the view whose tab of these is at a cell, "" if there is none."""
    end, before = 0, len(parts) - len(VIEWS)
    for index, (text, _) in enumerate(parts):
        end += len(text)
        if x < end:
            return VIEWS[index - before] if index >= before else ""
    return ""


def shown_tabs(snapshot: Snapshot, status: HeaderStatus, width: int) -> list[Part]:
    """The tabs as the top line has room for them."""
    # What is lost for good is said beside what goes on; the names of the views can wait.
    named_from = 96 if snapshot.progress.history else 76
    return tabs(status.tab or status.view, width, status.has_shades, named_from=named_from)
