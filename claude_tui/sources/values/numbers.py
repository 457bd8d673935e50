"""Numbers as other programs report them, in JSON or as text. Must not know what they count.

Imports nothing of ours: the statusline has 60 ms.
"""

from __future__ import annotations

from typing import Final

LONGEST: Final = 30
"""Characters of the longest text that is read as a number."""


def number_of(value: object) -> float | None:
    """Return a number, or a text that is one; None if it is neither, or beyond 1e15."""
    if isinstance(value, str) and len(value) <= LONGEST:
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value) if abs(value) < 1e15 else None


def version_of(text: str) -> tuple[int, ...]:
    """Return a client's version as numbers that can be compared: at most three, 0 for what is no number."""
    parts = text.split("-")[0].split(".")[:3]
    return tuple(int(part) if part.isascii() and part.isdigit() and len(part) < 9 else 0 for part in parts)
