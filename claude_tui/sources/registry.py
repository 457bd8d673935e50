"""The clients that can be read, by name. A reader's code is loaded when it is first used."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from claude_tui.clients import SOURCES
from claude_tui.sources.columns import columns_of
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile, Source


@cache
def load(name: str) -> Any:
    """Return what is declared as "module:attribute"."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


@cache
def reader(name: str) -> Source:
    """Return the reader of a client, or of telemetry. Raises KeyError for a name that is not in `SOURCES`."""
    found: Source = load(SOURCES[name].reader)()
    return found


def read_columns(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
    """Read a log, whole or from a checkpoint, into settled columns; with the client's fast reader if it has one and
    there is enough to read.

    Raises OSError if the file cannot be read at all.
    """
    client = SOURCES[file.source]
    if client.read_columns and (since is None or not 0 <= file.size - since.offset < client.little_bytes):
        fast: ColumnsRead = load(client.read_columns)(file, since, keep_names=keep_names)
        return fast
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
