"""Hands the terminal over from the last picture to what the app draws, and keeps the next picture.

Must not know what is drawn, nor when it is whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import constants

from claude_tui.ui.terminal.first_frame import FirstFrame

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver

KEEP_S = 60.0
"""How often the screen is kept for the next start, beside when the program is left."""


class FirstScreen:
    """What there is to do about a `FirstFrame` while an app runs; nothing if there is none."""

    def __init__(self, frame: FirstFrame | None) -> None:
        self._frame = frame
        self._is_held = frame is not None and frame.is_shown

    @property
    def driver_class(self) -> type[Driver] | None:
        """The driver the app needs; None for Textual's own choice."""
        if self._is_held:
            from claude_tui.ui.terminal.drivers.held_driver import HeldDriver

            return HeldDriver
        if constants.DRIVER is not None:
            from claude_tui.ui.terminal.drivers.served_driver import NAME, ServedDriver

            return ServedDriver if constants.DRIVER == NAME else None
        from claude_tui.ui.terminal.drivers.quiet_driver import QuietDriver

        return QuietDriver

    def started(self) -> None:
        """The app is in the terminal, and gives it back when it ends."""
        if self._frame is not None:
            self._frame.taken_over()

    def drawn(self, app: Any) -> None:
        """The first numbers are drawn: show them, and all that is drawn from now on. `app` is a `PaintedApp`."""
        if self._is_held:
            self._is_held = False
            app._driver.release()
        app.show_from_now_on()

    def keep(self, app: App[Any], *, if_new: bool = False) -> None:
        """Keep what is on the screen for the next start; `if_new`, unless it is what was kept last."""
        if self._frame is not None:
            lines = [strip.render(app.console) for strip in app.screen._compositor.render_strips()]
            self._frame.keep(lines, app.size.width, if_new=if_new)
