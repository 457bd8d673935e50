"""What a person asked in a row of a Claude Code transcript. Must not know which row is the first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from claude_tui.sources.turns.first_prompt import text_of_parts
from claude_tui.sources.values.json_values import table_of

_COMMAND: Final = re.compile(r"<command-name>([^<]{1,100})</command-name>")
_ARGUMENTS: Final = re.compile(r"<command-args>([^<]*)</command-args>")
_OWN: Final = frozenset(
    ("/clear", "/compact", "/config", "/context", "/cost", "/exit", "/help", "/login", "/logout", "/model", "/resume",
     "/status")
)  # fmt: skip
"""Commands of the client itself: they say nothing of what a session is for."""


def prompt_of(row: Mapping[str, Any]) -> str:
    """Return the prompt in a row, of a command its name and what it was given; "" for any other row."""
    if row.get("type") != "user" or any(row.get(mark) for mark in ("isSidechain", "isMeta", "isCompactSummary")):
        return ""
    text = text_of_parts(table_of(row, "message").get("content"))
    command, arguments = _COMMAND.search(text), _ARGUMENTS.search(text)
    if command is None:
        return text
    return "" if command[1] in _OWN else f"{command[1]} {arguments[1] if arguments else ''}"
