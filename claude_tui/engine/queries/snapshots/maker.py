"""Takes immutable snapshots of the store for a query: only what changed since the last one is made anew.

Must not read files or draw.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.activity import SILENT_MS
from claude_tui.engine.queries.snapshots.beside import BesideCounts
from claude_tui.engine.queries.snapshots.picture import Picture
from claude_tui.engine.queries.snapshots.recent import (
    active_sessions,
    burn,
    is_recent_known,
    tokens_per_minute,
)
from claude_tui.engine.queries.snapshots.renewal import renew
from claude_tui.engine.queries.snapshots.sessions import Presence, session_activity
from claude_tui.engine.queries.snapshots.shown_rows import SPARK_DAYS, session_row
from claude_tui.engine.queries.snapshots.subtotals import SessionSubtotal
from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.store import Owner, Store
from claude_tui.model import (
    NOTHING_UNLOGGED,
    NamedActivity,
    Progress,
    Query,
    SessionRow,
    SessionState,
    Snapshot,
    Totals,
    UnloggedShare,
)
from claude_tui.sources.values.instants import AHEAD_MS

KEPT_QUERIES: Final = 4


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
        costs_since = store.calendar.day_hour(now_ms)[0] - SPARK_DAYS
        for known in self._pictures.values():
            known.changed_sessions |= changes.sessions
            if changes.moved or known.rollup.has_moved(store, changes.sessions):
                known.rollup.fill(store, costs_since)
                known.unlogged_moves = -1
            else:
                for key, before in changes.cells.items():
                    known.rollup.update(store, key, before)
        picture = self._pictures.get(query)
        if picture is None:
            picture = self._pictures[query] = Picture(query)
            picture.rollup.fill(store, costs_since)
            while len(self._pictures) > KEPT_QUERIES:
                self._pictures.popitem(last=False)
        elif costs_since < picture.rollup.costs_since:
            picture.rollup.fill(store, costs_since)  # the clock was set back
        self._pictures.move_to_end(query)
        if picture.unlogged_moves != store.cells.unlogged_moves:
            picture.unlogged, picture.unlogged_moves = self._unlogged(query), store.cells.unlogged_moves
        renew(picture, self.store, now_ms, self._beside())
        return picture

    def _beside(self) -> BesideCounts:
        return BesideCounts(self.presences, self.context_windows, self.prompts, self.has_titles)

    def _unlogged(self, query: Query) -> UnloggedShare:
        if not self.store.cells.unlogged:
            return NOTHING_UNLOGGED
        from claude_tui.engine.queries.snapshots.unlogged import unlogged_of  # 2 ms, only if there is any

        return unlogged_of(self.store, query)

    def _unanswered(self, picture: Picture, query: Query, now_ms: int) -> tuple[SessionRow, ...]:
        """Return the sessions that run, or ran lately, without a response in the picture."""
        if query.model:
            return ()
        facts_of, presences, beside = self.store.facts.sessions, self.presences, self._beside()
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
            subtotal = SessionSubtotal(totals, earliest=(began_ms, project))
            row = session_row(self.store, key, subtotal, facts, presence, self.prompts.get(key, ""))
            rows.append(row._replace(activity=activity, name=beside.name(key, facts, presence)))
        return tuple(rows)

    def activities(self) -> dict[SessionKey, NamedActivity]:
        """Return what every session with a process is doing, whatever has been counted of it."""
        facts_of, beside = self.store.facts.sessions, self._beside()
        return {
            key: NamedActivity(beside.called(key, facts_of.get(key), presence), presence.activity)
            for key, presence in self.presences.items()
        }

    def _make(self, picture: Picture, query: Query, now_ms: int) -> Snapshot:
        store = self.store
        return Snapshot(
            revision=store.revision,
            taken_ms=now_ms,
            timezone=store.calendar.zone.key,
            query=query,
            totals=picture.rollup.totals,
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
