"""Reads TOML files on every supported Python. Must not know what is in them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from claude_tui import files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def load_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file. Raises OSError, and ValueError for bad TOML or bad UTF-8."""
    return loads_toml(files.read_text(path))


def loads_toml(text: str) -> dict[str, Any]:
    """Return the content of a TOML document, with fractions as their original text. Raises ValueError."""
    try:
        content: dict[str, Any] = tomllib.loads(text, parse_float=str)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return content
