"""Sums of cells by model, project, session and day for one query, updated by differences.

The cost of an update depends on the change, not on the length of the history. Must not know single responses or clocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from operator import add, sub
from typing import Final, Generic, NamedTuple, TypeVar

from claude_tui.engine.state.facts import AgentKey, SessionKey
from claude_tui.engine.state.store import Owner, Store
from claude_tui.engine.state.sums.cells import CellKey, Sums
from claude_tui.model import COST, FIRST, LAST, RESPONSES, Query, Totals

K = TypeVar("K")
_ALL_DAYS: Final = 1 << 62

Label = tuple[str, str]
"""(source, name)."""


class SumKeys(NamedTuple):
    """The sums an owner belongs to: keys of the project's, the session's and the agent's sums."""

    source: str
    project: str
    session: SessionKey
    by_project: tuple[str, str]
    agent: AgentKey | None


_sum_keys: Final = partial(tuple.__new__, SumKeys)
"""Makes one of a tuple: its own way takes three times as long."""


class Sheet(Generic[K]):
    """Sums by key, and which keys changed since they were last taken."""

    def __init__(self) -> None:
        self.sums: dict[K, Sums] = {}
        self.dirty: set[K] = set()

    def add(self, key: K, change: Sums) -> None:
        """Add to a key's sums; the first and last instant of `change` are merged as bounds."""
        sums = self.sums.get(key)
        self.dirty.add(key)
        if sums is None:
            self.sums[key] = list(change)
            return
        first, last = min(sums[FIRST], change[FIRST]), max(sums[LAST], change[LAST])
        sums[:] = map(add, sums, change)
        sums[FIRST], sums[LAST] = first, last

    def total(self, parts: Mapping[K, list[Sums]]) -> None:
        """Take the sums of what belongs to each key: to add one by one takes three times as long."""
        self.sums.update((key, _sum_of(changes)) for key, changes in parts.items())
        self.dirty.update(parts)

    def totals(self, key: K) -> Totals:
        """Return the sums of a key; zeros if there are none."""
        sums = self.sums.get(key)
        return Totals._make(sums) if sums else Totals()

    def take_dirty(self) -> set[K]:
        """Return the keys changed since the last call."""
        dirty, self.dirty = self.dirty, set()
        return dirty


def _sum_of(parts: Sequence[Sums]) -> Sums:
    """Return what one or more sums are together, as a list of its own."""
    if len(parts) == 1:
        return [*parts[0]]
    *columns, first, last = zip(*parts, strict=True)
    return [*map(sum, columns), min(first), max(last)]


