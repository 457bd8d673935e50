"""What the command palette offers: the same actions as the keys, and every theme. Must not do anything itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode

from claude_tui.ui.dialogs.help_screen import key_text
from claude_tui.ui.settings.keys import (
    BY_ID,
    DAYS_BINDINGS,
    GENERAL,
    LOOK,
    ROW_BINDINGS,
    SCREEN_BINDINGS,
    SESSION_BINDINGS,
    VIEWS,
)

if TYPE_CHECKING:
    from claude_tui.ui.main_screen.screen import MainScreen

_SKIPPED = frozenset({"palette", "back"})


def commands(app: App[Any], screen: MainScreen) -> Iterator[SystemCommand]:
    """Every action by its name, then the themes."""
    for binding in (*VIEWS, *LOOK, *GENERAL):
        if binding.id not in _SKIPPED:
            yield _command(binding, partial(_run, screen if binding in SCREEN_BINDINGS else app, binding.action))
    for id in ("sort-next", "sort-reverse", "heatmap-metric"):
        yield _command(BY_ID[id], partial(_run_on_focused, screen, BY_ID[id].action))
    for binding in (*ROW_BINDINGS, *SESSION_BINDINGS, *DAYS_BINDINGS):
        yield _command(binding, partial(_run_in_view, screen, binding.action))
    for name in sorted(app.available_themes):
        yield SystemCommand(f"Theme: {name}", "Use this theme", partial(setattr, app, "theme", name))


def _command(binding: Binding, run: Callable[[], Any]) -> SystemCommand:
    return SystemCommand(f"{binding.description}  ({key_text(binding)})", binding.tooltip, run)


async def _run(node: DOMNode, action: str) -> None:
    await node.app.run_action(action, default_namespace=node)


async def _run_on_focused(screen: MainScreen, action: str) -> None:
    if screen.focused is not None:
        await _run(screen.focused, action)


async def _run_in_view(screen: MainScreen, action: str) -> None:
    if not screen.is_up_to_date:
        return  # the selected row is of another place
    if hasattr(screen.view, f"action_{action}"):
        await _run(screen.view, action)
    else:
        screen.say_not_here()
