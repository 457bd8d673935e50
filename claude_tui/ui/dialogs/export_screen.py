"""Asks where rows are written to, and has them written. Must not know what the rows are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from claude_tui.sources.values.display import display_name
from claude_tui.ui.dialogs.dialog import Dialog


class ExportScreen(Dialog[Path]):
    """Asks for the name of a file; the answer is the file that was written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", show=False),
        # Before the line, which would only send word of it: the next key may be for what is below.
        Binding("enter", "write", show=False, priority=True),
    ]

    def __init__(self, what: str, proposed: str, write: Callable[[Path, bool], Awaitable[None]]) -> None:
        """Set up.

        Args:
            what: What is written, in a few words.
            proposed: The name that stands in the line at first.
            write: Writes to a file; is told whether one that exists is replaced, else raises FileExistsError. Raises
                OSError or ValueError if it cannot.
        """
        super().__init__()
        self._what = what
        self._proposed = proposed
        self._write = write
        self._is_writing = False
        self._told_of = ""
        """The name of which it was said last that there is such a file."""

    def compose(self) -> ComposeResult:
        """The line, and below it what is wrong with what stands in it."""
        with Vertical(id="export-box") as box:
            box.border_title = Content.styled(f"write {self._what} to", "bold $foreground")
            box.border_subtitle = Content.styled("Enter writes · Esc cancels", "$quiet")
            yield Input(self._proposed, id="export-path", compact=True, select_on_focus=False)
            yield Static("", id="export-said", markup=False)

    def on_mount(self) -> None:
        """Begin in the line."""
        self.set_focus(self.query_one(Input))

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was said was about another name."""
        if event.value != self._told_of:
            self._told_of = ""
            self._say("")

    def action_write(self) -> None:
        """Write to the file whose name stands in the line."""
        if not self._is_writing:
            self._is_writing = True
            self._try(self.query_one(Input).value)

    @work(exit_on_error=False, group="export")
    async def _try(self, name: str) -> None:
        try:
            path = _path(name)
            await self._write(path, name == self._told_of)
        except FileExistsError:
            self._told_of = name
            self._say("the file exists; Enter replaces it, Esc cancels", "$warning")
        except OSError as error:
            self._say(f"not written: {error.strerror or error}", "$error")
        except (ValueError, RuntimeError) as error:
            self._say(f"not written: {error}", "$error")
        else:
            self.dismiss(path)
        finally:
            self._is_writing = False

    def _say(self, text: str, style: str = "") -> None:
        self.query_one("#export-said", Static).update(Content.styled(display_name(text), style))


def _path(name: str) -> Path:
    """Raises ValueError if there is no name, RuntimeError if it begins with the name of nobody: ~nobody."""
    if not name.strip():
        raise ValueError("the file needs a name")
    return Path(name).expanduser().absolute()
