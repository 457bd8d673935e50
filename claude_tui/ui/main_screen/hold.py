"""Between two views: what was on screen stays until the view that comes is drawn as large as it is.

Must not draw anything, nor know which view comes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from textual.geometry import Size
from textual.timer import Timer
from textual.widget import Widget

from claude_tui.ui.terminal.painted_app import PaintedApp
from claude_tui.ui.widgets.edges.meters import Meters

if TYPE_CHECKING:
    from claude_tui.ui.main_screen.drawn_screen import DrawnScreen

AT_REST: Final = 3
"""After so many refreshes without another size, the parts of a view have come to rest."""

FRAME_S: Final = 1 / 60
"""How soon a layout that is due is looked for again."""

HELD_S = 0.4
"""What was on screen stays at most so long while another view is drawn."""


class Hold:
    """Keeps the terminal as it is from `begin` to `end`, at most `HELD_S`. Holding twice is holding once."""

    def __init__(self, screen: DrawnScreen) -> None:
        self._screen = screen
        self._patience: Timer | None = None
        self._times = 0
        """How often something was held."""
        self._drawn_sizes: list[Size] = []
        """How large the parts were when they were drawn last."""

    def begin(self) -> None:
        """Leave what is on screen."""
        app = self._screen.app
        if isinstance(app, PaintedApp):
            app.hold()
            self._times += 1
            self._forget_patience()
            self._patience = self._screen.set_timer(HELD_S, partial(self._run_out, self._times))

    def end(self) -> None:
        """Show what is drawn."""
        app = self._screen.app
        self._forget_patience()
        if isinstance(app, PaintedApp):
            app.let_go()

    def _run_out(self, times: int) -> None:
        """Patience is over, if it is not that with another view: a timer that is stopped may still be heard."""
        if times == self._times:
            self.end()

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.stop()
            self._patience = None

    def end_if_whole(self, draws: int, times: int = AT_REST) -> None:
        """Show what is drawn, once nothing in it changes its size any more and all is there that it asked for.

        What is drawn first in a view has no size before; then it is drawn again, and that counts from the start.

        Args:
            draws: How often the view had been drawn when this was asked for; a later drawing asks by itself.
            times: How many refreshes are still waited for.
        """
        screen = self._screen
        if not (isinstance(screen.app, PaintedApp) and screen.app.is_held):
            return
        if not screen.is_active:
            self.end()  # nothing is laid out below a dialog
            return
        view = screen.view
        fits = screen.shown is not None and screen.shown is view.shown and self.has_drawn_sizes
        if not (fits and view.size and view.draws == draws and view.is_whole):
            return
        if self._moves:
            # Not after the refresh: what asks for that again and again leaves no other task its turn.
            screen.set_timer(FRAME_S, lambda: self.end_if_whole(draws, times))
        elif times:
            screen.call_after_refresh(self.end_if_whole, draws, times - 1)
        else:
            self.end()

    @property
    def _moves(self) -> bool:
        """Whether a part asks for a layout that the screen has not made: each part says so in its own turn."""
        screen = self._screen
        is_asked = any(part._layout_required for part in (screen, screen.view, *screen.view.walk_children(Widget)))
        return is_asked or bool(screen.message_queue_size)

    def note_sizes(self) -> None:
        """The parts are about to be drawn for the sizes they have now."""
        self._drawn_sizes = self._sizes()

    @property
    def has_drawn_sizes(self) -> bool:
        """Whether all parts have the sizes they were drawn for."""
        return self._sizes() == self._drawn_sizes

    def _sizes(self) -> list[Size]:
        screen = self._screen
        return [part.size for part in (*screen.query_one(Meters).children, *screen.view.walk_children(Widget))]
