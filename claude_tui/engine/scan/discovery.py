"""Which logs there are, below all roots of all clients. Must not read any of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Final

from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import LogFile, SourceConfig
from claude_tui.sources.registry import logs_below, roots

MANY_FILES: Final = 1024
"""From so many files on the native core finds them sooner, even if none has to be read."""

_path: Final = itemgetter(LogFile._fields.index("path"))
_mtime_ns: Final = itemgetter(LogFile._fields.index("mtime_ns"))

Found = Callable[[Iterable[LogFile]], list[LogFile]]
"""Takes the files below a root while they are being found, and returns them."""

FoundBefore = Callable[[Path], list[LogFile] | None]
"""Returns every file below a root, each once, the newest first; None if they have not been found yet."""


class Listing(NamedTuple):
    """The logs there were, looked for from an instant on."""

    files: list[LogFile]
    at_ms: int


def listed(config: SourceConfig, expected: int) -> Listing:
    """Return every log there is now, probably as many as `expected`."""
    at_ms = time.time_ns() // 1_000_000
    return Listing(discover(config, natively=expected > MANY_FILES), at_ms)


def discover(
    config: SourceConfig, *, natively: bool = False, found: Found = list, found_before: FoundBefore | None = None
) -> list[LogFile]:
    """Return every log of every client asked for, the newest first, each file once.

    `natively`: by the native core, as far as it can. It pays where there are many, or they will be read by it. `found`
    is told of what is found otherwise; it may leave out what it was told of before. `found_before` knows the
    transcripts of some folders.
    """
    parts: list[list[LogFile]] = []
    is_sorted = True
    for source, root in ((name, root) for name in config.sources for root in roots(name, config)):
        by_core = found_before(root) if found_before is not None and source == "claude" else None
        if by_core is None and natively and source == "claude":
            from claude_tui.engine.scan.walking import transcripts_below

            by_core = transcripts_below(root)
        part = found(logs_below(source, root)) if by_core is None else by_core
        if part:
            parts.append(part)
            is_sorted &= by_core is not None
    return parts[0] if len(parts) == 1 and is_sorted else newest_first(parts)


def newest_first(parts: Iterable[Iterable[LogFile]]) -> list[LogFile]:
    """Return the files of several folders, the newest first, each file once."""
    files = distinct(chain(*parts))
    files.sort(key=_path)
    files.sort(key=_mtime_ns, reverse=True)  # which leaves those of the same time in the order of their paths
    return files


def distinct(files: Iterable[LogFile]) -> list[LogFile]:
    """Return each file once, by the first of the names it has."""
    found: dict[tuple[int, int], LogFile] = {}
    for file in files:
        found.setdefault((file.dev, file.ino), file)
    return list(found.values())


def roots_of(config: SourceConfig) -> list[tuple[str, str]]:
    """Return (source, folder) of every place looked in, existing or not."""
    return [(name, os.path.abspath(root)) for name in config.sources for root in roots(name, config)]
