"""Finds the lines of a block that can count something, without decoding any.

Such a line holds the name of a counted record: written plainly, or with one of its letters as an escape. A line with
neither, and without a NUL byte that could hide them, counts nothing. Must not know what else is on a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from claude_tui.sources.reading import search
from claude_tui.sources.reading.search import NOWHERE, Find

USAGE: Final = b'"token_'
"""The beginnings of the names of records with counters: `token_usage_record` and `token_count`."""

TURN: Final = b'"turn_context"'
COMPACTED: Final = b'"compacted"'
META: Final = b'"session_meta"'
SETTINGS: Final = b'"thread_settings_applied"'

ESCAPE: Final = b"\\u00"
ESCAPES: Final = (b"\\u006", b"\\u007", b"\\u005f", b"\\u005F")
"""Every escape of a small letter or of an underscore starts with one of these."""


def marks(block: bytes, start: int, *, with_meta: bool) -> Find:
    """Return a search, from `start` on, for marks that every line that counts has. Its positions must rise.

    Metas count only at the start of most threads.
    """
    if b"\0" in block:
        return lambda position: position
    search_next = search.search_in(block)
    rare = [TURN, COMPACTED, SETTINGS]
    if with_meta:
        rare.append(META)
    if search_next(ESCAPE, start) != NOWHERE:
        rare += ESCAPES
    places = []
    for mark in (USAGE, *rare):
        place = search_next(mark, start)
        while place != NOWHERE:
            places.append(place)
            place = search_next(mark, place + 1)
    following = iter(sorted(places))
    nearest = next(following, NOWHERE)

    def find_next(position: int) -> int:
        nonlocal nearest
        while nearest < position:
            nearest = next(following, NOWHERE)
        return nearest

    return find_next


def marked_lines(block: bytes) -> Iterator[bytes]:
    """Yield the lines of a block that can count something."""
    next_mark = marks(block, 0, with_meta=False)
    end = 0
    while (mark := next_mark(end)) < len(block):
        start, end = block.rfind(b"\n", 0, mark) + 1, block.find(b"\n", mark) + 1
        yield block[start : end - 1]
