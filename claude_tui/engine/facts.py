"""What is known of sessions beside their numbers: folder, title, branch, context, newest line.

Must not know responses or sums, and takes no locks: the store does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Final

from claude_tui.sources.protocol import NO_FACTS, FileFacts, newer_facts

HOUR_MS: Final = 3_600_000

SessionKey = tuple[str, str]
"""(source, session id)."""
AgentKey = tuple[str, str, str]
"""(source, session id, agent id)."""
Files = dict[str, FileFacts]
"""Facts by the path of the file they are from."""


class FactBook:
    """Facts of sessions and sub-agents, merged from their files: in whatever order these are read, the same."""

    def __init__(self) -> None:
        self.sessions: dict[SessionKey, FileFacts] = {}
        self.agents: dict[AgentKey, FileFacts] = {}
        self.changed: set[SessionKey] = set()
        self.newest_ms = 0
        self._session_files: dict[SessionKey, Files] = {}
        self._agent_files: dict[AgentKey, Files] = {}
        self._seen_in_hour: dict[int, set[SessionKey]] = {}

    def learn(
        self, source: str, path: str, facts: FileFacts, *, is_whole: bool = True
    ) -> tuple[bool, SessionKey | None]:
        """Take in the facts of a file: of all of it, or of its newest lines.

        Returns whether anything changed, and the session whose folder did.
        """
        if facts.session:
            key = (source, facts.session)
            before = self.sessions.get(key)
            merged = _merge(self._session_files.setdefault(key, {}), path, facts, is_whole, before)
            if before == merged:
                return False, None
            self.sessions[key] = merged
            self.changed.add(key)
            self.newest_ms = max(self.newest_ms, merged.last_ms)
            self._seen_in_hour.setdefault(merged.last_ms // HOUR_MS, set()).add(key)
            return True, key if merged.cwd != (before.cwd if before else "") else None
        if facts.parent and facts.agent:
            agent = (source, facts.parent, facts.agent)
            known = self.agents.get(agent)
            merged = _merge(self._agent_files.setdefault(agent, {}), path, facts, is_whole, known)
            self.agents[agent] = merged
            if known != merged:
                self.changed.add(agent[:2])
            return known != merged, None
        return False, None

    def restore(self, files: Iterable[tuple[str, str, FileFacts]]) -> None:
        """Take in all that `files` gave of another book. This one must be empty."""
        for source, path, facts in files:
            if facts.session:
                self._session_files.setdefault((source, facts.session), {})[path] = facts
            else:
                self._agent_files.setdefault((source, facts.parent, facts.agent), {})[path] = facts
        self.sessions = {key: _together(known) for key, known in self._session_files.items()}
        self.agents = {key: _together(known) for key, known in self._agent_files.items()}
        self.changed = {*self.sessions, *(key[:2] for key in self.agents)}
        self.newest_ms = max((facts.last_ms for facts in self.sessions.values()), default=0)
        for key, facts in self.sessions.items():
            self._seen_in_hour.setdefault(facts.last_ms // HOUR_MS, set()).add(key)

    def files(self) -> Iterator[tuple[str, str, FileFacts]]:
        """Yield (source, path, facts) that, learned in any order, give all of this again."""
        for (source, _), files in self._session_files.items():
            yield from ((source, path, facts) for path, facts in files.items())
        for (source, _, _), files in self._agent_files.items():
            yield from ((source, path, facts) for path, facts in files.items())

    def project(self, session: SessionKey) -> str:
        """Return the folder a session was started in, "" where no main file says."""
        found = self.sessions.get(session)
        return found.cwd if found else ""

    def seen_between(self, since_ms: int, until_ms: int) -> set[SessionKey]:
        """Return the sessions whose newest line is in (since_ms, until_ms]."""
        hours = range(since_ms // HOUR_MS, until_ms // HOUR_MS + 1)
        seen = {key for hour in hours for key in self._seen_in_hour.get(hour, ())}
        return {key for key in seen if since_ms < self.sessions[key].last_ms <= until_ms}

    def take_changed(self) -> set[SessionKey]:
        """Return the sessions whose facts changed since the last call."""
        changed, self.changed = self.changed, set()
        return changed


def _merge(files: Files, path: str, facts: FileFacts, is_whole: bool, before: FileFacts | None) -> FileFacts:
    """Put the facts of a file among those of the others, and return what they say together."""
    known = files.get(path)
    if known is None and before is not None and _says_nothing(facts):
        return before  # thousands of empty files must not be compared with each other
    files[path] = facts if known is None or is_whole or facts.is_complete else newer_facts(known, facts)
    return _together(files)


def _says_nothing(facts: FileFacts) -> bool:
    return facts._replace(session="", parent="", agent="", is_complete=False) == NO_FACTS


def _together(files: Files) -> FileFacts:
    """Of several files the newest speaks, but the folder is that of the first by path."""
    if len(files) == 1:
        return next(iter(files.values()))
    by_age = sorted(files, key=lambda path: (files[path].last_ms, path))
    merged = reduce(newer_facts, (files[path] for path in by_age))
    return merged._replace(cwd=next((files[path].cwd for path in sorted(files) if files[path].cwd), ""))
