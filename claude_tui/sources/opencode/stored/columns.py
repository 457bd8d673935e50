"""Values of columns, which SQLite lets be of any type. Must not know tables."""

from __future__ import annotations

from typing import Final

_LARGEST_MS: Final = 1 << 53


def as_text(value: object) -> str:
    """Return a text column, also where its bytes were stored; "" for NULL."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def as_ms(value: object) -> int:
    """Return a column of milliseconds, 0 for what is none."""
    return int(value) if isinstance(value, (int, float)) and 0 <= value < _LARGEST_MS else 0
