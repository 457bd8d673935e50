"""The five-hour block that is open, for the header: asked for seldom, as only its minutes are shown."""

from __future__ import annotations

from typing import Final

from claude_tui.engine.queries.allowances.blocks import LENGTH_MS, Window
from claude_tui.model import Phase, Snapshot
from claude_tui.ui.source import SnapshotSource

EVERY_MS: Final = 10_000
"""A window is good for so long."""


class OpenBlock:
    """The window that is open. The first look at a long history takes a moment, so it is for a thread of its own."""

    def __init__(self) -> None:
        self._window: Window | None = None
        self._asked_ms = 0
        self._account = ""

    def at(self, source: SnapshotSource, snapshot: Snapshot, now_ms: int) -> Window | None:
        """Return the window that is open at an instant, None if none is or it is not known yet."""
        if snapshot.progress.phase in (Phase.DISCOVERING, Phase.SCANNING):
            return None  # what is counted so far may open at another hour
        if now_ms - snapshot.newest_ms >= LENGTH_MS:
            return None  # whatever was open then is over, and nothing has opened another
        account = snapshot.query.account
        if not 0 <= now_ms - self._asked_ms < EVERY_MS or account != self._account:
            found = source.blocks(now_ms, account)
            self._window, self._account = found.window, account
            self._asked_ms = now_ms if found.is_loaded else 0
        return self._window if self._window is not None and now_ms < self._window.end_ms else None


def left_text(window: Window, now_ms: int, width: int) -> str:
    """How long it stays open in at most `width` cells, "" if that is too few; `~` if its end is an estimate."""
    minutes = max(0, window.end_ms - now_ms) // 60_000
    left = f"{minutes // 60}h {minutes % 60:02d}m" if minutes >= 60 else f"{minutes}m"
    mark = "" if window.is_reported else "~"
    how = "reported" if window.is_reported else "estimated"
    close = left.replace(" ", "")
    texts = (f"5h block {left} left, {how}", f"5h block {mark}{left} left", f"{mark}{close} left", f"{mark}{close}")
    return next((text for text in texts if len(text) <= width), "")
