"""Sums of cells by model, project, session and day for one query, kept up to date by differences.

A change costs what changed, not what the history is long. Must not know single responses or clocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import add, sub
from typing import Generic, TypeVar

from claude_tui.engine.cells import FIRST, LAST, CellKey, Sums
from claude_tui.engine.facts import AgentKey, SessionKey
from claude_tui.engine.listing import grouped_project
from claude_tui.engine.store import Owner, Store
from claude_tui.model import Query, Totals

K = TypeVar("K")


class Sheet(Generic[K]):
    """Sums by key, and which keys changed since they were last taken."""

    def __init__(self) -> None:
        self.sums: dict[K, Sums] = {}
        self.dirty: set[K] = set()

    def add(self, key: K, difference: Iterable[int], first: int, last: int) -> None:
        """Add a difference to a key's sums; `first` and `last` are instants, merged as bounds."""
        sums = self.sums.get(key)
        self.dirty.add(key)
        if sums is None:
            self.sums[key] = [*difference, first, last]
            return
        sums[:FIRST] = map(add, sums, difference)
        sums[FIRST] = min(sums[FIRST], first)
        sums[LAST] = max(sums[LAST], last)

    def totals(self, key: K) -> Totals:
        """Return the sums of a key; zeros where there are none."""
        sums = self.sums.get(key)
        return Totals(*sums) if sums else Totals()

    def take_dirty(self) -> set[K]:
        """Return the keys changed since the last call."""
        dirty, self.dirty = self.dirty, set()
        return dirty


class Rollup:
    """What one query covers, summed every way a view shows it."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self.clear()

    def clear(self) -> None:
        """Forget everything, to be filled again from all cells."""
        self.all = Sheet[None]()
        self.models = Sheet[tuple[str, str]]()
        self.projects = Sheet[tuple[str, str]]()
        self.sessions = Sheet[SessionKey]()
        self.agents = Sheet[AgentKey]()
        self.days = Sheet[int]()
        self.day_models: dict[int, dict[str, int]] = {}
        self.model_days: dict[tuple[str, str], dict[int, int]] = {}
        self.project_days: dict[tuple[str, str], dict[int, int]] = {}
        self.project_sessions: dict[tuple[str, str], set[SessionKey]] = {}
        self.session_models: dict[SessionKey, dict[str, int]] = {}
        self.agent_models: dict[AgentKey, dict[str, int]] = {}
        self.session_agents: dict[SessionKey, set[AgentKey]] = {}
        self.session_project: dict[SessionKey, tuple[int, str]] = {}

    def fill(self, store: Store) -> None:
        """Sum all cells anew. Hold the store's lock."""
        self.clear()
        zero = (0,) * 16
        for key in store.cells.all:
            self.update(store, key, zero)

    def update(self, store: Store, key: CellKey, before: tuple[int, ...]) -> None:
        """Take in a cell whose sums were `before` when it was last taken in. Hold the store's lock."""
        owner = store.owners[key.owner]
        model = store.models[key.model]
        project = grouped_project(store.project_of(owner), self.query)
        if not self._covers(key.day, owner, model, project):
            return
        sums = store.cells.all.get(key)
        if sums is None:
            return
        difference = list(map(sub, sums[:FIRST], before))
        first, last = sums[FIRST], sums[LAST]
        cost = difference[7]
        source = owner.source
        session, by_model, by_project = (source, owner.session), (source, model), (source, project)
        self.all.add(None, difference, first, last)
        self.models.add(by_model, difference, first, last)
        self.projects.add(by_project, difference, first, last)
        self.sessions.add(session, difference, first, last)
        self.days.add(key.day, difference, first, last)
        _sum(self.day_models.setdefault(key.day, {}), model, cost)
        _sum(self.model_days.setdefault(by_model, {}), key.day, cost)
        _sum(self.project_days.setdefault(by_project, {}), key.day, cost)
        _sum(self.session_models.setdefault(session, {}), model, difference[0])
        self.project_sessions.setdefault(by_project, set()).add(session)
        if owner.agent:
            agent = (source, owner.session, owner.agent)
            self.agents.add(agent, difference, first, last)
            self.session_agents.setdefault(session, set()).add(agent)
            _sum(self.agent_models.setdefault(agent, {}), model, difference[0])
        # A session without a main file has no folder of its own: the one of its earliest responses stands for it.
        known = self.session_project.get(session)
        if known is None or (first, project) < known:
            self.session_project[session] = (first, project)

    def _covers(self, day: int, owner: Owner, model: str, project: str) -> bool:
        query = self.query
        return (
            (query.since is None or day >= query.since.toordinal())
            and (query.until is None or day <= query.until.toordinal())
            and query.source in ("", owner.source)
            and query.session in ("", owner.session)
            and query.project in ("", project)
            and query.model in ("", model)
        )


def _sum(table: dict[K, int], key: K, value: int) -> None:
    table[key] = table.get(key, 0) + value
