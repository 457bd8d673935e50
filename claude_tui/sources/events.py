"""What readers of all clients share: counters taken from JSON, and a counted response before it is a row.

Must not know any client's format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from claude_tui.model import Row
from claude_tui.sources.json_values import as_count


class Event(NamedTuple):
    """A row, and the part of its output that was reasoning (billed as output, so inside it)."""

    row: Row
    reasoning: int


class BadCountError(ValueError):
    """A counter is no whole number from 0 to 2**53 - 1. The message names it."""


def count_of(counters: Mapping[str, object], name: str) -> int:
    """A counter by name, 0 where it is absent or null. Raises BadCountError for anything that is no count."""
    value = counters.get(name)
    if value is None:
        return 0
    count = as_count(value)
    if count is None:
        raise BadCountError(name)
    return count
