"""Finds the lines of a block that can carry usage, without decoding any.

A usage row has a key "usage": written plainly, or with one of its letters as an escape. A line with neither,
and without a NUL byte that could hide them, carries none. Must not know what else is on a line.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

USAGE: Final = b'"usage"'
ESCAPES: Final = (b"\\u006", b"\\u007")
"""Every escape of a small letter starts with one of these."""

NOWHERE: Final = 1 << 62

Find = Callable[[int], int]
"""Takes a position and returns that of the next mark at or after it, NOWHERE without one."""


def marks(block: bytes) -> Find:
    """Return a search for what lines that carry usage cannot be without. Its positions must rise."""
    if b"\0" in block:
        return lambda position: position
    find = _finder(block, USAGE)
    escapes = [_remembering(search) for search in (_finder(block, one) for one in ESCAPES) if search(0) != NOWHERE]
    if not escapes:
        return find
    return lambda position: min(find(position), *(search(position) for search in escapes))


def _remembering(search: Find) -> Find:
    """Search on only from what was found before, or a rare mark would be searched for again from every line."""
    found = -1

    def find(position: int) -> int:
        nonlocal found
        if found < position:
            found = search(position)
        return found

    return find


def _plain_finder(block: bytes, needle: bytes) -> Find:
    def find(position: int) -> int:
        found = block.find(needle, position)
        return found if found >= 0 else NOWHERE

    return find


def _native_finder() -> Callable[[bytes, bytes], Find]:
    """Search with the C library's strstr, 5 to 20 times as fast as `bytes.find` where it is glibc's.

    Other C libraries may search more slowly than Python does, so there Python does.
    """
    try:
        if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
            return _plain_finder
        import ctypes

        strstr = ctypes.CDLL(None).strstr
    except (AttributeError, ImportError, OSError, ValueError):
        return _plain_finder
    strstr.restype = ctypes.c_void_p
    strstr.argtypes = [ctypes.c_void_p, ctypes.c_char_p]

    def finder(block: bytes, needle: bytes) -> Find:
        # A NUL follows the bytes of every bytes object and ends the search; this one holds no other.
        start: int = ctypes.cast(ctypes.c_char_p(block), ctypes.c_void_p).value or 0
        size = len(block)

        def find(position: int, block: bytes = block) -> int:  # holds on to the block it points into
            found = strstr(start + position, needle) if position < size else None
            return NOWHERE if found is None else found - start

        return find

    return finder


_finder = _native_finder()
