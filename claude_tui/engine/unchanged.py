"""An answer that was given before, and is given again as long as nothing has changed that it was made of.

It was made of the logs, the ledger, and what says how they are counted: version, settings, prices, time zone, folders.
A count that finds every log as it was reads none of them, so its answer is the one it gave last time, byte for byte.
Here that is found out as the count does it, by the same look at the same files, without loading what it counted.

Others may write any of this meanwhile. An answer is kept only by a count that read nothing, added nothing of the
ledger and had nothing to complain of, and if what it was made of looks the same before and after. A running
claude-top that saves its cache changes no answer, for it changes no log. Must not count.
"""

from __future__ import annotations

import marshal
import os
import time
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Final

from claude_tui import __version__, files
from claude_tui.engine.cache.given import mark_of
from claude_tui.engine.cache.schema import SCHEMA
from claude_tui.engine.scan.discovery import Listing, listed, roots_of
from claude_tui.hashes import blake2b
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import LogFile, SourceConfig
from claude_tui.sources.values.instants import AHEAD_MS

MAGIC: Final = b"claude-top answer 1\n"
FOLDER: Final = "answers"
"""Where answers are, in the folder of the cache."""
MOST_KEPT: Final = 16
"""Answers to so many questions are kept: those given last."""

MOST_BYTES: Final = 16 << 20
"""A longer answer is not kept."""

_DIGEST_BYTES: Final = 16
_HEAD: Final = Struct(f"<{len(MAGIC)}s{_DIGEST_BYTES}s{_DIGEST_BYTES}sIqI")
"""What comes before the answer: a magic line, digests of all that decides it and of the logs, how many these are, the
newest instant it tells of, and its checksum."""


class Question(NamedTuple):
    """What is asked, and all that decides the answer beside logs and ledger.

    `asked` says what, days resolved, and in which zone. `settings` are files whose content counts, `program` those
    whose look does: they come with the program.
    """

    asked: str
    config: SourceConfig
    ledger_file: Path
    settings: tuple[Path, ...]
    program: tuple[Path, ...] = ()


class Unchanged:
    """The answer to one question, kept in `folder` from one process to the next.

    Ask for `answer` first. Without one a count is to be given this, and what is made of that count to be kept.
    """

    def __init__(self, folder: Path, question: Question) -> None:
        self.found: Listing | None = None
        """The logs, where they have been looked for."""
        self._question = question
        self._path = folder / FOLDER / _digest(question.asked.encode("utf-8", "surrogateescape")).hex()
        self._latest_ms = _latest_ms()  # now: what is ahead when it is counted is not when that is kept
        self._state = _state_of(question)
        self._logs: Sequence[LogFile] | None = None

    def answer(self) -> bytes | None:
        """Return the answer if it is known to be what a count would give now."""
        if not self._state:
            return None
        try:
            with open(files.open_regular(self._path), "rb") as file:
                return self._read(file)
        except OSError:  # a count finds out what is wrong, if anything
            return None

    def _read(self, file: BinaryIO) -> bytes | None:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        magic, state, logs, number, newest_ms, crc = _HEAD.unpack(head)
        if (magic, state) != (MAGIC, self._state) or newest_ms > _latest_ms():
            return None
        self.found = listed(self._question.config, number)
        if logs != _digest_of(self.found.files):
            return None
        answer = file.read()
        return answer if zlib.crc32(answer) == crc else None

    def read_nothing(self, logs: Sequence[LogFile]) -> None:
        """Note that all `logs` were found as they had been counted, so what is made of that count may be kept."""
        self._logs = logs

    def keep(self, answer: bytes, newest_ms: int) -> None:
        """Keep what was made of the count, of which the newest is of `newest_ms`, if that may be: not what is told of
        the future, for it stands elsewhere when that has come. Raises nothing, since all goes on without."""
        if self._logs is None or not self._state or newest_ms > self._latest_ms:
            return
        if len(answer) > MOST_BYTES or _state_of(self._question) != self._state:
            return
        logs = _digest_of(self._logs)
        head = _HEAD.pack(MAGIC, self._state, logs, len(self._logs), newest_ms, zlib.crc32(answer))
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.replace(self._path, (head, answer), files.OWN)
            _forget_old(self._path.parent)


def _latest_ms() -> int:
    """Return up to when something is not of the future: the rule by which sessions are sorted."""
    return time.time_ns() // 1_000_000 + AHEAD_MS


def _state_of(question: Question) -> bytes:
    """Return a digest of all that decides the answer but for the logs; b"" where that cannot be told."""
    config, ledger = question.config, question.ledger_file
    mark = mark_of(ledger)
    if not mark and os.path.lexists(ledger):
        return b""
    try:
        settings = [_content(path) for path in question.settings]
        program = [_look(path) for path in question.program]
    except OSError:
        return b""
    explicit = [(name, *map(os.fspath, folders)) for name, folders in config.explicit.items()]
    places = os.fspath(config.home), os.fspath(ledger), config.sources, explicit, roots_of(config)
    parts = (__version__, SCHEMA, question.asked, mark, *places)
    return _digest(marshal.dumps((*parts, settings, program), 2))


def _content(path: Path) -> bytes | None:
    try:
        return files.read(path)
    except FileNotFoundError:
        return None


def _look(path: Path) -> tuple[str, int, int, int]:
    found = os.stat(path)
    return os.fspath(path), found.st_size, found.st_mtime_ns, found.st_ino


def _digest_of(logs: Iterable[LogFile]) -> bytes:
    return _digest(marshal.dumps([*map(tuple, logs)], 2))  # a form that depends on values alone


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST_BYTES).digest()


def _forget_old(folder: Path) -> None:
    kept = sorted(os.scandir(folder), key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
    for entry in kept[MOST_KEPT:]:
        os.unlink(entry.path)
