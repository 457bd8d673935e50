"""The top line and its clicks: each tab leads to its view. Must not decide what the line says: `header` does."""

from __future__ import annotations

from textual import events
from textual.message import Message

from claude_tui.model import Snapshot
from claude_tui.ui.widgets.edges.header import top_line
from claude_tui.ui.widgets.edges.status import HeaderStatus
from claude_tui.ui.widgets.edges.tabs import shown_tabs, tab_at
from claude_tui.ui.widgets.line import Part, TextLine


class TopBar(TextLine):
    """The top line."""

    class ViewWanted(Message):
        """A tab was clicked."""

        def __init__(self, view: str) -> None:
            self.view = view
            super().__init__()

    def __init__(self) -> None:
        super().__init__("topbar")
        self._tabs: list[Part] = []

    def draw(self, snapshot: Snapshot, status: HeaderStatus, width: int) -> None:
        """Show a snapshot."""
        self._tabs = shown_tabs(snapshot, status, width)
        self.show(top_line(snapshot, status, width))

    def on_click(self, event: events.Click) -> None:
        """Ask for the view whose tab is under the mouse."""
        offset = event.get_content_offset(self)
        view = tab_at(self._tabs, offset.x) if offset is not None else ""
        if view:
            self.post_message(self.ViewWanted(view))
