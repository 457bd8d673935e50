"""What a person asked in a row of a Kimi Code session. Must not know which row is the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claude_tui.sources.turns.first_prompt import text_of_parts
from claude_tui.sources.values.json_values import table_of


def prompt_of(row: Mapping[str, Any]) -> str:
    """Return the prompt in a row, "" for any other row."""
    if row.get("type") != "turn.prompt" or table_of(row, "origin").get("kind") != "user":
        return ""
    return text_of_parts(row.get("input"))
