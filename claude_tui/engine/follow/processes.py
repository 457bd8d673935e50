"""Which sessions run, and what each is doing: the client's list of sessions, their processes, the ends of their logs.

Cheap enough to be called several times a second; call it off the event loop. Only a process that was found counts as
running. Must not judge a session: `queries.activity` does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from claude_tui.engine.follow.turn_ends import TurnEnds
from claude_tui.engine.queries.activity import Process, activity_of, activity_of_log
from claude_tui.engine.queries.snapshots.sessions import Presence
from claude_tui.engine.state.facts import SessionKey
from claude_tui.model import Activity, SessionState
from claude_tui.records import NamedTuple
from claude_tui.sources.claude.running.hook_marks import NO_MARKS, HookMarks, hooks_folder, marks_path, read_marks
from claude_tui.sources.claude.running.registry import (
    NAME,
    RegistryEntry,
    process_state,
    read_entry,
    registry_folders,
    runs_shell,
)
from claude_tui.sources.codex.turn_end import CodexTurnReader
from claude_tui.sources.protocol import SourceConfig

LOOK_S: Final = 0.25
"""How often it is looked: what changes is on screen before one wonders."""

MAX_ENTRIES: Final = 10_000
"""How many files of one folder are read at most: nobody runs more sessions."""

_STATUS_RANKS: Final = ("", "idle", "shell", "busy", "waiting")
_STOPPED: Final = ("T", "t")

RecentLogs = Callable[[int], Mapping[SessionKey, str]]
"""Returns the logs of sessions without a list of their own that grew lately, by an instant in milliseconds."""


class _Known(NamedTuple):
    stamp: tuple[int, int, int]
    entry: RegistryEntry | None


class LiveRegistry:
    """The running sessions of all config folders. Not thread-safe: one thread looks; `sessions` is replaced whole.

    `state_folder` is where our hook keeps what it was told; `recent_logs` finds the rollouts of Codex.
    """

    def __init__(
        self, folders: Sequence[Path], state_folder: Path | None = None, recent_logs: RecentLogs | None = None
    ) -> None:
        self.sessions: dict[SessionKey, Presence] = {}
        """Every session that has or had a process while we looked. Read from any thread; never changed in place."""
        self.revision = 0
        """Moves whenever `sessions` does."""
        self.files_read = 0
        self._folders = [os.fspath(folder) for folder in folders]
        self._state_folder = os.fspath(state_folder) if state_folder is not None else ""
        self._has_hook = False
        self._recent_logs = recent_logs
        self._known: dict[str, _Known] = {}
        self._ends = TurnEnds()
        self._marks: dict[str, tuple[int, HookMarks]] = {}
        self._stopped_ms: dict[int, int] = {}

    @classmethod
    def of(
        cls, config: SourceConfig, state_folder: Path | None = None, recent_logs: RecentLogs | None = None
    ) -> LiveRegistry:
        """Return the registry of a configuration; an empty one if Claude Code is not among its clients."""
        folders = registry_folders(config) if "claude" in config.sources else ()
        return cls(folders, state_folder, recent_logs if "codex" in config.sources else None)

    def look(self, now_ms: int) -> bool:
        """Look at every entry, its process and its logs. Returns whether anything changed. Raises nothing."""
        self._read_changed()
        self._has_hook = bool(self._state_folder) and os.path.isdir(hooks_folder(self._state_folder))
        speaking: dict[SessionKey, tuple[tuple[bool, int, int], str, RegistryEntry, str]] = {}
        for path, known in self._known.items():
            entry = known.entry
            state = process_state(entry) if entry is not None and not entry.is_spare else None
            if entry is None or state is None:
                continue
            key = ("claude", entry.session)
            # If several processes are of one session: a running one first, then the busiest status, then the newest.
            rank = bool(state), _status_rank(entry.status), entry.status_ms
            if key not in speaking or rank > speaking[key][0]:
                speaking[key] = rank, path, entry, state
        found: dict[SessionKey, Presence] = {}
        for key, (_, path, entry, state) in speaking.items():
            found[key] = self._presence(path, entry, state, now_ms)
        for key, before in self.sessions.items():
            # An end is remembered with the time it was noticed: a later line in the log proves it wrong.
            if key[0] == "claude" and (key not in found or not found[key].is_alive):
                found[key] = before if not before.is_alive else _ended(before, now_ms)
        if self._recent_logs is not None:
            for key, path in self._recent_logs(now_ms).items():
                activity = activity_of_log(self._ends.of(path, CodexTurnReader), now_ms)
                if activity.state is not SessionState.DONE:
                    found[key] = Presence(activity)
        self._ends.forget_unused()
        if found == self.sessions:
            return False
        self.sessions = found
        self.revision += 1
        return True

    def _presence(self, path: str, entry: RegistryEntry, state: str, now_ms: int) -> Presence:
        is_stopped = state in _STOPPED
        noticed_ms = self._stopped_ms.setdefault(entry.pid, now_ms) if is_stopped else now_ms
        if not is_stopped:
            self._stopped_ms.pop(entry.pid, None)
        is_untold = bool(state) and not entry.status
        process = Process(bool(state), is_stopped, noticed_ms, runs_shell(entry.pid) if is_untold else None)
        projects = f"{os.path.dirname(os.path.dirname(path))}{os.sep}projects"
        main, agents = self._ends.of_session(projects, entry.session, entry.cwd)
        activity = activity_of(entry, process, main, agents, self._marks_of(entry.session), now_ms)
        return Presence(activity, entry.pid, entry.name, entry.cwd, entry.version)

    def _marks_of(self, session: str) -> HookMarks:
        path = marks_path(self._state_folder, session) if self._has_hook else None
        if path is None:
            return NO_MARKS
        try:
            stamp = os.stat(path).st_mtime_ns
        except OSError:
            self._marks.pop(session, None)
            return NO_MARKS
        known = self._marks.get(session)
        if known is None or known[0] != stamp:
            known = self._marks[session] = stamp, read_marks(path)
        return known[1]

    def _read_changed(self) -> None:
        """Read the entries whose files changed since they were last read; forget those that are gone."""
        files: dict[str, tuple[int, int, int]] = {}
        for folder in self._folders:
            try:
                with os.scandir(folder) as listing:
                    items = islice(listing, MAX_ENTRIES)
                    names = [item.path for item in items if NAME.fullmatch(item.name)]
            except FileNotFoundError:
                continue
            except OSError:  # not readable just now: what was known there still holds
                files.update((path, known.stamp) for path, known in self._known.items() if path.startswith(folder))
                continue
            for path in names:
                try:
                    stat = os.stat(path)
                except OSError:
                    continue
                files[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        for gone in self._known.keys() - files.keys():
            del self._known[gone]
        for path, stamp in files.items():
            known = self._known.get(path)
            if known is None or known.stamp != stamp:
                self.files_read += 1
                try:
                    self._known[path] = _Known(stamp, read_entry(path))
                except OSError:
                    self._known.pop(path, None)


def _ended(before: Presence, now_ms: int) -> Presence:
    return before._replace(activity=Activity(SessionState.DONE, since_ms=now_ms))


def _status_rank(status: str) -> int:
    return _STATUS_RANKS.index(status) if status in _STATUS_RANKS else 0
