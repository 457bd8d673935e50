"""A terminal driver that holds back what Textual draws until the first numbers are in it.

The terminal shows a picture already (see `first_frame`), which an empty screen must not come after. Must not know
what is drawn.
"""

from __future__ import annotations

from typing import Any, Final

from claude_tui.ui.terminal.drivers.quiet_driver import QuietDriver
from claude_tui.ui.terminal.first_frame import ENTER

BEGIN: Final = "\x1b[?2026h"
END: Final = "\x1b[?2026l"
"""Between these a terminal that knows them shows nothing new."""


class HeldDriver(QuietDriver):
    """Writes nothing before `release`, and then does not enter the screen that the terminal is on."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._held: list[str] | None = []

    def write(self, data: str) -> None:
        """Write, or keep for later."""
        if self._held is None:
            super().write(data)
        else:
            self._held.append(data)

    def release(self) -> None:
        """Write what was held back, at once; from now on hold nothing."""
        if self._held is not None:
            held, self._held = "".join(self._held), None
            # One picture, whose first parts are still empty: not to be seen before the last is there.
            whole = held.replace(ENTER, "", 1).replace(BEGIN, "").replace(END, "")
            super().write(f"{BEGIN}{whole}{END}")

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self.release()
        super().stop_application_mode()
