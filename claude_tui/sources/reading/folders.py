"""Finds the log files below a folder, each once, whatever links exist. Must not open files, nor know a client."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

from claude_tui.sources.protocol import REFUSED, LogFile

_MILLI_NS: Final = 1_000_000
MOST_LINKED: Final = 10_000
"""Most folders entered through links below one root. A link that leads to more is reported."""


def log_files(source: str, root: Path, folder: str, is_log: Callable[[str], bool]) -> Iterator[LogFile]:
    """Walk `folder`, a path below `root`, for regular files whose name `is_log` accepts.

    Yields folders and files in name order. A folder is entered once however often it is linked to, so loops end; hard
    links are one file. Of a folder that cannot be listed itself is yielded: reading it reports why. `Links` describes
    links to folders, `is_link_within` links to files.
    """
    seen: set[tuple[int, int]] = set()
    root = Path(os.path.abspath(root))
    links = Links(root)
    pending = [(os.path.join(root, folder), "")]
    while pending:
        at, link = pending.pop()
        if link and not links.may_enter():
            yield refused(source, root, link)
            pending = [one for one in pending if one[1] != link]
            continue
        try:
            found = os.stat(at)
            if (found.st_dev, found.st_ino) in seen:
                continue
            seen.add((found.st_dev, found.st_ino))
            with os.scandir(at) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            yield refused(source, root, at)
            continue
        below = []
        for entry in entries:
            try:
                if entry.is_dir():
                    is_link = entry.is_symlink()
                    if is_link and not links.may_follow(entry.path):
                        yield refused(source, root, entry.path)
                    else:
                        below.append((entry.path, entry.path if is_link else link))
                elif is_log(entry.name) and entry.is_symlink():
                    if not is_link_within(root, entry.path, is_log):
                        yield refused(source, root, entry.path)
                elif is_log(entry.name) and entry.is_file():
                    log = log_file(source, root, entry.path, entry.stat())
                    if (log.dev, log.ino) not in seen:
                        seen.add((log.dev, log.ino))
                        yield log
            except OSError:
                continue
        pending.extend(reversed(below))


def log_file(source: str, root: Path, path: str, found: os.stat_result) -> LogFile:
    """Return the record of a file with its stat."""
    return LogFile(source, path, os.fspath(root), found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)


def beside(file: LogFile, said: str) -> LogFile:
    """Return the record of a log of which other files say something that counts, "" for nothing: what they say is in
    the last digits of its time, below a millisecond, so that it looks changed when that changes."""
    if not said or file.dev == REFUSED:
        return file
    return file._replace(mtime_ns=file.mtime_ns - file.mtime_ns % _MILLI_NS + crc32(os.fsencode(said)) % _MILLI_NS)


def with_note(file: LogFile, note: str) -> LogFile:
    """Return the record of a log that looks changed when a file appears or is gone: `note`, a path from its folder."""
    at = os.path.normpath(os.path.join(os.path.dirname(file.path), note))
    return beside(file, note if os.access(at, os.F_OK) else "")


class Links:
    """Decides which links to folders are followed below a root, and how far: never to a folder that contains the root.

    Such a folder (`/` or a home) holds everything the user has, which is not to be searched or taken for logs.
    """

    def __init__(self, root: str | Path) -> None:
        self._root = Path(os.path.realpath(root))
        self._left = MOST_LINKED

    def may_follow(self, path: str) -> bool:
        """Whether a link to a folder is followed."""
        return Path(os.path.realpath(path)) not in self._root.parents

    def may_enter(self) -> bool:
        """Whether one more folder may be entered through a link."""
        self._left -= 1
        return self._left >= 0


def is_link_within(root: Path, path: str, is_log: Callable[[str], bool]) -> bool:
    """Whether a link leads to a log inside the logs, which is found there anyway; links to files are not followed."""
    target = Path(os.path.realpath(path))
    folders = (os.path.realpath(root), os.path.realpath(os.path.dirname(path)))
    return is_log(target.name) and target.is_file() and any(target.is_relative_to(folder) for folder in folders)


def refused(source: str, root: str | Path, path: str) -> LogFile:
    """Return the record of something that is not read, so that the reader that fails on it reports it."""
    return LogFile(source, path, os.fspath(root), 0, 0, REFUSED, crc32(os.fsencode(path)))
