"""Which logs there are, below all roots of all clients. Must not read any of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Final

from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import LogFile, SourceConfig
from claude_tui.sources.registry import logs_below, roots

MANY_FILES: Final = 1024
"""From so many files on the native core finds them sooner, even if none has to be read."""

MANY_FOLDERS: Final = 16
"""So few entries of a folder are looked at in Python sooner than the core is loaded."""


class Found(NamedTuple):
    """The logs there were, looked for from an instant on."""

    files: list[LogFile]
    at_ms: int


def find(config: SourceConfig, expected: int) -> Found:
    """Return every log there is now, if probably as many as `expected`."""
    at_ms = time.time_ns() // 1_000_000
    return Found(discover(config, natively=expected > MANY_FILES), at_ms)


def discover(config: SourceConfig, *, natively: bool = False) -> list[LogFile]:
    """Return every log of every client asked for, the newest first, each file once.

    `natively`: by the native core, as far as it can. It pays where there are many, or they will be read by it.
    """
    parts: list[list[LogFile]] = []
    is_sorted = True
    for source, root in ((name, root) for name in config.sources for root in roots(name, config)):
        found = _found_natively(root) if natively and source == "claude" else None
        part = list(logs_below(source, root)) if found is None else found
        if part:
            parts.append(part)
            is_sorted &= found is not None
    if len(parts) == 1 and is_sorted:
        return parts[0]
    return sorted(distinct(chain(*parts)), key=lambda file: (-file.mtime_ns, file.path))


def _found_natively(root: Path) -> list[LogFile] | None:
    """Return the transcripts below a folder, each once, in the order of `discover`; None where Python must look, or
    may."""
    from claude_tui.native.library import found, is_asked_for

    try:
        is_little = len(os.listdir(root)) < MANY_FOLDERS and not is_asked_for()
    except OSError:
        return None
    core = found(to_read=False).core if not is_little else None
    if core is None:
        return None
    from claude_tui.native import walking

    return walking.transcripts_below(core, os.fspath(root))


def distinct(files: Iterable[LogFile]) -> list[LogFile]:
    """Return each file once, by the first of the names it has."""
    found: dict[tuple[int, int], LogFile] = {}
    for file in files:
        found.setdefault((file.dev, file.ino), file)
    return list(found.values())


def roots_of(config: SourceConfig) -> list[tuple[str, str]]:
    """Return (source, folder) of every place looked in, existing or not."""
    return [(name, os.path.abspath(root)) for name in config.sources for root in roots(name, config)]
