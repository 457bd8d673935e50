"""The ends of the logs of running sessions, kept current by reading what was appended. Must not count anything.

Only sessions that run are looked at, and of their logs only the end, so it needs neither the store nor its checkpoints.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Final

import orjson

from claude_tui.sources.claude.discovery import AGENT
from claude_tui.sources.claude.running.turn_end import ClaudeTurnReader
from claude_tui.sources.reading.log import open_regular
from claude_tui.sources.turns.turn_end import NOTHING, TurnEnd, TurnReader

FIRST_READ: Final = 256 << 10
"""Bytes of a log's end that are read at first; a turn is rarely longer."""
MOST_READ: Final = 8 << 20
"""More than this is not read at once: who grew by so much meanwhile is read from its end again."""
MAX_AGENTS: Final = 64
"""Logs of sub-agents that are followed for one session, the newest."""
SEARCH_S: Final = 5.0
"""How often all projects are searched for a transcript that is not where it should be."""


class _Followed:
    """One log: how far it was read, and what that said."""

    def __init__(self, make: Callable[[], TurnReader]) -> None:
        self._make = make
        self._reader = make()
        self._stamp: tuple[int, int, int] | None = None
        self._offset = 0
        self.end = NOTHING

    def look(self, path: str, stamp: tuple[int, int, int]) -> None:
        """Read on if the file changed since. Raises OSError if it cannot be read."""
        if stamp == self._stamp:
            return
        inode, size, _ = stamp
        is_another = self._stamp is not None and (self._stamp[0] != inode or size < self._offset)
        if self._stamp is None or is_another or size - self._offset > MOST_READ:
            self._read_end(path, size)
        else:
            self._read_from(path, self._offset)
        self._stamp = stamp
        self.end = self._reader.end()

    def _read_end(self, path: str, size: int) -> None:
        length = FIRST_READ
        while True:
            self._reader = self._make()
            self._read_from(path, max(0, size - length))
            if length >= min(size, MOST_READ) or self._reader.end() != NOTHING:
                return
            length *= 4  # a single line may be longer

    def _read_from(self, path: str, start: int) -> None:
        fd, _ = open_regular(path)
        with open(fd, "rb") as file:
            file.seek(start)
            data = file.read(MOST_READ)
        whole = data.rfind(b"\n") + 1  # a line that has no end yet is read again
        for line in data[:whole].splitlines():
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue  # the rest of a line, or one that the count reports
            if isinstance(row, dict):
                self._reader.see(row)
        self._offset = start + whole


class TurnEnds:
    """The ends of many logs, by path. Not thread-safe."""

    def __init__(self) -> None:
        self._logs: dict[str, _Followed] = {}
        self._agents: dict[str, tuple[int, list[str]]] = {}
        self._places: dict[tuple[str, str], tuple[str, float]] = {}
        self._used: set[str] = set()

    def of(self, path: str, make: Callable[[], TurnReader]) -> TurnEnd:
        """Return the end of a log; `NOTHING` where it cannot be read. Raises nothing."""
        self._used.add(path)
        try:
            stat = os.stat(path)
            if path not in self._logs:
                self._logs[path] = _Followed(make)
            log = self._logs[path]
            log.look(path, (stat.st_ino, stat.st_size, stat.st_mtime_ns))
        except OSError:
            self._logs.pop(path, None)
            return NOTHING
        return log.end

    def of_session(self, projects: str, session: str, cwd: str) -> tuple[TurnEnd, list[TurnEnd]]:
        """Return the ends of a Claude Code session's transcript and of those of its sub-agents. Raises nothing."""
        path = self._place(projects, session, cwd)
        if not path:
            return NOTHING, []
        agents = self._agents_in(f"{path.removesuffix('.jsonl')}{os.sep}subagents")
        return self.of(path, ClaudeTurnReader), [self.of(agent, _agent_reader) for agent in agents]

    def forget_unused(self) -> None:
        """Forget the logs that were not asked for since the last call."""
        for path in self._logs.keys() - self._used:
            del self._logs[path]
        for folder in self._agents.keys() - {os.path.dirname(path) for path in self._used}:
            del self._agents[folder]
        self._used = set()

    def _place(self, projects: str, session: str, cwd: str) -> str:
        """Return where the transcript of a session is, "" if there is none yet."""
        known, searched_s = self._places.get((projects, session), ("", 0.0))
        if known in self._logs:
            return known
        usual = os.path.join(projects, folder_name(cwd), f"{session}.jsonl")
        if os.path.exists(usual):
            self._places[projects, session] = usual, 0.0
            return usual
        if time.monotonic() - searched_s < SEARCH_S and searched_s:
            return ""
        found = next((path for path in _candidates(projects, session) if os.path.exists(path)), "")
        self._places[projects, session] = found, time.monotonic()
        return found

    def _agents_in(self, folder: str) -> list[str]:
        """Return the newest sub-agents' logs; the folder is listed when one was made in it."""
        try:
            changed_ns = os.stat(folder).st_mtime_ns
            known = self._agents.get(folder)
            if known is None or known[0] != changed_ns:
                with os.scandir(folder) as listing:
                    logs = [item for item in listing if item.name.startswith(AGENT) and item.name.endswith(".jsonl")]
                    newest = sorted(logs, key=lambda item: (-item.stat().st_mtime_ns, item.name))[:MAX_AGENTS]
                    known = self._agents[folder] = changed_ns, sorted(item.path for item in newest)
        except OSError:
            return []
        return known[1]


def folder_name(cwd: str) -> str:
    """Return what Claude Code calls the folder of a project: its path with all but letters and digits replaced."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in cwd)


def _agent_reader() -> ClaudeTurnReader:
    return ClaudeTurnReader(is_agent=True)


def _candidates(projects: str, session: str) -> Iterable[str]:
    try:
        with os.scandir(projects) as listing:
            folders = [item.path for item in listing if item.is_dir()]
    except OSError:
        return []
    return [os.path.join(folder, f"{session}.jsonl") for folder in folders]
