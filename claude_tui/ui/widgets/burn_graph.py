"""The burn graph: what is spent over time, as high as there is room.

Draws what `text.drawings.burn` and `text.drawings.graph` decide. Must not decide what is drawn.
"""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.message import Message

from claude_tui.ui.text.drawings import burn
from claude_tui.ui.text.drawings.burn import Burned
from claude_tui.ui.text.drawings.graph import AXIS, draw
from claude_tui.ui.widgets.line import TextLine

LEAST_HEIGHT: Final = 7
"""Lines it takes at least, its border included: four of a graph."""

STYLES: Final = {
    "axis": "$quiet",
    "grid": "$line",
    "band": "$quiet",
    "limit": "bold $error",
    **{f"area-{level}": f"$heat-{level}" for level in (1, 2, 3, 4)},
    "": "",
}
"""The styles of the parts of a graph."""


class BurnGraph(TextLine):
    """What is spent over time."""

    class RangeWanted(Message):
        """Another range was asked for."""

    def __init__(self) -> None:
        super().__init__("burn")
        self._burned: Burned | None = None

    @property
    def columns(self) -> int:
        """How many values there is room for."""
        return max(0, self.size.width - AXIS)

    def draw(self, burned: Burned) -> None:
        """Show a graph."""
        self._burned = burned
        names = Content.assemble(
            *(
                part
                for name, text in burn.RANGES.items()
                for part in ((" ", ""), (text, "bold $accent" if name == burned.range else "$quiet"))
            ),
            "  ",
            ("b", "bold $primary"),
        )
        title = "spent in this 5h block" if burned.range == burn.WINDOW else "burn, $/h"
        is_empty = burned.is_empty or not burned.is_known
        self.border_title = Content.assemble((title, "bold $foreground"), " ", names)
        self.border_subtitle = Content.styled("" if is_empty else burn.said(burned), "$quiet")
        if is_empty:
            self.show(Content.styled(burn.nothing(burned), "$quiet"))
            return
        lines = draw(burned.graph, *self.size, burn.label(burned.range))
        drawn = [Content.assemble(*((text, STYLES[kind]) for text, kind in line)) for line in lines]
        self.show(Content("\n").join(drawn))

    def on_resize(self) -> None:
        """As wide and high as there is room."""
        if self._burned is not None:
            self.draw(self._burned)

    def on_click(self) -> None:
        """The next range."""
        self.post_message(self.RangeWanted())
