"""Which sessions have a living process, and what it says it is doing.

Looks at the client's list of running sessions, cheaply and as often as wanted; call it off the event loop. Only a
process that was found counts as running. Must not read logs nor judge a session: `sessions.session_state` does.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from claude_tui.engine.queries.snapshots.sessions import Presence
from claude_tui.engine.state.facts import SessionKey
from claude_tui.sources.claude.registry import NAME, RegistryEntry, is_alive, read_entry, registry_folders
from claude_tui.sources.protocol import SourceConfig

LOOK_S: Final = 2.0
"""How often looking is worth its while."""

MAX_ENTRIES: Final = 10_000
"""More files than this in one folder are not looked at: nobody runs so many sessions."""

_STATUS_RANKS: Final = ("", "idle", "shell", "waiting", "busy")


class _Known(NamedTuple):
    stamp: tuple[int, int, int]
    entry: RegistryEntry | None


class LiveRegistry:
    """The running sessions of all config folders. Not thread-safe: one thread looks; `sessions` is replaced whole."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.sessions: dict[SessionKey, Presence] = {}
        """Every session that has or had a process while we looked. Read from any thread; never changed in place."""
        self.revision = 0
        """Moves whenever `sessions` does."""
        self.files_read = 0
        self._folders = [os.fspath(folder) for folder in folders]
        self._known: dict[str, _Known] = {}

    @classmethod
    def of(cls, config: SourceConfig) -> LiveRegistry:
        """Return the registry of a configuration; an empty one where Claude Code is not asked for."""
        return cls(registry_folders(config) if "claude" in config.sources else ())

    def look(self, now_ms: int) -> bool:
        """Look at every entry and its process. Returns whether anything changed. Raises nothing."""
        self._read_changed()
        found: dict[SessionKey, Presence] = {}
        for known in self._known.values():
            presence = _presence(known.entry) if known.entry is not None else None
            if known.entry is None or presence is None:
                continue
            key = ("claude", known.entry.session)
            found[key] = max(found.get(key, presence), presence, key=_rank)
        for key, before in self.sessions.items():
            # An end is remembered with the time it was noticed: a later line in the log proves it wrong.
            if key not in found or not found[key].is_alive:
                found[key] = before if not before.is_alive else Presence(False, "", now_ms, before.pid)
        for key, presence in found.items():
            if not presence.is_alive and not presence.since_ms:
                found[key] = presence._replace(since_ms=now_ms)
        if found == self.sessions:
            return False
        self.sessions = found
        self.revision += 1
        return True

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


def _presence(entry: RegistryEntry) -> Presence | None:
    """Return what an entry proves; None where the system cannot tell whether its process runs."""
    alive = is_alive(entry)
    if alive is None:
        return None
    return Presence(True, entry.status, entry.status_ms, entry.pid) if alive else Presence(False, pid=entry.pid)


def _rank(presence: Presence) -> tuple[bool, int, int]:
    """Of several processes of one session the busiest that runs speaks."""
    status = presence.status
    return (
        presence.is_alive,
        _STATUS_RANKS.index(status) if status in _STATUS_RANKS else 0,
        presence.since_ms,
    )
