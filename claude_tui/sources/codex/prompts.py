"""What a person asked in a row of a Codex rollout. Must not know which row is the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from claude_tui.sources.turns.first_prompt import text_of_parts
from claude_tui.sources.values.json_values import table_of

_OWN: Final = ("# AGENTS.md instructions", "<environment_context>", "<user_instructions>")
"""How messages begin that Codex writes in the name of its user."""


def prompt_of(row: Mapping[str, Any]) -> str:
    """Return the prompt in a row, "" for any other row."""
    payload = table_of(row, "payload")
    if row.get("type") != "response_item" or payload.get("type") != "message" or payload.get("role") != "user":
        return ""
    text = text_of_parts(payload.get("content"))
    return "" if text.lstrip().startswith(_OWN) else text
