"""What a person asked in an event of a Copilot CLI session. Must not know which event is the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claude_tui.sources.turns.first_prompt import text_of_parts
from claude_tui.sources.values.json_values import table_of


def prompt_of(row: Mapping[str, Any]) -> str:
    """Return the prompt in an event, "" for any other event."""
    return text_of_parts(table_of(row, "data").get("content")) if row.get("type") == "user.message" else ""
