"""Sums of cells by model, project, session and day for one query, updated by differences.

The cost of an update depends on the change, not on the length of the history. Must not know single responses or clocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from operator import sub
from typing import Final

from claude_tui.engine.queries.snapshots.subtotals import (
    AgentSubtotal,
    DaySubtotal,
    ModelSubtotal,
    ProjectSubtotal,
    SessionSubtotal,
    Sheet,
    Subtotal,
    sum_of,
)
from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.store import Owner, Store
from claude_tui.engine.state.sums.cells import CellKey, Sums
from claude_tui.model import COST, FIRST, LAST, RESPONSES, Query, Totals

_ALL_DAYS: Final = 1 << 62

Label = tuple[str, str]
"""(source, name)."""

ByModel = list[tuple[str, Sums]]
"""Sums of cells, each with its model."""
Project = tuple[Label, ProjectSubtotal, list[Sums]]
"""A project that is to be summed, and its cells."""
Cells = list[tuple[str, Label, Sums]]
"""Sums of cells, each with its model and project."""
Gathered = tuple[str, Cells, dict[str, ByModel]]
"""The folder of a session, its cells, and once more those of each of its sub-agents."""
Place = tuple[Project, Cells, ByModel | None]
"""Where the cells of an owner go: its project, and the cells of its session and of its sub-agent, if it is one's."""


