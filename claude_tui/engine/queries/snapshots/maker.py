"""Takes immutable snapshots of the store for a query: only what changed since the last one is made anew.

Must not read files or draw.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final, TypeVar

from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.activity import SILENT_MS
from claude_tui.engine.queries.snapshots.picture import Picture
from claude_tui.engine.queries.snapshots.recent import (
    active_sessions,
    burn,
    cost_per_hour,
    is_recent_known,
    tokens_per_minute,
)
from claude_tui.engine.queries.snapshots.rollup import Rollup
from claude_tui.engine.queries.snapshots.sessions import Presence, session_activity
from claude_tui.engine.queries.snapshots.shown_rows import (
    described_row,
    model_row,
    project_row,
    session_name,
    session_row,
    title_of,
)
from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.store import Owner, Store
from claude_tui.engine.state.sums.cells import Sums
from claude_tui.model import (
    NOTHING_UNLOGGED,
    DayRow,
    ModelRow,
    NamedActivity,
    Progress,
    ProjectRow,
    Query,
    SessionRow,
    SessionState,
    Snapshot,
    Totals,
    UnloggedShare,
)
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.values.instants import AHEAD_MS

K = TypeVar("K")
R = TypeVar("R")
Ranked = TypeVar("Ranked", ModelRow, ProjectRow)

KEPT_QUERIES: Final = 4
CLAUDE: Final = "claude"
"""The client that says how long the context window of a session is."""


class SnapshotMaker:
    """Takes snapshots of one store, for several queries in turn."""

    def __init__(self, store: Store, *, roots: tuple[str, ...] = ()) -> None:
        self.store = store
        self.roots = roots
        self.progress = Progress()
        self.presences: Mapping[SessionKey, Presence] = {}
        """Sessions with a known process; replaced whole when any changes."""
        self.context_windows: Mapping[str, int] = {}
        """What Claude Code said of the context windows of sessions, by id; replaced whole when any changes."""
        self.prompts: Mapping[SessionKey, str] = {}
        """First prompts of sessions without a title; replaced whole when more are known. None unless they are read."""
        self.has_titles = True
        """Whether sessions are called by their titles; else by their ids. To be set before the first snapshot."""
        self._pictures: OrderedDict[Query, Picture] = OrderedDict()
        self._sources: tuple[str, ...] = ()
        self._accounts: tuple[str, ...] = ()
        self._accounts_seen: set[tuple[str, str]] = set()
        self._owners_seen = 0
        self._last: tuple[object, ...] = ()
        self._snapshot: Snapshot | None = None

    def take(self, query: Query, now_ms: int) -> Snapshot:
        """Return the state of everything `query` covers; the same object again if nothing can differ."""
        with self.store.lock:
            picture = self._picture(query, now_ms)
            identity = (
                query,
                self.store.revision,
                self.progress,
                now_ms // 1000,
                self.presences,
                self.context_windows,
                self.prompts,
            )
            if self._snapshot is None or identity != self._last:
                self._last, self._snapshot = identity, self._make(picture, query, now_ms)
            return self._snapshot

    def _picture(self, query: Query, now_ms: int) -> Picture:
        store = self.store
        changes = store.take_changes()
        for known in self._pictures.values():
            known.changed_sessions |= changes.sessions
            if changes.moved or known.rollup.has_moved(store, changes.sessions):
                known.rollup.fill(store)
                known.unlogged_moves = -1
            else:
                for key, before in changes.cells.items():
                    known.rollup.update(store, key, before)
        picture = self._pictures.get(query)
        if picture is None:
            picture = self._pictures[query] = Picture(query)
            picture.rollup.fill(store)
            while len(self._pictures) > KEPT_QUERIES:
                self._pictures.popitem(last=False)
        self._pictures.move_to_end(query)
        if picture.unlogged_moves != store.cells.unlogged_moves:
            picture.unlogged, picture.unlogged_moves = self._unlogged(query), store.cells.unlogged_moves
        self._refresh(picture, now_ms)
        return picture

    def _unlogged(self, query: Query) -> UnloggedShare:
        if not self.store.cells.unlogged:
            return NOTHING_UNLOGGED
        from claude_tui.engine.queries.snapshots.unlogged import unlogged_of  # 2 ms, only if there is any

        return unlogged_of(self.store, query)

    def _refresh(self, picture: Picture, now_ms: int) -> None:
        """Make the rows of everything whose sums changed; all of them on a new day (their sparklines move)."""
        rollup, store = picture.rollup, self.store
        today = store.calendar.day_hour(now_ms)[0]
        if today != picture.today:
            picture.today = today
            picture.models.clear()
            picture.projects.clear()
        stale_models = _stale(rollup.models.take_dirty(), rollup.models.sums, picture.models)
        if stale_models is not None:
            picture.models.update((key, model_row(rollup, key, today)) for key in stale_models)
            picture.ordered_models = _ranked(picture.models.values())
        stale_projects = _stale(rollup.projects.take_dirty(), rollup.projects.sums, picture.projects)
        if stale_projects is not None:
            picture.projects.update((key, project_row(rollup, key, today)) for key in stale_projects)
            picture.ordered_projects = _ranked(picture.projects.values())
        if len(store.remembered_days) != picture.remembered_days:
            picture.remembered_days = len(store.remembered_days)
            rollup.days.dirty |= store.remembered_days
        stale_days = _stale(rollup.days.take_dirty(), rollup.days.sums, picture.days)
        if stale_days is not None:
            for day in stale_days:
                is_remembered = day in store.remembered_days
                picture.days[day] = DayRow(date.fromordinal(day), rollup.days.totals(day), is_remembered)
            picture.ordered_days = tuple(picture.days[day] for day in sorted(picture.days))
            fresh = {date.fromordinal(day): dict(rollup.day_models[day]) for day in stale_days}
            known = picture.day_models
            picture.day_models = {row.day: fresh.get(row.day) or known[row.day] for row in picture.ordered_days}
        self._refresh_sessions(picture, now_ms)

    def _refresh_sessions(self, picture: Picture, now_ms: int) -> None:
        rollup, rows = picture.rollup, picture.sessions
        if picture.prompts is not self.prompts:
            picture.changed_sessions |= self.prompts.keys() - picture.prompts.keys()
            picture.prompts = self.prompts
        dirty = rollup.sessions.take_dirty() | picture.changed_sessions
        picture.changed_sessions = set()
        stale = _stale(dirty, rollup.sessions.sums, rows)
        rows.update((key, self._session_row(rollup, key)) for key in stale or ())
        if now_ms < picture.now_ms:
            picture.lively |= rows.keys()  # the clock was set back
        picture.now_ms = now_ms
        hourly = cost_per_hour(self.store, now_ms)
        is_changed = stale is not None
        presences = self.presences
        told = {(CLAUDE, session): tokens for session, tokens in self.context_windows.items()}
        known = (hourly.keys() | presences.keys() | told.keys()) & rows.keys()
        for key in picture.lively.union(self._not_silent(picture, stale or (), now_ms), known):
            row = rows.get(key)
            if row is None:
                picture.lively.discard(key)
                picture.ahead.discard(key)
                continue
            facts = self.store.facts.sessions.get(key)
            last_ms = max(row.totals.last_ms, facts.last_ms if facts else 0)
            presence = presences.get(key)
            activity = session_activity(facts, last_ms, now_ms, presence)
            name = self._name(key, facts, presence) if presence is not None else row.name
            rate = hourly.get(key, 0)
            window = told.get(key, row.context_window)
            is_ahead = last_ms > now_ms + AHEAD_MS
            prompt = "" if title_of(facts, presence) else row.prompt
            fresh = row._replace(
                activity=activity, cost_per_hour_nano=rate, name=name, context_window=window, prompt=prompt
            )
            if fresh != row:
                rows[key] = fresh
                is_changed = True
            if is_ahead != (key in picture.ahead):
                picture.ahead.symmetric_difference_update({key})
                is_changed = True
            if activity.state is SessionState.DONE and not rate and not is_ahead:
                picture.lively.discard(key)
            else:
                picture.lively.add(key)
        if is_changed:
            picture.ordered_sessions = tuple(
                sorted(rows.values(), key=lambda row: (-_newest_ms(row.totals, now_ms), row.source, row.key))
            )

    def _not_silent(self, picture: Picture, stale: Iterable[SessionKey], now_ms: int) -> Iterator[SessionKey]:
        """Yield those of the sessions whose rows were just made of which more is to be said than is in these: of many
        nearly all have been silent for long, which a row says to begin with."""
        rows, facts_of, silent_ms = picture.sessions, self.store.facts.sessions, now_ms - SILENT_MS
        for key in stale:
            facts = facts_of.get(key)
            last_ms = rows[key].totals.last_ms
            if last_ms > silent_ms or (facts is not None and facts.last_ms > silent_ms) or key in self.prompts:
                yield key

    def _session_row(self, rollup: Rollup, key: SessionKey) -> SessionRow:
        row = session_row(self.store, rollup, key, self.presences.get(key), self.prompts.get(key, ""))
        return row if self.has_titles else row._replace(name=self._name(key, None, None))

    def _name(self, key: SessionKey, facts: FileFacts | None, presence: Presence | None) -> str:
        return session_name(key, facts, presence) if self.has_titles else session_name(key, None, None)

    def _called(self, key: SessionKey, facts: FileFacts | None, presence: Presence | None) -> str:
        """Return what the screen calls a session."""
        prompt = "" if title_of(facts, presence) else self.prompts.get(key, "")
        return prompt or self._name(key, facts, presence)

    def _unanswered(self, picture: Picture, query: Query, now_ms: int) -> tuple[SessionRow, ...]:
        """Return the sessions that run, or ran lately, without a response in the picture."""
        if query.model:
            return ()
        facts_of, presences = self.store.facts.sessions, self.presences
        running = {key for key, presence in presences.items() if presence.is_alive}
        # Without a process the log says it: a session that was just asked something has no answer yet.
        recent = self.store.facts.seen_between(now_ms - SILENT_MS, now_ms + AHEAD_MS)
        rows = []
        for key in sorted((running | recent) - picture.sessions.keys()):
            source, session = key
            facts, presence = facts_of.get(key), presences.get(key)
            last_ms = facts.last_ms if facts else 0
            activity = session_activity(facts, last_ms, now_ms, presence)
            if presence is None and (not facts or not facts.last_kind or self.store.has_responses(key)):
                continue
            project = self.store.projects.of((facts.cwd if facts else "") or (presence.cwd if presence else ""))
            is_asked_for = query.source in ("", source) and query.session in ("", session)
            if activity.state is SessionState.DONE or not is_asked_for or query.project not in ("", project):
                continue
            began_ms = last_ms or activity.since_ms
            totals = Totals(first_ms=began_ms, last_ms=began_ms)
            row = described_row(self.store, key, project, totals, presence, prompt=self.prompts.get(key, ""))
            rows.append(row._replace(activity=activity, name=self._name(key, facts, presence)))
        return tuple(rows)

    def activities(self) -> dict[SessionKey, NamedActivity]:
        """Return what every session with a process is doing, whatever has been counted of it."""
        facts_of, presences = self.store.facts.sessions, self.presences
        return {
            key: NamedActivity(self._called(key, facts_of.get(key), presence), presence.activity)
            for key, presence in presences.items()
        }

    def _make(self, picture: Picture, query: Query, now_ms: int) -> Snapshot:
        store = self.store
        return Snapshot(
            revision=store.revision,
            taken_ms=now_ms,
            timezone=store.calendar.zone.key,
            query=query,
            totals=picture.rollup.all.totals(None),
            models=picture.ordered_models,
            projects=picture.ordered_projects,
            sessions=picture.ordered_sessions,
            unanswered=self._unanswered(picture, query, now_ms),
            days=picture.ordered_days,
            day_models=picture.day_models,
            today=self._today(now_ms),
            burn=burn(store, now_ms),
            tokens_per_minute=tokens_per_minute(store, now_ms),
            is_recent_known=is_recent_known(store, now_ms),
            active_sessions=active_sessions(store, now_ms),
            waiting_sessions=sum(one.activity.is_waiting_for_you for one in self.presences.values()),
            newest_ms=store.newest_ms(now_ms + AHEAD_MS),
            problems={kind: count for kind, count in sorted(store.problem_log.counts.items()) if count},
            progress=self.progress,
            roots=self.roots,
            prices=store.pricer.describe(),
            sources=self._known_sources(),
            accounts=self._accounts,
            unlogged=picture.unlogged,
        )

    def _known_sources(self) -> tuple[str, ...]:
        """Tell which clients there are, by a look at the owners that are new since the last picture."""
        owners = self.store.owners
        if len(owners) < self._owners_seen:
            self._sources, self._owners_seen = (), 0
            self._accounts_seen = set()
        if len(owners) > self._owners_seen:
            found = {owner.source for owner in owners[self._owners_seen :]}.union(self._sources)
            self._see_accounts(owners[self._owners_seen :])
            self._sources = tuple(name for name in CLIENTS if name in found)
            self._owners_seen = len(owners)
        return self._sources

    def _see_accounts(self, owners: Iterable[Owner]) -> None:
        """Tell which folders of a client with several there are."""
        every, store = self.store.accounts.all, self.store
        several = {source for source, number in Counter(source for source, _ in every).items() if number > 1}
        self._accounts_seen.update((one.source, store.account_of(one)) for one in owners if one.source in several)
        present = Counter(source for source, _ in self._accounts_seen)
        self._accounts = tuple(
            account for source, account in every if (source, account) in self._accounts_seen and present[source] > 1
        )

    def _today(self, now_ms: int) -> Totals:
        """Sum the cells of the local day, whatever the query."""
        return self.store.day_totals(self.store.calendar.day_hour(now_ms)[0])


def _newest_ms(totals: Totals, now_ms: int) -> int:
    """Return when something was last done, as far as that was before now: what is dated far ahead is not newest."""
    latest_ms = now_ms + AHEAD_MS
    if totals.last_ms <= latest_ms:
        return totals.last_ms
    return totals.first_ms if totals.first_ms <= latest_ms else 0


def _stale(dirty: set[K], sums: Mapping[K, Sums], rows: dict[K, R]) -> list[K] | None:
    """Drop the rows whose sums are gone, and return the keys whose rows must be made (again).

    Returns None if all rows stay as they are.
    """
    gone = rows.keys() - sums.keys() if len(rows) > len(sums) or dirty else set()
    for key in gone:
        del rows[key]
    missing = sums.keys() - rows.keys() if len(rows) < len(sums) else set()
    stale = [*missing, *(key for key in dirty if key in sums and key not in missing)]
    return stale if stale or gone else None


def _ranked(rows: Iterable[Ranked]) -> tuple[Ranked, ...]:
    """Order rows by cost, then tokens, then name."""
    return tuple(sorted(rows, key=lambda row: (-row.totals.cost_nano, -row.totals.tokens, row.source, row.key)))
