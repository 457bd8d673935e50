"""The hours of the week as a picture. Draws what `text.drawings.week` decides."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from claude_tui import figures
from claude_tui.ui.text.drawings import week
from claude_tui.ui.widgets.line import TextLine

STYLES = {"label": "$quiet", "": "", **{f"heat-{level}": f"$heat-{level}" for level in range(5)}}


class WeekHeat(TextLine):
    """What each hour of the week cost."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.add_class("week")
        self._given: tuple[Sequence[Sequence[int]], str, str] | None = None

    def draw(self, sums: Sequence[Sequence[int]] | None, glyphs: str, period: str) -> None:
        """Show the sums of each hour of each weekday; None: they are not known yet."""
        self.border_title = Content.assemble(("hours of the week", "bold $foreground"), (f"  {period}", "$quiet"))
        if sums is None:
            self._given = None
            self.border_subtitle = ""
            self.show(Content.styled("reading single responses…", "$quiet"))
            return
        self._given = sums, glyphs, period
        day, hour, nano = week.busiest(sums)
        most = f"most {day} {hour}:00, {figures.money(nano, 8)}" if nano else "nothing"
        self.border_subtitle = Content.styled(most, "$quiet")
        lines = [
            Content.assemble(*((text, STYLES[kind]) for text, kind in line))
            for line in week.draw(sums, *self.size, glyphs)
        ]
        self.show(Content("\n").join(lines))

    def on_resize(self) -> None:
        """As wide and high as there is room."""
        if self._given is not None:
            self.draw(*self._given)
