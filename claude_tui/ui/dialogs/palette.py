"""What the command palette offers: the same actions as the keys, and every theme."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from claude_tui.ui.dialogs.help import key_text
from claude_tui.ui.settings.keys import BY_ID, DAYS_BINDINGS, GENERAL, LOOK, ROW_BINDINGS, SESSION_BINDINGS, VIEWS

if TYPE_CHECKING:
    from claude_tui.ui.main_screen.walk import Walk

_SKIPPED = frozenset({"palette", "back"})


def commands(app: Walk) -> Iterator[SystemCommand]:
    """Every action by its name, then the themes."""
    for binding in (*VIEWS, *LOOK, *GENERAL):
        if binding.id not in _SKIPPED:
            yield SystemCommand(
                f"{binding.description}  ({key_text(binding)})",
                binding.tooltip,
                partial(app.run_action, f"app.{binding.action}"),
            )
    for id in ("sort-next", "sort-reverse", "heatmap-metric"):
        binding = BY_ID[id]
        yield SystemCommand(
            f"{binding.description}  ({key_text(binding)})",
            binding.tooltip,
            partial(_run_on_focused, app, binding.action),
        )
    for binding in (*ROW_BINDINGS, *SESSION_BINDINGS, *DAYS_BINDINGS):
        yield SystemCommand(
            f"{binding.description}  ({key_text(binding)})", binding.tooltip, partial(_run_in_view, app, binding.action)
        )
    for name in sorted(app.available_themes):
        yield SystemCommand(f"Theme: {name}", "Use this theme", partial(setattr, app, "theme", name))


async def _run_on_focused(app: Walk, action: str) -> None:
    if app.focused is not None:
        await app.run_action(action, default_namespace=app.focused)


async def _run_in_view(app: Walk, action: str) -> None:
    node = app.focused.parent if app.focused is not None else None
    if not app.is_current:
        return  # the selected row is of another place
    if node is not None and hasattr(node, f"action_{action}"):
        await app.run_action(action, default_namespace=node)
    else:
        app.notify("not in this view", timeout=2, markup=False)
