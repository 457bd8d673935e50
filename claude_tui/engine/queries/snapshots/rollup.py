"""Sums of cells by model, project, session and day for one query, updated by differences.

The cost of an update depends on the change, not on the length of the history. Must not know single responses or clocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import sub
from typing import Final

from claude_tui.engine.queries.snapshots.subtotals import (
    AgentPart,
    DaySubtotal,
    ModelSubtotal,
    ProjectSubtotal,
    SessionSubtotal,
    Sheet,
    Subtotal,
    sum_of,
    totals_of,
)
from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.store import Owner, Store
from claude_tui.engine.state.sums.cells import CellKey, Sums
from claude_tui.model import COST, FIRST, LAST, RESPONSES, Query, Totals

_ALL_DAYS: Final = 1 << 62
_NOTHING: Final = Totals()

Label = tuple[str, str]
"""(source, name)."""

ByDay = defaultdict[int, list[Sums]]
"""Sums of cells by their days."""
Project = tuple[Label, ProjectSubtotal, list[Sequence[int]]]
"""A project that is to be summed, and the sums it is to be summed from."""
Cells = list[tuple[str, Project, Sums]]
"""Sums of cells, each with its model and project."""
Gathered = tuple[Project | None, Cells, list[AgentPart]]
"""The project of a session's own folder, if that is known, its cells, and once more those of its sub-agents."""
Place = tuple[Project, Cells, str, list[AgentPart], defaultdict[int, ByDay]]
"""Where the cells of an owner go: its project, the cells of its session, the sub-agent it is, if any, and the cells of
those; and those of its client, by the numbers of their models."""


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
        self.costs_since = -_ALL_DAYS
        self.all = Sheet[None, Subtotal](Subtotal)
        self.models = Sheet[Label, ModelSubtotal](ModelSubtotal)
        self.projects = Sheet[Label, ProjectSubtotal](ProjectSubtotal)
        self.sessions = Sheet[SessionKey, SessionSubtotal](SessionSubtotal)
        self.days = Sheet[int, DaySubtotal](DaySubtotal)

    @property
    def totals(self) -> Totals:
        """What everything adds up to; zeros if there is nothing."""
        subtotal = self.all.subtotals.get(None)
        return subtotal.totals if subtotal is not None else Totals()

    def fill(self, store: Store, costs_since: int = -_ALL_DAYS) -> None:
        """Sum all cells again, at once: one by one, as `update` does, would take six times as long. Requires the
        store's lock.

        The costs of projects by day are those from `costs_since` on, a proleptic ordinal: nobody shows older ones.
        """
        self.clear()
        self.costs_since = costs_since
        projects: dict[Label, Project] = {}
        sessions: dict[SessionKey, Gathered] = {}
        of_clients = defaultdict[str, defaultdict[int, ByDay]](lambda: defaultdict(lambda: defaultdict(list)))
        places, names = self._places(store, projects, sessions, of_clients), store.models
        is_limited = self._is_limited
        for (day, owner, number), sums in store.cells.all.items():
            place = places[owner]
            model = names[number]
            if place is None or (is_limited and not self._covers(day, model)):
                continue
            project, of_session, agent, of_agents, of_models = place
            of_models[number][day].append(sums)
            if day >= costs_since:
                costs = project[1].days
                costs[day] = costs.get(day, 0) + sums[COST]
            of_session.append((model, project, sums))
            if agent:
                of_agents.append((agent, model, sums))
        self._fill_models(of_clients, names)
        self._fill_sessions(sessions)
        self._fill_projects(projects)

    def _fill_models(self, gathered: dict[str, defaultdict[int, ByDay]], names: Sequence[str]) -> None:
        """Sum models and days by what is in each day of a model, and with these all."""
        days = defaultdict[int, list[tuple[str, Totals]]](list)
        for source, of_models in gathered.items():
            for number, of_days in of_models.items():
                model, sums = names[number], {day: sum_of(cells) for day, cells in of_days.items()}
                of_model = self.models.subtotals[source, model] = ModelSubtotal(sum_of([*sums.values()]))
                of_model.days = {day: totals.cost_nano for day, totals in sums.items()}
                for day, totals in sums.items():
                    days[day].append((model, totals))
        for day, of_day in days.items():
            subtotal = self.days.subtotals[day] = DaySubtotal(sum_of([totals for _, totals in of_day]))
            for model, totals in of_day:
                subtotal.models[model] = subtotal.models.get(model, 0) + totals.cost_nano
        if days:
            self.all.subtotals[None] = Subtotal(sum_of([subtotal.totals for subtotal in self.days.subtotals.values()]))
        self.models.dirty.update(self.models.subtotals)
        self.days.dirty.update(days)

    def _fill_sessions(self, gathered: dict[SessionKey, Gathered]) -> None:
        """Sum sessions, and gather their sums by project."""
        subtotals = self.sessions.subtotals
        for key, (_, cells, of_agents) in gathered.items():
            if not cells:
                continue
            ((model, project, sums), *others) = cells
            models, earliest, is_of_one = {model: sums[RESPONSES]}, (sums[FIRST], project[0][1]), True
            for model, other, more in others:
                models[model] = models.get(model, 0) + more[RESPONSES]
                if more[FIRST] <= earliest[0]:
                    earliest = min(earliest, (more[FIRST], other[0][1]))
                if other is not project:
                    is_of_one = False
            totals = sum_of([sums for _, _, sums in cells]) if others else totals_of(sums)
            subtotals[key] = SessionSubtotal(totals, models, earliest, of_agents)
            if is_of_one:
                project[1].sessions.add(key)
                project[2].append(totals)
                continue
            for _, other, more in cells:
                other[1].sessions.add(key)
                other[2].append(more)
        self.sessions.dirty.update(subtotals)

    def _fill_projects(self, gathered: dict[Label, Project]) -> None:
        subtotals = self.projects.subtotals
        for label, subtotal, sums in gathered.values():
            if sums:
                subtotal.totals, subtotals[label] = sum_of(sums), subtotal
        self.projects.dirty.update(subtotals)

    def update(self, store: Store, key: CellKey, before: Sequence[int]) -> None:
        """Update a cell whose sums were `before` at the last update. Requires the store's lock."""
        sums = store.cells.all.get(key)
        if sums is not None:
            change = totals_of((*map(sub, sums[:FIRST], before), sums[FIRST], sums[LAST]))
            self._take(store, store.owners[key.owner], key.day, store.models[key.model], change)

    def has_moved(self, store: Store, sessions: Iterable[SessionKey]) -> bool:
        """Whether a session has come to the account this is of, or has left it: another log of it was found."""
        account = self.query.account
        return bool(account) and any(
            (key in self.sessions.subtotals) is not (store.accounts.of(key[0], store.facts.path_of(key)) == account)
            for key in sessions
        )

    def _places(
        self,
        store: Store,
        projects: dict[Label, Project],
        sessions: dict[SessionKey, Gathered],
        of_clients: defaultdict[str, defaultdict[int, ByDay]],
    ) -> list[Place | None]:
        """Return the place of each owner. What the places refer to is filled in."""
        facts_of, project_of, is_of_some = store.facts.sessions, store.projects.of, self._is_of_some

        def project(source: str, folder: str) -> Project:
            label = source, project_of(folder)
            known = projects.get(label)
            if known is None:
                known = projects[label] = label, ProjectSubtotal(_NOTHING), []
            return known

        places: list[Place | None] = []
        last = last_source = None
        for owner in store.owners:
            source, name, agent, folder = owner
            if is_of_some and not self._is_of(store, owner):
                places.append(None)
                continue
            if name != last or source != last_source:  # most of a session follow each other
                last, last_source = name, source
                key = source, name
                session = sessions.get(key)
                if session is None:
                    facts = facts_of.get(key)
                    cwd = facts.cwd if facts is not None else ""
                    session = sessions[key] = project(source, cwd) if cwd else None, [], []
                own, of_session, of_agents = session
                of_models = of_clients[source]
            places.append((own or project(source, folder), of_session, agent, of_agents, of_models))
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

    def _take(self, store: Store, owner: Owner, day: int, model: str, change: Totals) -> None:
        """Add a change of the cell of an owner, a day and a model."""
        if not self._covers(day, model) or (self._is_of_some and not self._is_of(store, owner)):
            return
        source, name, agent, _ = owner
        key, project = (source, name), store.project_of(owner)
        responses, cost, earliest = change.responses, change.cost_nano, (change.first_ms, project)
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
            session.add_of_agent(agent, model, change)
