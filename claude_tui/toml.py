"""Reads TOML files on every supported Python, and says where in them something is. Must not know what is in them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from claude_tui import files
from claude_tui.records import NamedTuple

Names = tuple[str, ...]
"""The names that lead to a value: tables from the outside in, then the key."""


MOST_LOOKED_AT: Final = 10_000_000
"""So many characters are parsed to find out lines: a second or two."""


class Wrong(NamedTuple):
    """A value that cannot be used, by its path, and why; as text one line for the user."""

    path: Names
    reason: str

    def __str__(self) -> str:
        """Return the line."""
        return f"{dotted(self.path)}: {self.reason}"


def load_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file. Raises OSError, and ValueError for bad TOML or bad UTF-8."""
    return loads_toml(files.read_text(path))


def loads_toml(text: str) -> dict[str, Any]:
    """Return the content of a TOML document, with fractions as their original text. Raises ValueError."""
    if sys.version_info >= (3, 11):  # 2 ms, for those who have such a file
        import tomllib
    else:
        import tomli as tomllib

    try:
        content: dict[str, Any] = tomllib.loads(text, parse_float=str)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return content


def dotted(path: Names) -> str:
    """Return a path as TOML writes it."""
    bare = re.compile(r"[\w-]+", re.ASCII)
    return ".".join(name if bare.fullmatch(name) else json.dumps(name, ensure_ascii=False) for name in path)


def lines_of(text: str) -> dict[Names, int]:
    """Return the line, from 1 on, on which each value of a valid TOML document begins.

    A value of thousands of lines, and what comes after it, may be left out: it would take too long.
    """
    found: dict[Names, int] = {}
    lines = text.split("\n")
    header = ""
    begin = 0
    left = MOST_LOOKED_AT
    for end in range(1, len(lines) + 1):
        # A statement is the shortest run of lines that is TOML by itself: all of a value that takes several.
        statement = "\n".join(lines[begin:end])
        left -= len(statement)
        if left < 0:
            break
        try:
            loads_toml(statement)
            is_header = statement.lstrip().startswith("[")
            content = loads_toml(statement if is_header else f"{header}\n{statement}")
        except ValueError:
            continue
        header = statement if is_header else header
        for path in _paths(content):
            found.setdefault(path, begin + 1)
        begin = end
    return found


def _paths(content: dict[str, Any], above: Names = ()) -> Iterator[Names]:
    for name, value in content.items():
        path = (*above, name)
        yield path
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from _paths(part, path)
