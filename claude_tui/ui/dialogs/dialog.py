"""What all dialogs have in common: each is closed once, also by a click beside it. Must not know what is asked."""

from __future__ import annotations

from textual import events
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen, ScreenResultType


class ClosesOnce(Screen[ScreenResultType]):
    """A screen that may be told to close while it closes: the second click of two was on its way already."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close with an answer; does nothing where another screen is on top."""
        return super().dismiss(result) if self.is_current else AwaitComplete()


class Dialog(ModalScreen[ScreenResultType], ClosesOnce[ScreenResultType]):
    """A window over the view."""  # Textual takes the styles of the first class alone

    def on_click(self, event: events.Click) -> None:
        """A click beside the window closes it, as Escape does."""
        if event.widget is self:
            self.leave()

    def leave(self) -> None:
        """Close without an answer, as Escape does."""
        self.dismiss(None)
