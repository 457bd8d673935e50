"""The clients that can be read, by name. A reader's code is loaded when it is first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from claude_tui.sources.protocol import Source

_READERS = {
    "claude": ("claude_tui.sources.claude", "ClaudeSource"),
    "gemini": ("claude_tui.sources.gemini", "GeminiSource"),
    "opencode": ("claude_tui.sources.opencode", "OpenCodeSource"),
    "codex": ("claude_tui.sources.codex", "CodexSource"),
}


@cache
def reader(name: str) -> Source:
    """Return the reader of a client. Raises KeyError for a name that is none of `model.SOURCES`."""
    module, attribute = _READERS[name]
    found: Source = getattr(import_module(module), attribute)()
    return found
