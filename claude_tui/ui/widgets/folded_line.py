"""The line that stands for the sessions that are done: how many, and the key that shows them."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message

from claude_tui.ui.widgets.line import TextLine


class FoldedLine(TextLine):
    """One line below a table, for rows that are not shown."""

    class Unfolded(Message):
        """The line was clicked."""

    def __init__(self) -> None:
        super().__init__("folded")

    def draw(self, count: int, *, are_more: bool) -> None:
        """Say how many sessions are folded, beside those that are done and shown or of all that are done."""
        said = f"{count:,} {'more ' if are_more else ''}done"
        self.show(Content.assemble((said, "$quiet"), ("  d", "$primary"), (" shows them", "$quiet")))

    def on_click(self, event: events.Click) -> None:
        """Ask for them."""
        event.stop()
        self.post_message(self.Unfolded())
