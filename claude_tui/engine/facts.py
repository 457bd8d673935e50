"""What is known of sessions beside their numbers: folder, title, branch, context, newest line.

Must not know responses or sums, and takes no locks: the store does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from claude_tui.sources.protocol import FileFacts, newer_facts

HOUR_MS: Final = 3_600_000

SessionKey = tuple[str, str]
"""(source, session id)."""
AgentKey = tuple[str, str, str]
"""(source, session id, agent id)."""


class FactBook:
    """Facts of sessions and sub-agents, merged from their files."""

    def __init__(self) -> None:
        self.sessions: dict[SessionKey, FileFacts] = {}
        self.agents: dict[AgentKey, FileFacts] = {}
        self.changed: set[SessionKey] = set()
        self.newest_ms = 0
        self._main_cwd: dict[SessionKey, tuple[str, str]] = {}
        self._seen_in_hour: dict[int, set[SessionKey]] = {}

    def learn(self, source: str, path: str, facts: FileFacts) -> tuple[bool, SessionKey | None]:
        """Merge the facts of a file. Returns whether anything changed, and the session whose folder did."""
        if facts.session:
            key = (source, facts.session)
            moved = key if self._learn_cwd(key, path, facts.cwd) else None
            before = self.sessions.get(key)
            merged = facts if before is None else newer_facts(before, facts)
            if before != merged:
                self.sessions[key] = merged
                self.changed.add(key)
                self.newest_ms = max(self.newest_ms, merged.last_ms)
                self._seen_in_hour.setdefault(merged.last_ms // HOUR_MS, set()).add(key)
            return before != merged or moved is not None, moved
        if facts.parent and facts.agent:
            agent = (source, facts.parent, facts.agent)
            known = self.agents.get(agent)
            merged = facts if known is None else newer_facts(known, facts)
            if known != merged:
                self.agents[agent] = merged
                self.changed.add(agent[:2])
            return known != merged, None
        return False, None

    def files(self) -> Iterator[tuple[str, str, FileFacts]]:
        """Yield (source, path, facts) that, learned in any order, give all of this again."""
        for (source, session), facts in self.sessions.items():
            path, cwd = self._main_cwd.get((source, session), ("", ""))
            yield source, path, replace(facts, cwd=cwd)
        for (source, _, _), facts in self.agents.items():
            yield source, "", facts

    def project(self, session: SessionKey) -> str:
        """Return the folder a session was started in, "" where no main file says."""
        main = self._main_cwd.get(session)
        return main[1] if main else ""

    def seen_between(self, since_ms: int, until_ms: int) -> set[SessionKey]:
        """Return the sessions whose newest line is in (since_ms, until_ms]."""
        hours = range(since_ms // HOUR_MS, until_ms // HOUR_MS + 1)
        seen = {key for hour in hours for key in self._seen_in_hour.get(hour, ())}
        return {key for key in seen if since_ms < self.sessions[key].last_ms <= until_ms}

    def take_changed(self) -> set[SessionKey]:
        """Return the sessions whose facts changed since the last call."""
        changed, self.changed = self.changed, set()
        return changed

    def _learn_cwd(self, key: SessionKey, path: str, cwd: str) -> bool:
        """Of several main files of one session the first by path decides, whatever order they are read in."""
        known = self._main_cwd.get(key)
        if not cwd or (known is not None and path >= known[0] and path != known[0]):
            return False
        self._main_cwd[key] = (path, cwd) if known is None or path < known[0] else known
        return self._main_cwd[key][1] != (known[1] if known else "")
