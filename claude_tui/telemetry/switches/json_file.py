"""Settings of clients that are a JSON object: read strictly, written the way they were. Must not know any client."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from claude_tui import files


def read(text: str) -> dict[str, Any]:
    """The object a text is; "" is an empty one. Raises ValueError."""
    try:
        found = json.loads(text) if text.strip() else {}
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"it is not plain JSON ({error})") from None
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    return found


def written(content: dict[str, Any], like: str) -> str:
    """An object as text, indented as another text is and with an end like its own."""
    indent = re.search(r"\n([ \t]+)\S", like)
    step = indent[1] if indent else "  "
    return json.dumps(content, indent=step, ensure_ascii=False) + ("" if like and not like.endswith("\n") else "\n")


def table(content: dict[str, Any], name: str) -> dict[str, Any]:
    """An object inside, empty if there is none. Raises ValueError if something else is there."""
    found = content.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"{name} in it is not an object")
    return found


def merciful(path: Path) -> dict[str, Any]:
    """The object in a file of somebody else; an empty one if there is none that makes sense."""
    try:
        return read(files.read_text(path))
    except (OSError, ValueError):
        return {}
