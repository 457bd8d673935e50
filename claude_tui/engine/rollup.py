"""Sums of cells by model, project, session and day for one query, kept up to date by differences.

A change costs what changed, not what the history is long. Must not know single responses or clocks.
"""

from __future__ import annotations

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
        self._parts: dict[K, list[Sums]] | None = None

    def add(self, key: K, change: Sums) -> None:
        """Add to a key's sums; the first and last instant of `change` are merged as bounds."""
        if self._parts is not None:
            self._parts.setdefault(key, []).append(change)
            return
        sums = self.sums.get(key)
        self.dirty.add(key)
        if sums is None:
            self.sums[key] = list(change)
            return
        first, last = min(sums[FIRST], change[FIRST]), max(sums[LAST], change[LAST])
        sums[:] = map(add, sums, change)
        sums[FIRST], sums[LAST] = first, last

    def collect(self) -> None:
        """From now on keep what is added apart: many changes of a key are summed at once, in a third of the time."""
        self._parts = {}

    def total(self) -> None:
        """Sum what was collected."""
        parts, self._parts = self._parts or {}, None
        for key, changes in parts.items():
            *columns, first, last = zip(*changes, strict=True)
            self.sums[key] = [*map(sum, columns), min(first), max(last)]
        self.dirty.update(parts)

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
        sheets = (self.all, self.models, self.projects, self.sessions, self.agents, self.days)
        for sheet in sheets:
            sheet.collect()
        for key, sums in store.cells.all.items():
            self._take(store, key, sums)
        for sheet in sheets:
            sheet.total()

    def update(self, store: Store, key: CellKey, before: tuple[int, ...]) -> None:
        """Take in a cell whose sums were `before` when it was last taken in. Hold the store's lock."""
        sums = store.cells.all.get(key)
        if sums is not None:
            self._take(store, key, [*map(sub, sums[:FIRST], before), sums[FIRST], sums[LAST]])

    def _take(self, store: Store, key: CellKey, change: Sums) -> None:
        owner = store.owners[key.owner]
        model = store.models[key.model]
        project = grouped_project(store.project_of(owner), self.query)
        if not self._covers(key.day, owner, model, project):
            return
        responses, cost, first = change[0], change[7], change[FIRST]
        source = owner.source
        session, by_model, by_project = (source, owner.session), (source, model), (source, project)
        self.all.add(None, change)
        self.models.add(by_model, change)
        self.projects.add(by_project, change)
        self.sessions.add(session, change)
        self.days.add(key.day, change)
        _sum(self.day_models.setdefault(key.day, {}), model, cost)
        _sum(self.model_days.setdefault(by_model, {}), key.day, cost)
        _sum(self.project_days.setdefault(by_project, {}), key.day, cost)
        _sum(self.session_models.setdefault(session, {}), model, responses)
        self.project_sessions.setdefault(by_project, set()).add(session)
        if owner.agent:
            agent = (source, owner.session, owner.agent)
            self.agents.add(agent, change)
            self.session_agents.setdefault(session, set()).add(agent)
            _sum(self.agent_models.setdefault(agent, {}), model, responses)
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