class Rollup:
    """What one query covers, summed in every way a view shows it."""

    def __init__(self, query: Query) -> None:
        self.query = query
        first = query.since.toordinal() if query.since is not None else -_ALL_DAYS
        last = query.until.toordinal() if query.until is not None else _ALL_DAYS
        self._limits = first, last, query.model
        self._is_limited = query.since is not None or query.until is not None or bool(query.model)
        self.clear()

    def clear(self) -> None:
        """Forget everything, before it is filled again from all cells."""
        self.all = Sheet[None]()
        self.models = Sheet[tuple[str, str]]()
        self.projects = Sheet[tuple[str, str]]()
        self.sessions = Sheet[SessionKey]()
        self.agents = Sheet[AgentKey]()
        self.days = Sheet[int]()
        self.day_models = defaultdict[int, dict[str, int]](dict)
        self.model_days = defaultdict[tuple[str, str], dict[int, int]](dict)
        self.project_days = defaultdict[tuple[str, str], dict[int, int]](dict)
        self.project_sessions: dict[tuple[str, str], set[SessionKey]] = {}
        self.session_models = defaultdict[SessionKey, dict[str, int]](dict)
        self.agent_models = defaultdict[AgentKey, dict[str, int]](dict)
        self.session_agents: dict[SessionKey, set[AgentKey]] = {}
        self.session_project: dict[SessionKey, tuple[int, str]] = {}

    def fill(self, store: Store) -> None:
        """Sum all cells again, at once: one by one, as `update` does, would take three times as long. Requires the
        store's lock."""
        self.clear()
        places, names, project_days = self._places(store), store.models, self.project_days
        of_models = defaultdict[tuple[Label, int], list[Sums]](list)
        of_projects = defaultdict[Label, list[Sums]](list)
        of_sessions = defaultdict[SessionKey, list[tuple[str, str, Sums]]](list)
        of_agents = defaultdict[AgentKey, list[tuple[str, Sums]]](list)
        for (day, owner, number), sums in store.cells.all.items():
            place = places[owner]
            model = names[number]
            if place is None or (self._is_limited and not self._covers(day, model)):
                continue
            source, project, session, by_project, agent = place
            of_models[(source, model), day].append(sums)
            of_projects[by_project].append(sums)
            of_project = project_days[by_project]
            of_project[day] = of_project.get(day, 0) + sums[COST]
            of_sessions[session].append((model, project, sums))
            if agent is not None:
                of_agents[agent].append((model, sums))
        self._fill_models(of_models)
        self.projects.total(of_projects)
        self._fill_sessions(of_sessions)
        self._fill_agents(of_agents)

    def _fill_models(self, parts: Mapping[tuple[Label, int], list[Sums]]) -> None:
        """Sum models and days by what is in each day of a model, and with these all."""
        models, days = defaultdict[Label, list[Sums]](list), defaultdict[int, list[Sums]](list)
        for (label, day), changes in parts.items():
            sums = _sum_of(changes)
            models[label].append(sums)
            days[day].append(sums)
            self.model_days[label][day] = sums[COST]
            of_day, model = self.day_models[day], label[1]
            of_day[model] = of_day.get(model, 0) + sums[COST]
        self.models.total(models)
        self.days.total(days)
        self.all.total({None: list(self.days.sums.values())} if days else {})

    def _fill_sessions(self, parts: Mapping[SessionKey, list[tuple[str, str, Sums]]]) -> None:
        sheet, models, earliest = self.sessions, self.session_models, self.session_project
        projects = self.project_sessions
        for session, changes in parts.items():
            ((model, project, sums), *others) = changes
            first, of_session = (sums[FIRST], project), {model: sums[RESPONSES]}
            projects.setdefault((session[0], project), set()).add(session)
            for model, project, more in others:
                of_session[model] = of_session.get(model, 0) + more[RESPONSES]
                projects.setdefault((session[0], project), set()).add(session)
                first = min(first, (more[FIRST], project))
            sheet.sums[session] = _sum_of([sums for _, _, sums in changes]) if others else [*sums]
            models[session], earliest[session] = of_session, first
        sheet.dirty.update(parts)

    def _fill_agents(self, parts: Mapping[AgentKey, list[tuple[str, Sums]]]) -> None:
        sheet, models, agents = self.agents, self.agent_models, self.session_agents
        for agent, changes in parts.items():
            ((model, sums), *others) = changes
            of_agent = {model: sums[RESPONSES]}
            for model, more in others:
                of_agent[model] = of_agent.get(model, 0) + more[RESPONSES]
            sheet.sums[agent] = _sum_of([sums for _, sums in changes]) if others else [*sums]
            models[agent] = of_agent
            agents.setdefault(agent[:2], set()).add(agent)
        sheet.dirty.update(parts)

    def update(self, store: Store, key: CellKey, before: tuple[int, ...]) -> None:
        """Update a cell whose sums were `before` at the last update. Requires the store's lock."""
        sums = store.cells.all.get(key)
        if sums is not None:
            change = [*map(sub, sums[:FIRST], before), sums[FIRST], sums[LAST]]
            self._take(self._place(store, store.owners[key.owner]), key.day, store.models[key.model], change)

    def has_moved(self, store: Store, sessions: Iterable[SessionKey]) -> bool:
        """Whether a session has come to the account this is of, or has left it: another log of it was found."""
        account = self.query.account
        return bool(account) and any(
            (key in self.sessions.sums) is not (store.accounts.of(key[0], store.facts.path_of(key)) == account)
            for key in sessions
        )

    def _places(self, store: Store) -> list[SumKeys | None]:
        """Return the place of each owner."""
        if any(self.query[3:]):
            return [self._place(store, owner) for owner in store.owners]
        sessions, project_of = store.facts.sessions, store.projects.of
        places: list[SumKeys | None] = []
        for source, session, agent, folder in store.owners:
            key = source, session
            facts = sessions.get(key)
            project = project_of((facts.cwd if facts is not None else "") or folder)
            by_agent = (source, session, agent) if agent else None
            places.append(_sum_keys((source, project, key, (source, project), by_agent)))
        return places

    def _place(self, store: Store, owner: Owner) -> SumKeys | None:
        """Return the sums an owner belongs to; None if the query does not cover it."""
        query = self.query
        source, session, agent, folder = owner
        if (query.source or source) != source or (query.session or session) != session:
            return None
        key = source, session
        project = store.projects.of(store.facts.project(key) or folder)
        if (query.project or project) != project or (query.account and query.account != store.account_of(owner)):
            return None
        return SumKeys(source, project, key, (source, project), (source, session, agent) if agent else None)

    def _take(self, place: SumKeys | None, day: int, model: str, change: Sums) -> None:
        if place is None or not self._covers(day, model):
            return
        source, _, session, by_project, agent = place
        self.all.add(None, change)
        self.models.add((source, model), change)
        self.projects.add(by_project, change)
        self.sessions.add(session, change)
        self.days.add(day, change)
        if agent is not None:
            self.agents.add(agent, change)
        self._note(place, day, model, change)

    def _covers(self, day: int, model: str) -> bool:
        """Whether the query covers a day and a model."""
        first, last, only = self._limits
        return first <= day <= last and (not only or only == model)

    def _note(self, place: SumKeys, day: int, model: str, change: Sums) -> None:
        """Take note of what a change of one place, day and model means beside the sheets."""
        source, project, session, by_project, agent = place
        responses, cost, first = change[RESPONSES], change[COST], change[FIRST]
        # Written out: a call for each would be felt.
        of_day = self.day_models[day]
        of_day[model] = of_day.get(model, 0) + cost
        of_model = self.model_days[source, model]
        of_model[day] = of_model.get(day, 0) + cost
        of_project = self.project_days[by_project]
        of_project[day] = of_project.get(day, 0) + cost
        of_session = self.session_models[session]
        of_session[model] = of_session.get(model, 0) + responses
        self.project_sessions.setdefault(by_project, set()).add(session)
        # A session without a main file has no folder of its own: the one of its earliest responses stands for it.
        known = self.session_project.get(session)
        if known is None or (first, project) < known:
            self.session_project[session] = (first, project)
        if agent is not None:
            self.session_agents.setdefault(session, set()).add(agent)
            of_agent = self.agent_models[agent]
            of_agent[model] = of_agent.get(model, 0) + responses
