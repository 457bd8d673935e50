"""Log files below a folder, each once, whatever links say. Must not open any of them, nor know a client."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

from claude_tui.sources.protocol import REFUSED, LogFile


def log_files(source: str, root: Path, folder: str, is_log: Callable[[str], bool]) -> Iterator[LogFile]:
    """Walk `folder`, a path below `root`, for regular files whose name `is_log` accepts.

    Folders and files come in name order. A folder is entered once however often it is linked to, so loops
    end; hard links are one file. Unreadable folders are passed over. Links to files: see `refused_link`.
    """
    seen: set[tuple[int, int]] = set()
    root = Path(os.path.abspath(root))
    pending = [os.path.join(root, folder)]
    while pending:
        at = pending.pop()
        try:
            found = os.stat(at)
            if (found.st_dev, found.st_ino) in seen:
                continue
            seen.add((found.st_dev, found.st_ino))
            with os.scandir(at) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            continue
        below = []
        for entry in entries:
            try:
                if entry.is_dir():
                    below.append(entry.path)
                elif is_log(entry.name) and entry.is_symlink():
                    link = refused_link(source, root, entry.path)
                    if link is not None:
                        yield link
                elif is_log(entry.name) and entry.is_file():
                    log = log_file(source, root, entry.path, entry.stat())
                    if (log.dev, log.ino) not in seen:
                        seen.add((log.dev, log.ino))
                        yield log
            except OSError:
                continue
        pending.extend(reversed(below))


def log_file(source: str, root: Path, path: str, found: os.stat_result) -> LogFile:
    """Put a file and its stat together."""
    return LogFile(source, path, os.fspath(root), found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)


def refused_link(source: str, root: Path, path: str) -> LogFile | None:
    """Return a link that leads out of the logs, to be named by whoever fails to read it; None for one within.

    Linked folders are followed, linked files are not: what a link within the logs leads to is found itself.
    """
    target = Path(os.path.realpath(path))
    folders = (os.path.realpath(root), os.path.realpath(os.path.dirname(path)))
    if target.is_file() and any(target.is_relative_to(folder) for folder in folders):
        return None
    return LogFile(source, path, os.fspath(root), 0, 0, REFUSED, crc32(os.fsencode(path)))
