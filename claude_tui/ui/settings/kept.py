"""The settings as they are now, changed one step at a time, and the file they are kept in. Must not use them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from claude_tui.ui.settings import choices, last_look
from claude_tui.ui.settings.declared import LAST, VIEWS
from claude_tui.ui.settings.file import Settings, save, with_options
from claude_tui.ui.settings.last_look import LastLook


class KeptSettings:
    """The settings, written to their file when a person changes one."""

    def __init__(
        self, now: Settings, path: Path | None, complain: Callable[[str], None], look_path: Path | None = None
    ) -> None:
        """Start with some settings.

        Args:
            now: The settings to start with.
            path: The file changes are kept in; None keeps nothing.
            complain: Called with a sentence if something cannot be saved; it is used all the same.
            look_path: The file that says how the screen was left; None keeps nothing.
        """
        self.now = now
        self.path = path
        self.last = last_look.read(look_path) if look_path is not None else LastLook()
        """How the screen was left, or is left by now."""
        self._complain = complain
        self._look_path = look_path

    @property
    def first_view(self) -> str:
        """The view a start begins with."""
        return self.now.view if self.now.view != LAST else self.last.view or VIEWS[0]

    def leave(self, look: LastLook) -> None:
        """Keep how the screen is left for the next start; that it cannot be is of no importance."""
        if look != self.last:
            self.last = look
            if self._look_path is not None:
                with suppress(OSError):
                    last_look.write(self._look_path, look)

    def step(self, name: str, step: int, all_themes: Sequence[str]) -> None:
        """Set a setting to its next or previous value and keep it."""
        value = choices.stepped(self.now, name, step, all_themes)
        self.now = with_options(self.now, **{name: value})
        self.keep("screen", name, value)

    def set_tree(self, is_tree: bool) -> None:
        """Take over and keep whether sub-agents are shown."""
        self.now = replace(self.now, tree=is_tree)
        self.keep("screen", "tree", is_tree)

    def keep(self, section: str, name: str, value: object) -> None:
        """Write one value to the file."""
        if self.path is None:
            return
        try:
            save(self.path, section, name, value)
        except (OSError, ValueError) as error:
            self._complain(str(error))
