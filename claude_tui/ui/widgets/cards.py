"""Cards of running sessions, as many side by side as there is room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message

from claude_tui.model import SessionRow
from claude_tui.ui.table.cells import Frame
from claude_tui.ui.text import card
from claude_tui.ui.widgets.line import Line
from claude_tui.widths import cut

MOST = 6


class Card(Line):
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
        self._drawn: tuple[SessionRow, Sequence[int], Frame] | None = None

    def on_resize(self) -> None:
        """Draw the same for another width."""
        if self._drawn is not None:
            self.draw(*self._drawn)

    def draw(self, row: SessionRow, tokens: Sequence[int], frame: Frame) -> None:
        """Show a session."""
        self.row = row
        self._drawn = row, tokens, frame
        figures = card.figures_of(row)
        width = self.size.width
        self.border_title = Content.styled(cut(row.name.strip(), max(4, width - 2)), "bold $foreground")
        self.border_subtitle = figures
        self.set_class(row.activity.is_waiting_for_you, "-waits")
        self.show(card.lines(row, tokens, frame.project(row.project_name), frame.now_ms, width))

    def on_click(self) -> None:
        """Select its row."""
        if self.row is not None:
            self.post_message(self.Chosen(f"{self.row.source}:{self.row.key}"))


class Cards(Horizontal):
    """The running sessions, those that wait for a person first."""

    def __init__(self) -> None:
        super().__init__(id="cards")
        self.cards = [Card() for _ in range(MOST)]
        self._shown: tuple[Sequence[SessionRow], Mapping[tuple[str, str], Sequence[int]], Frame] | None = None

    def compose(self) -> ComposeResult:
        """All there may be."""
        yield from self.cards

    def draw(self, rows: Sequence[SessionRow], tokens: Mapping[tuple[str, str], Sequence[int]], frame: Frame) -> None:
        """Show the first of some sessions."""
        self._shown = rows, tokens, frame
        fits = max(1, min(MOST, self.size.width // card.LEAST_WIDTH))
        for index, one in enumerate(self.cards):
            one.display = index < min(fits, len(rows))
            if one.display:
                row = rows[index]
                one.draw(row, tokens.get((row.source, row.key), ()), frame)

    def on_resize(self) -> None:
        """As many as fit, each drawn for its width."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Draw the same again for another size."""
        if self._shown is not None:
            self.draw(*self._shown)
