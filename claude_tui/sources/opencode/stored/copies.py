"""Which of two copies of a message counts, where both tables have it. Must not read a database itself."""

from __future__ import annotations

from typing import Final

import orjson

from claude_tui.sources.opencode.message import has_tokens
from claude_tui.sources.reading.objects import decode_objects

_HAS_TOKENS: Final = "has_tokens(CAST({0}.data AS BLOB))"
TELLS: Final = {
    "message": _HAS_TOKENS,
    "session_message": f"({{0}}.type IN ('assistant', 'compaction') AND {_HAS_TOKENS})",
}
"""Whether a row of a table tells tokens that count."""


def is_the_one(table: str, *, is_first: bool) -> str:
    """Return the condition that of a message in both tables the row `m` of this one counts: the one that tells tokens,
    else the one of the table that comes first."""
    other = "message" if table == "session_message" else "session_message"
    has_copy = f"EXISTS (SELECT 1 FROM {other} copy WHERE copy.id = m.id)"
    tells, copy_tells = TELLS[table].format("m"), f"{has_copy[:-1]} AND {TELLS[other].format('copy')})"
    if is_first:
        return f"(NOT {has_copy} OR {tells} OR NOT {copy_tells})"
    return f"(NOT {has_copy} OR (NOT {copy_tells} AND {tells}))"


def tells_tokens(data: bytes | None) -> bool:
    """Whether the JSON of a message tells tokens: this runs inside SQLite, so it raises nothing."""
    if not data or b'"tokens"' not in data:
        return False
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = next(decode_objects(data), None)
    return isinstance(value, dict) and has_tokens(value)
