"""Other threads' rollouts, found by thread id: what a fork must know about the thread it came from. Must not count."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Set
from functools import lru_cache
from pathlib import Path

from claude_tui.sources.codex.compressed import open_rollout
from claude_tui.sources.codex.counting.records import ThreadMeta, Tokens, kind_of, meta_of, token_count_of
from claude_tui.sources.codex.discovery import rollouts, thread_of
from claude_tui.sources.codex.fast.search import marked_lines
from claude_tui.sources.reading.log import FileLog, Opener
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.records.events import BadCountError
from claude_tui.sources.values.json_values import table_of

_PATHS: dict[str, dict[str, str]] = {}

Sequence = Set[tuple[Tokens | None, Tokens]]


class Threads:
    """The rollouts beside the one at `path`, opened only when they are needed.

    `opener` opens those that are not files here; `beside` then lists the paths of all rollouts of the machine.
    """

    def __init__(
        self, root: str, path: str, opener: Opener = FileLog, beside: Callable[[], Iterable[str]] | None = None
    ) -> None:
        self._root = root
        self._path = path
        self._opener = opener
        self._beside = beside
        self._elsewhere: dict[str, str] | None = None
        self._counts: dict[str, Sequence] = {}

    def token_counts(self, thread: str) -> Sequence | None:
        """Return every (total, last) in a thread's `token_count` lines; None if its rollout is gone."""
        path = self._find(thread)
        if path is None:
            return None
        try:
            if self._beside is not None:
                if path not in self._counts:
                    self._counts[path] = _read_token_counts(path, self._opener)
                return self._counts[path]
            found = os.stat(path)
            return _token_counts(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        except OSError:
            return None

    def root_of(self, thread: str) -> str:
        """Return the main thread that a thread belongs to, as far as rollouts say so."""
        seen: set[str] = set()
        while thread not in seen:
            seen.add(thread)
            path = self._find(thread)
            meta = _first_meta(path, self._opener) if path else None
            if meta is None or not meta.is_subagent:
                return thread
            if meta.root:
                return meta.root
            thread = meta.parent or thread
        return thread

    def _find(self, thread: str) -> str | None:
        if self._beside is not None:
            if self._elsewhere is None:
                self._elsewhere = {thread_of(path): path for path in self._beside()} | {
                    thread_of(self._path): self._path
                }
            return self._elsewhere.get(thread)
        paths = _PATHS.get(self._root)
        # A thread is older than the ones forked from it: a list that has this file would have the other.
        if paths is None or paths.get(thread_of(self._path)) != self._path or not _is_there(paths.get(thread)):
            paths = _PATHS[self._root] = {thread_of(file.path): file.path for file in rollouts(Path(self._root))}
            paths[thread_of(self._path)] = self._path
        return paths.get(thread)


def _is_there(path: str | None) -> bool:
    return path is None or os.path.exists(path)


def _first_meta(path: str, opener: Opener) -> ThreadMeta | None:
    try:
        with open_rollout(path, window=1 << 16, opener=opener) as reader:
            for _, line in reader:
                for record in decode_objects(line):
                    if record.get("type") == "session_meta":
                        return meta_of(table_of(record, "payload"))
    except OSError:
        pass
    return None


@lru_cache(maxsize=16)
def _token_counts(path: str, dev: int, ino: int, size: int, changed_ns: int) -> Sequence:
    """The same of a file. The arguments after the path identify its state for the cache."""
    return _read_token_counts(path, FileLog)


def _read_token_counts(path: str, opener: Opener) -> Sequence:
    """Read a whole rollout for its `token_count` lines."""
    found: set[tuple[Tokens | None, Tokens]] = set()
    with open_rollout(path, opener=opener) as reader:
        for line in (line for _, block in reader.blocks() for line in marked_lines(block)):
            for record in decode_objects(line):
                kind, payload = kind_of(record)
                try:
                    counts = token_count_of(payload) if kind == "token_count" else None
                except BadCountError:
                    continue
                if counts:
                    found.add(counts)
    return found