class Rollup:
    """What one query covers, summed in every way a view shows it."""

    def __init__(self, query: Query) -> None:
        self.query = query
        first = query.since.toordinal() if query.since is not None else -_ALL_DAYS
        last = query.until.toordinal() if query.until is not None else _ALL_DAYS
        self._limits = first, last, query.model
        self._is_limited = query.since is not None or query.until is not None or bool(query.model)
        self._is_of_some = any(query[3:])
        self.clear()

    def clear(self) -> None:
        """Forget everything, before it is filled again from all cells."""
        self.all = Sheet[None, Subtotal](Subtotal)
        self.models = Sheet[Label, ModelSubtotal](ModelSubtotal)
        self.projects = Sheet[Label, ProjectSubtotal](ProjectSubtotal)
        self.sessions = Sheet[SessionKey, SessionSubtotal](SessionSubtotal)
        self.days = Sheet[int, DaySubtotal](DaySubtotal)

    @property
    def totals(self) -> Totals:
        """What everything adds up to; zeros if there is nothing."""
        subtotal = self.all.subtotals.get(None)
        return subtotal.totals() if subtotal is not None else Totals()

    def fill(self, store: Store) -> None:
        """Sum all cells again, at once: one by one, as `update` does, would take six times as long. Requires the
        store's lock."""
        self.clear()
        projects: dict[Label, Project] = {}
        sessions: dict[SessionKey, Gathered] = {}
        of_models = defaultdict[tuple[str, str, int], list[Sums]](list)
        places, names = self._places(store, projects, sessions), store.models
        for (day, owner, number), sums in store.cells.all.items():
            place = places[owner]
            model = names[number]
            if place is None or (self._is_limited and not self._covers(day, model)):
                continue
            (label, project, of_project), of_session, of_agent = place
            of_models[label[0], model, day].append(sums)
            of_project.append(sums)
            project.days[day] = project.days.get(day, 0) + sums[COST]
            of_session.append((model, label, sums))
            if of_agent is not None:
                of_agent.append((model, sums))
        self._fill_models(of_models)
        self._fill_projects(projects)
        self._fill_sessions(sessions)

    def _fill_models(self, gathered: dict[tuple[str, str, int], list[Sums]]) -> None:
        """Sum models and days by what is in each day of a model, and with these all."""
        models, days = defaultdict[Label, dict[int, Sums]](dict), defaultdict[int, list[tuple[str, Sums]]](list)
        for (source, model, day), cells in gathered.items():
            sums = sum_of(cells)
            models[source, model][day] = sums
            days[day].append((model, sums))
        for label, of_days in models.items():
            of_model = self.models.subtotals[label] = ModelSubtotal(sum_of([*of_days.values()]))
            of_model.days = {day: sums[COST] for day, sums in of_days.items()}
        for day, of_models in days.items():
            of_day = self.days.subtotals[day] = DaySubtotal(sum_of([sums for _, sums in of_models]))
            for model, sums in of_models:
                of_day.models[model] = of_day.models.get(model, 0) + sums[COST]
        if days:
            self.all.subtotals[None] = Subtotal(sum_of([subtotal.sums for subtotal in self.days.subtotals.values()]))
        self.models.dirty.update(models)
        self.days.dirty.update(days)

    def _fill_projects(self, gathered: dict[Label, Project]) -> None:
        subtotals = self.projects.subtotals
        for label, subtotal, cells in gathered.values():
            if cells:
                subtotal.sums, subtotals[label] = sum_of(cells), subtotal
        self.projects.dirty.update(subtotals)

    def _fill_sessions(self, gathered: dict[SessionKey, Gathered]) -> None:
        subtotals, projects = self.sessions.subtotals, self.projects.subtotals
        for key, (_, cells, of_agents) in gathered.items():
            if not cells:
                continue
            ((model, label, sums), *others) = cells
            models, earliest = {model: sums[RESPONSES]}, (sums[FIRST], label[1])
            projects[label].sessions.add(key)
            for model, other, more in others:
                models[model] = models.get(model, 0) + more[RESPONSES]
                if more[FIRST] <= earliest[0]:
                    earliest = min(earliest, (more[FIRST], other[1]))
                if other is not label:
                    projects[other].sessions.add(key)
            if others:
                sums = sum_of([sums for _, _, sums in cells])
            subtotal = subtotals[key] = SessionSubtotal([*sums], models, earliest)
            for agent, of_agent in of_agents.items():
                if of_agent:
                    subtotal.agents[agent] = _agent_subtotal(of_agent)
        self.sessions.dirty.update(subtotals)

    def update(self, store: Store, key: CellKey, before: tuple[int, ...]) -> None:
        """Update a cell whose sums were `before` at the last update. Requires the store's lock."""
        sums = store.cells.all.get(key)
        if sums is not None:
            change = [*map(sub, sums[:FIRST], before), sums[FIRST], sums[LAST]]
            self._take(store, store.owners[key.owner], key.day, store.models[key.model], change)

    def has_moved(self, store: Store, sessions: Iterable[SessionKey]) -> bool:
        """Whether a session has come to the account this is of, or has left it: another log of it was found."""
        account = self.query.account
        return bool(account) and any(
            (key in self.sessions.subtotals) is not (store.accounts.of(key[0], store.facts.path_of(key)) == account)
            for key in sessions
        )

    def _places(
        self, store: Store, projects: dict[Label, Project], sessions: dict[SessionKey, Gathered]
    ) -> list[Place | None]:
        """Return the place of each owner. `projects` and `sessions` are filled with what the places refer to."""
        facts_of, project_of, is_of_some = store.facts.sessions, store.projects.of, self._is_of_some
        places: list[Place | None] = []
        for owner in store.owners:
            source, name, agent, folder = owner
            if is_of_some and not self._is_of(store, owner):
                places.append(None)
                continue
            key = source, name
            session = sessions.get(key)
            if session is None:
                facts = facts_of.get(key)
                session = sessions[key] = facts.cwd if facts is not None else "", [], {}
            cwd, of_session, of_agents = session
            label = source, project_of(cwd or folder)
            project = projects.get(label)
            if project is None:
                project = projects[label] = label, ProjectSubtotal([]), []
            places.append((project, of_session, of_agents.setdefault(agent, []) if agent else None))
        return places

    def _is_of(self, store: Store, owner: Owner) -> bool:
        """Whether the query covers an owner."""
        query = self.query
        return (
            query.source in ("", owner.source)
            and query.session in ("", owner.session)
            and (not query.project or query.project == store.project_of(owner))
            and (not query.account or query.account == store.account_of(owner))
        )

    def _covers(self, day: int, model: str) -> bool:
        """Whether the query covers a day and a model."""
        first, last, only = self._limits
        return first <= day <= last and (not only or only == model)

    def _take(self, store: Store, owner: Owner, day: int, model: str, change: Sums) -> None:
        """Add a change of the cell of an owner, a day and a model."""
        if not self._covers(day, model) or (self._is_of_some and not self._is_of(store, owner)):
            return
        source, name, agent, _ = owner
        key, project = (source, name), store.project_of(owner)
        responses, cost, earliest = change[RESPONSES], change[COST], (change[FIRST], project)
        self.all.add(None, change)
        of_model = self.models.add((source, model), change)
        of_model.days[day] = of_model.days.get(day, 0) + cost
        of_day = self.days.add(day, change)
        of_day.models[model] = of_day.models.get(model, 0) + cost
        of_project = self.projects.add((source, project), change)
        of_project.days[day] = of_project.days.get(day, 0) + cost
        of_project.sessions.add(key)
        session = self.sessions.add(key, change)
        session.models[model] = session.models.get(model, 0) + responses
        session.earliest = min(session.earliest, earliest)
        if agent:
            of_agent = session.agents.get(agent)
            if of_agent is None:
                of_agent = session.agents[agent] = AgentSubtotal([*change], {})
            else:
                of_agent.add(change)
            of_agent.models[model] = of_agent.models.get(model, 0) + responses


def _agent_subtotal(cells: ByModel) -> AgentSubtotal:
    if len(cells) == 1:  # most
        ((model, sums),) = cells
        return AgentSubtotal([*sums], {model: sums[RESPONSES]})
    models: dict[str, int] = {}
    for model, sums in cells:
        models[model] = models.get(model, 0) + sums[RESPONSES]
    return AgentSubtotal(sum_of([sums for _, sums in cells]), models)
