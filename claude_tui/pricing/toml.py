"""Reads TOML files on every supported Python. Must not know what is in them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def load_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file. Raises OSError, ValueError (which covers bad TOML and bad UTF-8)."""
    with path.open("rb") as file:
        content: dict[str, Any] = tomllib.load(file)
    return content
