"""The overlay of `i`: what is known of a figure at once, and below it what reading the logs again finds.

Must not know how a figure came about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from claude_tui.sources.values.display import display_name
from claude_tui.ui.dialogs.dialog import Dialog
from claude_tui.ui.text.statements import Statement, Statements, fact, laid_out


class ExplanationText(Static):
    """Statements, laid out for the width there is."""

    def __init__(self) -> None:
        super().__init__(id="explain-text", markup=False)
        self._lines: Statements = []
        self._laid_out_for = -1

    def show(self, lines: Statements) -> None:
        """Show these."""
        self._lines, self._laid_out_for = lines, self.size.width
        self.update(laid_out(lines, self.size.width))

    def on_resize(self) -> None:
        """Lay them out again if the width is another one; their height is what they need."""
        if self.size.width != self._laid_out_for:
            self.show(self._lines)


class ExplainScreen(Dialog[None]):
    """The explanation of a figure."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,q,enter,backspace", "dismiss", "Close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("e", "edit", show=False),
        Binding("O", "show_folder", show=False),
    ]

    def __init__(
        self,
        name: str,
        lines: Sequence[Statement],
        more: Callable[[], Statements],
        edit: Callable[[], None] | None = None,
        folder: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Set up the screen.

        Args:
            name: What is explained.
            lines: What is known at once.
            more: What takes time to find out; called in a thread.
            edit: Opens the log of what is explained, if it has one place in one.
            folder: Shows the folder of what is explained, if it has one.
        """
        super().__init__()
        self._heading = name
        self._lines = list(lines)
        self._more = more
        self._edit = edit
        self._folder = folder

    def compose(self) -> ComposeResult:
        """The lines, in a box that scrolls."""
        with VerticalScroll(id="explain") as box:
            box.border_title = Content.styled(self._heading, "bold $foreground")
            box.border_subtitle = self._keys()
            yield ExplanationText()

    def _keys(self) -> Content:
        """What can be done from here, by key or by click."""
        offered = [("e", "log", "screen.edit")] if self._edit is not None else []
        offered += [("O", "folder", "screen.show_folder")] if self._folder is not None else []
        parts: list[tuple[str, str]] = []
        for key, word, action in offered:
            parts += [(f"{key} {word}", f"$quiet @click={action}"), (" · ", "$quiet")]
        return Content.assemble(*parts, ("↑↓ scroll · ", "$quiet"), ("Esc closes", "$quiet @click=screen.dismiss"))

    def on_mount(self) -> None:
        """Find out the rest."""
        self._find_out()

    @work(exit_on_error=False, exclusive=True)
    async def _find_out(self) -> None:
        text = self.query_one(ExplanationText)
        text.show([*self._lines, Content(""), Content.styled("reading the logs again…", "$quiet")])
        try:
            found = await asyncio.to_thread(self._more)
        except Exception as error:  # whatever it is, what is known already stays on screen
            found = [fact("not explained", "", display_name(f"{type(error).__name__}: {error}"))]
        self._lines += [Content(""), *found]
        text.show(self._lines)

    def action_edit(self) -> None:
        """Open the log, as `e` does without the explanation over it."""
        if self._edit is not None:
            self._edit()

    async def action_show_folder(self) -> None:
        """Show the folder, as `O` does without the explanation over it."""
        if self._folder is not None:
            await self._folder()

    def action_scroll(self, lines: int) -> None:
        """Scroll if the lines do not fit."""
        self.query_one("#explain", VerticalScroll).scroll_relative(y=lines, animate=False)
