"""A config.toml that says everything: each key with its default, its meaning and an example. Loads Textual.

What it says without a change is what holds without a file; each example line is valid once its `# ` is taken away. Must
not read the user's own.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from claude_tui.ui.configuration.names import column_ids, theme_names
from claude_tui.ui.settings.declared import KEYS, Key
from claude_tui.ui.settings.keys import SECTIONS

WIDTH: Final = 100
EXAMPLE: Final = "# "
"""What stands before an example; other comments begin with `## `."""


def sample(path: str) -> str:
    """Return the text. `path` is where the file is looked for."""
    lines = [
        *_comment(f"Settings of claude-top, looked for in {path}."),
        *_comment("Lines with a value say the default. To use an example, take away the # before it."),
        *_comment("`claude-top config check` says what of a file is not understood."),
    ]
    section = ""
    for key in KEYS:
        if key.section != section:
            section = key.section
            lines += ["", f"[{section}]", *_names(section)]
        lines += ["", *_about(key)]
    return "\n".join(lines) + "\n"


def _about(key: Key) -> Iterator[str]:
    yield from _comment(f"{key.meaning} Takes {key.takes}.")
    if key.default is None:
        yield EXAMPLE + key.example
    else:
        yield f"## Example: {key.example}"
        yield f"{key.name} = {json.dumps(key.default)}"


def _names(section: str) -> Iterable[str]:
    if section == "screen":
        return _comment("Themes: " + ", ".join(theme_names()))
    if section == "columns":
        return [line for view, ids in column_ids().items() for line in _comment(f"{view}: {', '.join(ids)}")]
    if section == "keys":
        bindings = [binding for group in SECTIONS.values() for binding in group]
        return [f"## {binding.id:18} {binding.key:22} {binding.tooltip}" for binding in bindings]
    return []


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="## ", subsequent_indent="##   ", break_on_hyphens=False)
