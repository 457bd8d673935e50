"""Sums of cells by model, project, session and day for one query, updated by differences.

The cost of an update depends on the change, not on the length of the history. Must not know single responses or clocks.
"""

from __future__ import annotations

from operator import add, sub
from typing import Generic, NamedTuple, TypeVar

from claude_tui.engine.queries.responses import grouped_project
from claude_tui.engine.state.facts import AgentKey, SessionKey
from claude_tui.engine.state.store import Owner, Store
from claude_tui.engine.state.sums.cells import CellKey, Sums
from claude_tui.model import COST, FIRST, LAST, RESPONSES, Query, Totals

K = TypeVar("K")
L = TypeVar("L")


class Place(NamedTuple):
    """The sums an owner belongs to: keys of the project's, the session's and the agent's sums."""

    source: str
    project: str
    session: SessionKey
    by_project: tuple[str, str]
    agent: AgentKey | None


class Sheet(Generic[K]):
    """Sums by key, and which keys changed since they were last taken."""

    def __init__(self) -> None:
        self.sums: dict[K, Sums] = {}
        self.dirty: set[K] = set()
        self._parts: dict[K, list[Sums]] | None = None

    def add(self, key: K, change: Sums) -> None:
        """Add to a key's sums; the first and last instant of `change` are merged as bounds."""
        if self._parts is not None:
            parts = self._parts.get(key)
            if parts is None:
                self._parts[key] = [change]
            else:
                parts.append(change)
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
        """From now on collect additions separately: summing many changes of a key at once takes a third of the time."""
        self._parts = {}

    def total(self) -> None:
        """Sum what was collected."""
        parts, self._parts = self._parts or {}, None
        for key, changes in parts.items():
            if len(changes) == 1:
                self.sums[key] = list(changes[0])
                continue
            *columns, first, last = zip(*changes, strict=True)
            self.sums[key] = [*map(sum, columns), min(first), max(last)]
        self.dirty.update(parts)

    def totals(self, key: K) -> Totals:
        """Return the sums of a key; zeros if there are none."""
        sums = self.sums.get(key)
        return Totals(*sums) if sums else Totals()

    def take_dirty(self) -> set[K]:
        """Return the keys changed since the last call."""
        dirty, self.dirty = self.dirty, set()
        return dirty


class Rollup:
    """What one query covers, summed in every way a view shows it."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self.clear()

    def clear(self) -> None:
        """Forget everything, before it is filled again from all cells."""
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
        """Sum all cells again. Requires the store's lock."""
        self.clear()
        sheets = (self.all, self.models, self.projects, self.sessions, self.agents, self.days)
        for sheet in sheets:
            sheet.collect()
        places = [self._place(store, owner) for owner in store.owners]
        models = store.models
        for (day, owner, model), sums in store.cells.all.items():
            self._take(places[owner], day, models[model], sums)
        for sheet in sheets:
            sheet.total()

    def update(self, store: Store, key: CellKey, before: tuple[int, ...]) -> None:
        """Update a cell whose sums were `before` at the last update. Requires the store's lock."""
        sums = store.cells.all.get(key)
        if sums is not None:
            change = [*map(sub, sums[:FIRST], before), sums[FIRST], sums[LAST]]
            self._take(self._place(store, store.owners[key.owner]), key.day, store.models[key.model], change)

    def _place(self, store: Store, owner: Owner) -> Place | None:
        """Return the sums an owner belongs to; None if the query does not cover it."""
        query = self.query
        source, session, agent, _ = owner
        if (query.source or source) != source or (query.session or session) != session:
            return None
        project = grouped_project(store.project_of(owner), query)
        if (query.project or project) != project:
            return None
        return Place(source, project, (source, session), (source, project), (source, session, agent) if agent else None)

    def _take(self, place: Place | None, day: int, model: str, change: Sums) -> None:
        query = self.query
        if (
            place is None
            or (query.since is not None and day < query.since.toordinal())
            or (query.until is not None and day > query.until.toordinal())
            or (query.model and query.model != model)
        ):
            return
        source, project, session, by_project, agent = place
        responses, cost, first = change[RESPONSES], change[COST], change[FIRST]
        by_model = (source, model)
        self.all.add(None, change)
        self.models.add(by_model, change)
        self.projects.add(by_project, change)
        self.sessions.add(session, change)
        self.days.add(day, change)
        _sum(self.day_models, day, model, cost)
        _sum(self.model_days, by_model, day, cost)
        _sum(self.project_days, by_project, day, cost)
        _sum(self.session_models, session, model, responses)
        self.project_sessions.setdefault(by_project, set()).add(session)
        # A session without a main file has no folder of its own: the one of its earliest responses stands for it.
        known = self.session_project.get(session)
        if known is None or (first, project) < known:
            self.session_project[session] = (first, project)
        if agent is not None:
            self.agents.add(agent, change)
            self.session_agents.setdefault(session, set()).add(agent)
            _sum(self.agent_models, agent, model, responses)


def _sum(table: dict[K, dict[L, int]], key: K, part: L, value: int) -> None:
    sums = table.get(key)
    if sums is None:
        table[key] = {part: value}
    else:
        sums[part] = sums.get(part, 0) + value
