"""What is known of sessions beside their numbers: folder, title, branch, context, newest line.

Must not know responses or sums, and takes no locks: the store does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from claude_tui.sources.client_totals import join_pairs, join_totals
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
    """Facts of sessions and sub-agents, merged from their files: in whatever order these are read, the same.

    A snapshot may ask `agents` for types of sub-agents later on: once changes were taken, the dictionary is replaced
    before any type in it is another.
    """

    def __init__(self) -> None:
        self.sessions: dict[SessionKey, FileFacts] = {}
        self.agents: dict[AgentKey, FileFacts] = {}
        self.changed: set[SessionKey] = set()
        self.newest_ms = 0
        self._files: dict[Key, Files] = {}
        self._together: dict[Key, Together] = {}
        self._key_of: dict[str, dict[str, Key]] = {}
        """By source and path: of whom a file that was read from its beginning is."""
        self._seen_in_hour: dict[int, set[SessionKey]] | None = None
        """Sessions by the hour they were last seen in; None before anybody asks."""
        self._are_agents_lent = False

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
            key_of = self._key_of.setdefault(source, {})
            known_as = key_of.get(path, key)
            key_of[path] = key
            if known_as != key:
                was_another = True
                moved |= self._forget(known_as, path)
        is_another_file = path not in self._files.get(key, ())
        if is_another_file:
            self.changed.add(key[:2])  # whose folder decides the account
        merged = self._put(key, path, facts, is_whole)
        return self._tell(key, merged, moved) or was_another or is_another_file, moved

    def learn_first(
        self, source: str, files: Iterable[tuple[str, FileFacts]]
    ) -> tuple[bool, list[SessionKey], list[tuple[str, FileFacts]]]:
        """Take in the facts of whole files of which nothing is known yet, nor of the sessions they are of.

        Returns what `learn` does, and the files of which something is known.
        """
        moved: list[SessionKey] = []
        others: list[tuple[str, FileFacts]] = []
        sessions: list[SessionKey] = []
        known, changed = self._files, self.changed
        key_of = self._key_of.setdefault(source, {})
        first = len(known)
        for path, facts in files:
            session = facts.session
            key = (source, session) if session else _key(source, facts)
            if key is None:
                continue
            if path in key_of or not facts.is_complete or known.setdefault(key, its := {path: facts}) is not its:
                others.append((path, facts))
                continue
            key_of[path] = key
            if len(key) == 3:
                changed.add(key[:2])
                if self._are_agents_lent:
                    self._replace_agents()
                self.agents[key] = facts
                continue
            sessions.append(key)
            self.sessions[key] = facts
            if facts.cwd:
                moved.append(key)
        changed.update(sessions)
        self._see(sessions)
        return len(known) > first, moved, others

    def _put(self, key: Key, path: str, facts: FileFacts, is_whole: bool) -> FileFacts:
        """Put the facts of a file among those of the others, and return what they say together."""
        files = self._files.get(key)
        if files is None:  # of most there is one file
            self._files[key] = {path: facts}
            return facts
        known = files.get(path)
        if known is None:
            files[path] = facts
            together = self._together.get(key)
            if together is None:
                return self._settle(key)
            together.add(facts)
            return together.facts
        if is_whole and not facts.is_complete and known != facts:
            # The file was rewritten; what it said before stays, as the ledger keeps it.
            earlier = files.get(REMEMBERED + path)
            files[REMEMBERED + path] = known if earlier is None else newer_facts(earlier, known)
        files[path] = facts if is_whole or facts.is_complete else newer_facts(known, facts)
        return self._settle(key)

    def _settle(self, key: Key) -> FileFacts:
        """Return what all files say together. Most sessions have only one, which needs no merging."""
        files = self._files[key]
        if len(files) == 1:
            self._together.pop(key, None)
            return next(iter(files.values()))
        together = self._together[key] = Together(files.values())
        return together.facts

    def _forget(self, key: Key, path: str) -> set[SessionKey]:
        files, moved = self._files[key], set[SessionKey]()
        if files.pop(path, None) is None:  # it had told nothing
            return moved
        if files:
            self._tell(key, self._settle(key), moved)
            return moved
        del self._files[key]
        self.changed.add(key[:2])
        if len(key) == 3:
            self._replace_agents()
            del self.agents[key]
        elif self.sessions.pop(key).cwd:
            moved.add(key)
        return moved

    def forget_remembered(self, source: str, path: str, facts: Iterable[FileFacts]) -> set[SessionKey] | None:
        """Forget what was remembered of a file, of the sessions and sub-agents that `facts` are of.

        Returns the sessions whose folder changed; None if nothing was remembered.
        """
        moved: set[SessionKey] | None = None
        keys: set[Key | None] = {_key(source, one) for one in facts}
        for key in keys:
            if key is not None and REMEMBERED + path in self._files.get(key, ()):
                moved = (moved or set()) | self._forget(key, REMEMBERED + path)
        return moved

    def _known(self, key: Key) -> FileFacts | None:
        return self.agents.get(key) if len(key) == 3 else self.sessions.get(key)

    def _tell(self, key: Key, merged: FileFacts, moved: set[SessionKey]) -> bool:
        """Put down what is known together of a session or a sub-agent. Returns whether that is new."""
        known = self._known(key)
        if len(key) == 3:
            if merged.agent_type != (known.agent_type if known else ""):
                self._replace_agents()
            self.agents[key] = merged
        else:
            self.sessions[key] = merged
        if known == merged:
            return False
        self.changed.add(key[:2])
        if len(key) == 2:
            self._see((key,))
            if merged.cwd != (known.cwd if known else ""):
                moved.add(key)
        return True

    def _replace_agents(self) -> None:
        if self._are_agents_lent:
            self.agents, self._are_agents_lent = dict(self.agents), False

    def restore(self, files: Iterable[tuple[str, str, FileFacts]]) -> None:
        """Take in all that `files` gave of another book. This one must be empty."""
        known, sessions, agents = self._files, self.sessions, self.agents
        for source, path, facts in files:
            key = _key(source, facts)
            if key is not None:
                its = known.get(key)
                if its is None:
                    known[key] = {path: facts}
                else:
                    its[path] = facts
                if facts.is_complete:
                    self._key_of.setdefault(source, {})[path] = key
        for key, its in known.items():
            (facts,) = its.values() if len(its) == 1 else (self._settle(key),)
            if len(key) == 3:
                agents[key] = facts
                continue
            sessions[key] = facts
        self.changed = {*sessions, *(key[:2] for key in agents)}
        self._see(sessions)

    def files(self) -> Iterator[tuple[str, str, FileFacts]]:
        """Yield (source, path, facts) that, learned in any order, give all of this again."""
        for key, files in self._files.items():
            for path, facts in files.items():
                yield key[0], path, facts

    def logs(self, key: Key) -> list[str]:
        """Return the paths of the files that say something of a session or a sub-agent."""
        return [path for path in self._files.get(key, ()) if not path.startswith(REMEMBERED)]

    def project(self, session: SessionKey) -> str:
        """Return the folder a session was started in, "" if no main file says."""
        found = self.sessions.get(session)
        return found.cwd if found else ""

    def path_of(self, session: SessionKey, agent: str = "") -> str:
        """Return the log a session or a sub-agent of it is in, rather one that is there than one that is remembered;
        "" if none says so."""
        files = self._files.get(session) or (self._files.get((*session, agent)) if agent else None) or ()
        return min(files, key=lambda path: (path.startswith(REMEMBERED), path), default="").removeprefix(REMEMBERED)

    def newest_until(self, until_ms: int) -> int:
        """Return the instant of the newest line up to an instant, 0 without any."""
        if self.newest_ms <= until_ms:
            return self.newest_ms
        return max((facts.last_ms for facts in self.sessions.values() if facts.last_ms <= until_ms), default=0)

    def seen_between(self, since_ms: int, until_ms: int) -> set[SessionKey]:
        """Return the sessions whose newest line is in (since_ms, until_ms]."""
        if self._seen_in_hour is None:
            self._seen_in_hour = {}
            self._see(self.sessions)
        hours = range(since_ms // HOUR_MS, until_ms // HOUR_MS + 1)
        seen = {key for hour in hours for key in self._seen_in_hour.get(hour, ())}
        return {key for key in seen if key in self.sessions and since_ms < self.sessions[key].last_ms <= until_ms}

    def _see(self, sessions: Collection[SessionKey]) -> None:
        """Note when sessions were last seen."""
        times = [self.sessions[key].last_ms for key in sessions]
        self.newest_ms = max(self.newest_ms, max(times, default=0))
        if self._seen_in_hour is not None:
            for key, time_ms in zip(sessions, times, strict=True):
                self._seen_in_hour.setdefault(time_ms // HOUR_MS, set()).add(key)

    def take_changed(self) -> set[SessionKey]:
        """Return the sessions whose facts changed since the last call."""
        changed, self.changed = self.changed, set()
        self._are_agents_lent = True
        return changed


def _key(source: str, facts: FileFacts) -> Key | None:
    """Return of whom facts are, None if they do not say."""
    if facts.session:
        return source, facts.session
    return (source, facts.parent, facts.agent) if facts.parent and facts.agent else None


class Together:
    """What the facts of several files say together, in whatever order they come: of each fact the newest that is there.

    What the files are called decides nothing: of several folders it is the first by name.
    """

    __slots__ = ("_ranks", "facts")

    def __init__(self, many: Iterable[FileFacts] = ()) -> None:
        self.facts = NO_FACTS
        self._ranks: list[tuple[int, FileFacts]] = [(0, NO_FACTS)] * len(NO_FACTS)
        for one in many:
            self.add(one)

    def add(self, one: FileFacts) -> None:
        """Take in the facts of one more file."""
        before, ranks, rank = self.facts, self._ranks, (one.last_ms, one)
        values = list(before)
        for at, value in enumerate(one):
            if value and (not values[at] or rank > ranks[at]):
                values[at], ranks[at] = value, rank
        self.facts = FileFacts._make(values)._replace(
            cwd=min(filter(None, (before.cwd, one.cwd)), default=""),
            compactions=max(before.compactions, one.compactions),
            largest_prompt=max(before.largest_prompt, one.largest_prompt),
            client_totals=join_totals(before.client_totals, one.client_totals),
            asked_models=join_pairs(before.asked_models, one.asked_models),
        )
