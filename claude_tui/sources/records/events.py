"""What the readers of all clients share: counters taken from JSON, and a counted response before it becomes a row.

Must not know any client's format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from claude_tui.model import UsageRow
from claude_tui.records import NamedTuple
from claude_tui.sources.values.json_values import as_count

_DIGITS: Final = 9
"""Digits of a nanodollar after the point of a USD."""


class ResponseEvent(NamedTuple):
    """A row, and how much of its output was reasoning (which is billed as output and included in it)."""

    row: UsageRow
    reasoning: int


class BadCountError(ValueError):
    """A counter is not a whole number from 0 to 2**53 - 1. The message names it."""


def text_of_counters(counters: Sequence[int]) -> str:
    """Return the counters of a response as a part of its key: in the order of `Usage`, without web searches."""
    input_tokens, output, write_5m, write_1h, read = counters
    return f"{input_tokens}.{output}.{write_5m}.{write_1h}.{read}.0"


def count_of(counters: Mapping[str, object], name: str) -> int:
    """Return a counter by name, 0 if it is absent or null. Raises BadCountError for anything that is not a count."""
    value = counters.get(name)
    if value is None:
        return 0
    count = as_count(value)
    if count is None:
        raise BadCountError(name)
    return count


def nano_of(cost: object) -> int | None:
    """A cost in USD as nanodollars, half to even; None if there is none above zero."""
    if not isinstance(cost, (int, float)) or isinstance(cost, bool) or not 0 < cost < 1e9:
        return None
    text = str(cost)
    whole, _, part = text.partition(".")
    if (whole + part).isdigit():
        nano, rest = int(whole + part[:_DIGITS].ljust(_DIGITS, "0")), part[_DIGITS:]
        return nano + (rest > "5" or (rest == "5" and nano % 2 == 1))
    from decimal import ROUND_HALF_EVEN, Decimal  # what has an exponent is rare

    return int((Decimal(text) * 1_000_000_000).to_integral_value(ROUND_HALF_EVEN))
