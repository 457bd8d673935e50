"""What is known of sessions beside their numbers: folder, title, branch, context, newest line.

Must not know responses or sums, and takes no locks: the store does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Final

from claude_tui.sources.protocol import NO_FACTS, FileFacts, newer_facts
from claude_tui.units import HOUR_MS

REMEMBERED: Final = "\0"
"""Before the path of a file: what it said once, and may say no longer. No path begins so."""

SessionKey = tuple[str, str]
"""(source, session id)."""
AgentKey = tuple[str, str, str]
"""(source, session id, agent id)."""
Key = SessionKey | AgentKey
Files = dict[str, FileFacts]
"""Facts by the path of the file they are from."""


class FactBook:
    """Facts of sessions and sub-agents, merged from their files: in whatever order these are read, the same."""

    def __init__(self) -> None:
        self.sessions: dict[SessionKey, FileFacts] = {}
        self.agents: dict[AgentKey, FileFacts] = {}
        self.changed: set[SessionKey] = set()
        self.newest_ms = 0
        self._files: dict[Key, Files] = {}
        self._key_of: dict[tuple[str, str], Key] = {}
        self._seen_in_hour: dict[int, set[SessionKey]] = {}

    def learn(
        self, source: str, path: str, facts: FileFacts, *, is_whole: bool = True, is_remembered: bool = False
    ) -> tuple[bool, set[SessionKey]]:
        """Take in the facts of a file: of all of it, or of its newest lines, or what the ledger remembers of it.

        Returns whether anything changed, and the sessions whose folder did.
        """
        key = _key(source, facts)
        moved: set[SessionKey] = set()
        if key is None:
            return False, moved
        was_another = False
        if is_remembered:
            path, is_whole = REMEMBERED + path, False
        elif facts.is_complete:  # a file that told more of whose it is: nothing of it stays with whom it seemed to be
            known_as = self._key_of.get((source, path), key)
            self._key_of[source, path] = key
            if known_as != key:
                was_another = True
                moved |= self._forget(known_as, path)
        files = self._files.setdefault(key, {})
        merged = _merge(files, path, facts, is_whole, self._known(key))
        return self._tell(key, merged, moved) or was_another, moved

    def _forget(self, key: Key, path: str) -> set[SessionKey]:
        files, moved = self._files[key], set[SessionKey]()
        if files.pop(path, None) is None:  # it had told nothing
            return moved
        if files:
            self._tell(key, _together(files), moved)
            return moved
        del self._files[key]
        self.changed.add(key[:2])
        if len(key) == 3:
            del self.agents[key]
        elif self.sessions.pop(key).cwd:
            moved.add(key)
        return moved

    def _known(self, key: Key) -> FileFacts | None:
        return self.agents.get(key) if len(key) == 3 else self.sessions.get(key)

    def _tell(self, key: Key, merged: FileFacts, moved: set[SessionKey]) -> bool:
        """Put down what is known together of a session or a sub-agent. Returns whether that is new."""
        known = self._known(key)
        if len(key) == 3:
            self.agents[key] = merged
        else:
            self.sessions[key] = merged
        if known == merged:
            return False
        self.changed.add(key[:2])
        if len(key) == 2:
            self.newest_ms = max(self.newest_ms, merged.last_ms)
            self._seen_in_hour.setdefault(merged.last_ms // HOUR_MS, set()).add(key)
            if merged.cwd != (known.cwd if known else ""):
                moved.add(key)
        return True

    def restore(self, files: Iterable[tuple[str, str, FileFacts]]) -> None:
        """Take in all that `files` gave of another book. This one must be empty."""
        for source, path, facts in files:
            key = _key(source, facts)
            if key is not None:
                self._files.setdefault(key, {})[path] = facts
                if facts.is_complete:
                    self._key_of[source, path] = key
        for key, known in self._files.items():
            if len(key) == 3:
                self.agents[key] = _together(known)
            else:
                self.sessions[key] = _together(known)
        self.changed = {*self.sessions, *(key[:2] for key in self.agents)}
        self.newest_ms = max((facts.last_ms for facts in self.sessions.values()), default=0)
        for key, facts in self.sessions.items():
            self._seen_in_hour.setdefault(facts.last_ms // HOUR_MS, set()).add(key)

    def files(self) -> Iterator[tuple[str, str, FileFacts]]:
        """Yield (source, path, facts) that, learned in any order, give all of this again."""
        for key, files in self._files.items():
            yield from ((key[0], path, facts) for path, facts in files.items())

    def project(self, session: SessionKey) -> str:
        """Return the folder a session was started in, "" where no main file says."""
        found = self.sessions.get(session)
        return found.cwd if found else ""

    def newest_until(self, until_ms: int) -> int:
        """Return the instant of the newest line up to an instant, 0 without any."""
        if self.newest_ms <= until_ms:
            return self.newest_ms
        return max((facts.last_ms for facts in self.sessions.values() if facts.last_ms <= until_ms), default=0)

    def seen_between(self, since_ms: int, until_ms: int) -> set[SessionKey]:
        """Return the sessions whose newest line is in (since_ms, until_ms]."""
        hours = range(since_ms // HOUR_MS, until_ms // HOUR_MS + 1)
        seen = {key for hour in hours for key in self._seen_in_hour.get(hour, ())}
        return {key for key in seen if key in self.sessions and since_ms < self.sessions[key].last_ms <= until_ms}

    def take_changed(self) -> set[SessionKey]:
        """Return the sessions whose facts changed since the last call."""
        changed, self.changed = self.changed, set()
        return changed


def _key(source: str, facts: FileFacts) -> Key | None:
    """Return of whom facts are, None where they do not say."""
    if facts.session:
        return source, facts.session
    return (source, facts.parent, facts.agent) if facts.parent and facts.agent else None


def _merge(files: Files, path: str, facts: FileFacts, is_whole: bool, before: FileFacts | None) -> FileFacts:
    """Put the facts of a file among those of the others, and return what they say together."""
    known = files.get(path)
    if known is None and before is not None and _says_nothing(facts):
        return before  # thousands of empty files must not be compared with each other
    if known is not None and is_whole and not facts.is_complete and known != facts:
        # The file was rewritten; what it said before stays, as the ledger keeps it.
        earlier = files.get(REMEMBERED + path)
        files[REMEMBERED + path] = known if earlier is None else newer_facts(earlier, known)
    files[path] = facts if known is None or is_whole or facts.is_complete else newer_facts(known, facts)
    return _together(files)


def _says_nothing(facts: FileFacts) -> bool:
    return facts._replace(session="", parent="", agent="", is_complete=False) == NO_FACTS


def _together(files: Files) -> FileFacts:
    """Of several files the newest speaks. What they are called decides nothing: the folder is the first by name."""
    if len(files) == 1:
        return next(iter(files.values()))
    by_age = sorted(files.values(), key=lambda facts: (facts.last_ms, facts))
    merged = reduce(newer_facts, by_age)
    return merged._replace(cwd=min((facts.cwd for facts in by_age if facts.cwd), default=""))
