"""Keys, each done with before the next is looked at, however fast they are typed.

Textual hands a key to the widget that has the focus when the key arrives: of two typed at once the second goes to
the view the first one leaves. Here the second waits. A key for rows that are not there yet waits for them, and every
key behind it with it. Must not know what a key does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from textual import events
from textual.command import CommandPalette
from textual.screen import Screen
from textual.widgets import Input

AT_ONCE: Final = frozenset({"quit", "suspend_process"})
"""The actions that never wait."""


class TypeAhead:
    """The keys of a screen and those of its dialogs, in the order they were typed."""

    def __init__(
        self,
        screen: Screen[Any],
        forward: Callable[[events.Event], Awaitable[None]],
        lacks_rows: Callable[[], bool],
        is_for_rows: Callable[[Any], bool],
    ) -> None:
        """Set up without a key.

        Args:
            screen: The screen that has rows.
            forward: What the app does with a key nothing is bound to.
            lacks_rows: Whether the rows of the present place are not there yet.
            is_for_rows: Whether what a node of the screen does, it does to rows.
        """
        self._screen = screen
        self._forward = forward
        self._lacks_rows = lacks_rows
        self._is_for_rows = is_for_rows
        self._waiting: deque[events.Key] = deque()

    @property
    def is_waiting(self) -> bool:
        """Whether there are keys whose turn has not come."""
        return bool(self._waiting)

    async def take(self, key: events.Key) -> None:
        """Do what a key says now, or when its turn comes. Only to be called in the app's own turn."""
        if not self._screen.is_active:
            self._waiting.clear()  # a dialog came between
        if self._must_wait(key):
            self._waiting.append(key)
        else:
            await self._do(key)

    async def go_on(self) -> None:
        """There may be rows now: do what the first key says that waits, and then look at the next.

        Only to be called in the app's own turn, as `take` is.
        """
        if self._waiting and not self._needs_rows(self._waiting[0]):
            await self._do(self._waiting[0])
            self._waiting.popleft()
            self._screen.app.call_next(self.go_on)

    def _must_wait(self, key: events.Key) -> bool:
        if self._waiting:
            bound = self._screen.app.screen.active_bindings.get(key.key)
            return bound is None or bound.binding.action not in AT_ONCE
        return self._needs_rows(key)

    def _needs_rows(self, key: events.Key) -> bool:
        if not self._lacks_rows():
            return False
        bound = self._screen.app.screen.active_bindings.get(key.key)
        return bound is not None and self._is_for_rows(bound.node)

    async def _do(self, key: events.Key) -> None:
        app = self._screen.app
        app.app_focus = True
        line = app.focused
        if CommandPalette.is_open(app):
            await self._forward(key)  # it reads its keys itself
        elif isinstance(line, Input) and key.is_printable and key.character is not None:
            line.replace(key.character, *line.selection)
        elif not (await app._check_bindings(key.key, priority=True) or await app._check_bindings(key.key)):
            await self._forward(key)
