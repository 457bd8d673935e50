"""Token counters in a usage object of Claude. Must not know what they are counted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claude_tui.model import MAX_COUNT, Usage

Object = Mapping[str, Any]


def count_of(value: object) -> int:
    """Parse a counter: a value that is not a number counts as 0, and the row itself is kept."""
    if type(value) is int:
        return value if 0 <= value < MAX_COUNT else 0
    if isinstance(value, float) and 0 <= value < MAX_COUNT:
        return int(value)
    return 0


def counters_of(usage: Object) -> Usage:
    """Parse the counters; the total of cache writes takes precedence over their split."""
    split = usage.get("cache_creation")
    write_1h = count_of(split.get("ephemeral_1h_input_tokens")) if isinstance(split, dict) else 0
    writes = usage.get("cache_creation_input_tokens")
    if writes is None and isinstance(split, dict):
        total = write_1h + count_of(split.get("ephemeral_5m_input_tokens"))
    else:
        total = count_of(writes)
    write_1h = min(write_1h, total)
    tools = usage.get("server_tool_use")
    return Usage(
        count_of(usage.get("input_tokens")),
        count_of(usage.get("output_tokens")),
        total - write_1h,
        write_1h,
        count_of(usage.get("cache_read_input_tokens")),
        count_of(tools.get("web_search_requests")) if isinstance(tools, dict) else 0,
    )
