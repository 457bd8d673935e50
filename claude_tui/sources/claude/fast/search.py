"""Finds the lines of a block that can carry usage, without decoding any.

A usage row has a key "usage": written plainly, or with one of its letters as an escape. A line with neither,
and without a NUL byte that could hide them, carries none. Must not know what else is on a line.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from claude_tui.sources.reading import search
from claude_tui.sources.reading.search import NOWHERE, Find

USAGE: Final = b'"usage"'
ESCAPE: Final = b"\\u00"
ESCAPES: Final = (b"\\u006", b"\\u007")
"""Every escape of a small letter starts with one of these."""


def marks(block: bytes) -> Find:
    """Return a search for marks that every line with usage has. Its positions must rise."""
    if b"\0" in block:
        return lambda position: position
    find_any = search.search_in(block)
    find = partial(find_any, USAGE)
    first = find_any(ESCAPE, 0)
    if first == NOWHERE:
        return find
    escapes = [_remembering(partial(find_any, one)) for one in ESCAPES if find_any(one, first) != NOWHERE]
    if not escapes:
        return find
    return lambda position: min(find(position), *(escape(position) for escape in escapes))


def _remembering(find: Find) -> Find:
    """Continue a search only from the last match, or a rare mark would be searched for again from every line."""
    found = -1

    def find_once(position: int) -> int:
        nonlocal found
        if found < position:
            found = find(position)
        return found

    return find_once
