"""How the screen was left: the view, and what each is sorted by, for the next start to begin with.

It is not a setting, so it stands in a file of its own, which other versions need not know. What hides rows (filter,
client, account) is never kept: nobody would see why they are missing. Must not know widgets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from claude_tui import files, paths
from claude_tui.records import NamedTuple
from claude_tui.ui.settings.declared import VIEWS

FILE_NAME: Final = "screen.json"
STATE: Final = "state"


class LastLook(NamedTuple):
    """The view, "" if none is known, and the column each view is sorted by and whether the other way round."""

    view: str = ""
    sorts: Mapping[str, tuple[str, bool]] = MappingProxyType({})


def read(path: Path) -> LastLook:
    """Return how the screen was left; what is missing or makes no sense there is left out."""
    try:
        content = json.loads(files.read_text(path))
    except (OSError, ValueError, RecursionError):
        return LastLook()
    state = _mapping(_mapping(content).get(STATE))
    view = state.get("view")
    sorts = {
        name: (sort[0], sort[1])
        for name, sort in _mapping(state.get("sorts")).items()
        if isinstance(sort, list) and [*map(type, sort)] == [str, bool]
    }
    return LastLook(view if view in VIEWS else "", sorts)


def write(path: Path, look: LastLook) -> None:
    """Keep how the screen is left. Raises OSError."""
    paths.create_private(path.parent)
    state = {"view": look.view, "sorts": look.sorts}
    files.replace(path, (json.dumps({STATE: state}, indent=1) + "\n").encode(), files.OWN)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
