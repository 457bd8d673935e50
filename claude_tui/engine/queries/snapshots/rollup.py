"""Sums of cells by model, project, session and day for one query, updated by differences.

The cost of an update depends on the change, not on the length of the history. Must not know single responses or clocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import sub
from typing import Final

from claude_tui.engine.queries.snapshots.subtotals import (
    DaySubtotal,
    ModelSubtotal,
    Part,
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
from claude_tui.model import COST, FIRST, LAST, Query, Totals

_ALL_DAYS: Final = 1 << 62
_NOTHING: Final = Totals()

Label = tuple[str, str]
"""(source, name)."""

ByDay = defaultdict[int, list[Sums]]
"""Sums of cells by their days."""
Project = tuple[Label, ProjectSubtotal, list[Sequence[int]]]
"""A project that is to be summed, and the sums it is to be summed from."""
Gathered = tuple[Project | None, list[Part], list[tuple[Project, Sums]]]
"""The project of a session's own folder, its parts, and only if that folder is not known, these by project."""


class Rollup:
    """What one query covers, summed in every way a view shows it."""

    def __init__(self, query: Query) -> None:
        self.query = query
        first = query.since.toordinal() if query.since is not None else -_ALL_DAYS
        last = query.until.toordinal() if query.until is not None else _ALL_DAYS
        self._limits = first, last, query.model
        self._is_limited = query.since is not None or query.until is not None or bool(query.model)
        self._is_of_some = any(query[3:])
        self.fills = 0
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
        self.fills += 1
        self.costs_since = costs_since
        projects: dict[Label, Project] = {}
        sessions: dict[SessionKey, Gathered] = {}
        of_clients = defaultdict[str, defaultdict[int, ByDay]](lambda: defaultdict(lambda: defaultdict(list)))
        facts_of, project_of, owners, names = store.facts.sessions, store.projects.of, store.owners, store.models
        is_of = [self._is_of(store, owner) for owner in owners] if self._is_of_some else None
        is_limited = self._is_limited

        def project_at(source: str, folder: str) -> Project:
            label = source, project_of(folder)
            known = projects.get(label)
            if known is None:
                known = projects[label] = label, ProjectSubtotal(_NOTHING), []
            return known

        last = last_source = None
        for (day, owner, number), sums in store.cells.all.items():
            if (is_of and not is_of[owner]) or (is_limited and not self._covers(day, names[number])):
                continue
            source, name, agent, folder = owners[owner]
            if name != last or source != last_source:  # most cells of a session follow each other
                key = last_source, last = source, name
                session = sessions.get(key)
                if session is None:
                    facts = facts_of.get(key)
                    cwd = facts.cwd if facts is not None else ""
                    session = sessions[key] = project_at(source, cwd) if cwd else None, [], []
                own, parts, by_project = session
                of_models = of_clients[source]
            of_models[number][day].append(sums)
            parts.append((agent, names[number], sums))
            project = own or project_at(source, folder)
            if own is None:
                by_project.append((project, sums))
            if day >= costs_since:
                costs = project[1].days
                costs[day] = costs.get(day, 0) + sums[COST]
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
        for key, (own, parts, by_project) in gathered.items():
            totals = sum_of([part[2] for part in parts]) if len(parts) > 1 else totals_of(parts[0][2])
            if own is not None:
                own[1].sessions.add(key)
                own[2].append(totals)
                earliest = totals[FIRST], own[0][1]
            else:
                earliest = min((sums[FIRST], project[0][1]) for project, sums in by_project)
                for project, sums in by_project:
                    project[1].sessions.add(key)
                    project[2].append(sums)
            subtotals[key] = SessionSubtotal(totals, earliest, parts)
        self.sessions.dirty.update(subtotals)

    def _fill_projects(self, gathered: dict[Label, Project]) -> None:
        subtotals = self.projects.subtotals
        for label, subtotal, sums in gathered.values():
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
        cost, earliest = change.cost_nano, (change.first_ms, project)
        self.all.add(None, change)
        of_model = self.models.add((source, model), change)
        of_model.days[day] = of_model.days.get(day, 0) + cost
        of_day = self.days.add(day, change)
        of_day.models[model] = of_day.models.get(model, 0) + cost
        of_project = self.projects.add((source, project), change)
        of_project.days[day] = of_project.days.get(day, 0) + cost
        of_project.sessions.add(key)
        session = self.sessions.add(key, change)
        session.earliest = min(session.earliest, earliest)
        session.add_part(agent, model, change)
