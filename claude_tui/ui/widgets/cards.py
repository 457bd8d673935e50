"""Cards of running sessions, as many side by side as there is room for.

Must not decide what they say: `text.card` does.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message

from claude_tui.model import SessionRow
from claude_tui.records import NamedTuple
from claude_tui.ui.text import card
from claude_tui.ui.widgets.line import TextLine
from claude_tui.widths import cut

MOST = 6


class RunningSession(NamedTuple):
    """A session, its tokens by the minute, and the short name of its project."""

    row: SessionRow
    tokens: Sequence[int]
    project: str


class SessionCard(TextLine):
    """One session."""

    class Chosen(Message):
        """A card was clicked."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self.add_class("card")
        self.row: SessionRow | None = None
        self._drawn: tuple[SessionRow, Sequence[int], str, int] | None = None

    def on_resize(self) -> None:
        """Draw the same for another width."""
        if self._drawn is not None:
            self.draw(*self._drawn)

    def draw(self, row: SessionRow, tokens: Sequence[int], project: str, now_ms: int) -> None:
        """Show a session, its project by a short name."""
        self.row = row
        self._drawn = row, tokens, project, now_ms
        figures = card.figures_of(row)
        width = self.size.width
        self.border_title = Content.styled(cut(row.called.strip(), max(4, width - 2)), "bold $foreground")
        self.border_subtitle = figures
        self.set_class(row.activity.is_waiting_for_you, "-waits")
        self.show(card.lines(row, tokens, project, now_ms, width))

    def on_click(self) -> None:
        """Select its row."""
        if self.row is not None:
            self.post_message(self.Chosen(f"{self.row.source}:{self.row.key}"))


class LiveCards(Horizontal):
    """The running sessions, those that wait for a person first."""

    def __init__(self) -> None:
        super().__init__(id="cards")
        self.cards = [SessionCard() for _ in range(MOST)]
        self._shown: tuple[Sequence[RunningSession], int] | None = None

    def compose(self) -> ComposeResult:
        """All there may be."""
        yield from self.cards

    def draw(self, running: Sequence[RunningSession], now_ms: int) -> None:
        """Show the first of some sessions."""
        self._shown = running, now_ms
        fits = max(1, min(MOST, self.size.width // card.LEAST_WIDTH))
        for index, one in enumerate(self.cards):
            one.display = index < min(fits, len(running))
            if one.display:
                one.draw(*running[index], now_ms)

    def on_resize(self) -> None:
        """As many as fit, each drawn for its width."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Draw the same again for another size."""
        if self._shown is not None:
            self.draw(*self._shown)
