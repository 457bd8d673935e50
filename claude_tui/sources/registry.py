"""The clients that can be read, by name. A reader's code is loaded when it is first used."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

from claude_tui.sources.columns import columns_of
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile, Source

_READERS = {
    "claude": ("claude_tui.sources.claude", "ClaudeSource"),
    "gemini": ("claude_tui.sources.gemini", "GeminiSource"),
    "opencode": ("claude_tui.sources.opencode", "OpenCodeSource"),
    "codex": ("claude_tui.sources.codex", "CodexSource"),
}


LITTLE_BYTES: Final = 1 << 16
"""Up to this many new bytes, reading a transcript line by line is faster than loading the fast reader."""


@cache
def reader(name: str) -> Source:
    """Return the reader of a client. Raises KeyError for a name that is not in `model.SOURCES`."""
    module, attribute = _READERS[name]
    found: Source = getattr(import_module(module), attribute)()
    return found


def read_columns(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
    """Read a log, whole or from a checkpoint, into settled columns; with the client's fast reader if it has one and
    there is enough to read.

    Raises OSError if the file cannot be read at all.
    """
    if file.source == "claude" and (since is None or not 0 <= file.size - since.offset <= LITTLE_BYTES):
        from claude_tui.sources.claude.fast import read_columns as read_transcript

        return read_transcript(file.path, since, keep_names=keep_names)
    if file.source == "codex":
        from claude_tui.sources.codex.fast import read_columns as read_rollout

        return read_rollout(file, since, keep_names=keep_names)
    found = reader(file.source).read(file, since)
    columns = columns_of(file.source, found.rows, keep_names=keep_names)
    return ColumnsRead(
        columns,
        found.checkpoint,
        found.facts,
        found.problems,
        found.restarted,
        found.bytes_read,
        found.lines,
        found.sessions,
    )
