"""The clients that can be read, by name. A reader's code is loaded when it is first used. Must not know any format."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from claude_tui.clients import SOURCES
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, FileRead, LogFile, ManyRead, Source, SourceConfig
from claude_tui.sources.reading.log import Opener
from claude_tui.sources.settling import columns_of

OPENED: Final = frozenset({"claude", "codex"})
"""The clients whose logs can be read wherever they lie, each alone."""
LINKED: Final = frozenset({"codex"})
"""Those of them whose logs refer to others beside them."""


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


def roots(name: str, config: SourceConfig) -> list[Path]:
    """Return where the logs of a client are looked for, existing or not, most specific first."""
    client = SOURCES[name]
    if client.root and not config.explicit.get(name) and not any(config.env.get(known) for known, _ in client.env):
        return [config.home / client.root]
    return reader(name).roots(config)


def logs_below(name: str, root: Path) -> Iterable[LogFile]:
    """Return every log of a client below a root: none, without a reader, if the root is not there."""
    try:
        os.lstat(root)
    except FileNotFoundError:
        return ()
    except OSError:
        pass  # what is wrong with it is the reader's to say
    return reader(name).discover(root)


def read_many(
    source: str, files: Sequence[tuple[str, Checkpoint | None]], *, keep_names: bool = False
) -> ManyRead | None:
    """Read logs of a client, given by path, each whole or from a checkpoint; None if it has no way for many at once.

    No file that cannot be read ends the reading of the others.
    """
    name = SOURCES[source].read_many
    found: ManyRead | None = load(name)(files, keep_names=keep_names) if name else None
    return found


def read_columns(
    file: LogFile,
    since: Checkpoint | None = None,
    *,
    keep_names: bool = False,
    opener: Opener | None = None,
    beside: Callable[[], Iterable[str]] | None = None,
) -> ColumnsRead:
    """Read a log, whole or from a checkpoint, into settled columns; with the client's fast reader if it has one and
    there is enough to read.

    `opener` opens logs that are not files here; only readers of clients in `OPENED` take one, and those in `LINKED`
    ask `beside` for the paths of the client's other logs. Raises OSError if the file cannot be read at all.
    """
    client = SOURCES[file.source]
    if opener is not None:
        more = {"beside": beside} if file.source in LINKED else {}
        opened: ColumnsRead = load(client.read_columns)(file, since, keep_names=keep_names, opener=opener, **more)
        return opened
    if client.read_columns and (since is None or not 0 <= file.size - since.offset < client.little_bytes):
        fast: ColumnsRead = load(client.read_columns)(file, since, keep_names=keep_names)
        return fast
    return settled(file.source, reader(file.source).read(file, since), keep_names=keep_names)


def settled(source: str, found: FileRead, *, keep_names: bool = False) -> ColumnsRead:
    """Return what was read of a log, with its rows settled."""
    columns = columns_of(source, found.rows, keep_names=keep_names)
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
