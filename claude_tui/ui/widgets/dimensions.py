"""One line that says by what the money is divided, and the keys to choose it. Pure."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from claude_tui.ui.settings.keys import CAUSE_BINDINGS

KEYS: Final = {binding.action[4:-2]: binding.key_display or binding.key for binding in CAUSE_BINDINGS}
"""The key of each dimension, in the order they stand on screen."""
_LABELS: Final = {"mcp": "mcp", "ticket": "#ticket", "cache": "lost cache"}


def dimensions_line(by: str, width: int, has_shades: bool = True) -> Content:
    """The dimensions, their keys and the chosen one marked; the keys alone if there is no room for more."""
    marked = "bold $foreground on $panel" if has_shades else "bold reverse"
    names = {name: _LABELS.get(name, name) for name in KEYS}
    fits = sum(len(name) + 1 for name in names.values()) + 2 <= width
    parts: list[tuple[str, str]] = []
    for name, key in KEYS.items():
        if name == by:
            parts.append((f" {names[name]} ", marked))
            continue
        before, found, after = names[name].partition(key) if fits else ("", key, "")
        parts += [(" ", ""), (before, "$quiet"), (found, "bold $primary"), (after, "$quiet")]
    return Content.assemble(*parts)
