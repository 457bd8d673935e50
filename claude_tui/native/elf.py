"""What a shared library of Linux says of itself: its processor, and how long it is.

A loader maps a file that was cut short, and the process dies when it touches what is missing. Must not load anything.
"""

from __future__ import annotations

import os
from typing import Final

HEAD: Final = 4096
"""So many bytes from the start have all that is looked at."""

_SIZE: Final = 64
_MAGIC: Final = b"\x7fELF\x02\x01"
_PROCESSORS: Final = {"x86_64": 62, "aarch64": 183}
_LOADED: Final = 1


def fault(head: bytes, size: int) -> str:
    """Say why a library that begins so and has so many bytes cannot be loaded, "" if nothing is seen.

    What is no 64-bit library of Linux is left to the loader.
    """
    if len(head) < _SIZE or not head.startswith(_MAGIC):
        return ""
    machine = os.uname().machine
    if _number(head, 18, 2) != _PROCESSORS.get(machine, _number(head, 18, 2)):
        return f"is not for this processor ({machine})"
    return "is cut short" if _end(head) > size else ""


def _end(head: bytes) -> int:
    """Return how many bytes a whole library has at least."""
    end = _number(head, 40, 8) + _number(head, 58, 2) * _number(head, 60, 2)
    first, step, segments = _number(head, 32, 8), _number(head, 54, 2), _number(head, 56, 2)
    for at in range(first, first + step * segments, step or 1):
        if _number(head, at, 4) == _LOADED:
            end = max(end, _number(head, at + 8, 8) + _number(head, at + 32, 8))
    return end


def _number(head: bytes, at: int, size: int) -> int:
    return int.from_bytes(head[at : at + size], "little")
