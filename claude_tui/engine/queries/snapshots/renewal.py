"""Makes those rows of a picture anew whose sums changed, or that time alone has changed. Hold the store's lock.

Must not know what else a snapshot says.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Final, TypeVar

from claude_tui.engine.queries.activity import SILENT_MS
from claude_tui.engine.queries.snapshots.beside import BesideCounts
from claude_tui.engine.queries.snapshots.picture import Picture
from claude_tui.engine.queries.snapshots.recent import cost_per_hour
from claude_tui.engine.queries.snapshots.sessions import session_activity
from claude_tui.engine.queries.snapshots.shown_rows import model_row, project_row, session_row, title_of
from claude_tui.engine.queries.snapshots.subtotals import SessionSubtotal, Subtotal
from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.store import Store
from claude_tui.model import DayRow, ModelRow, ProjectRow, SessionRow, SessionState, Totals
from claude_tui.sources.values.instants import AHEAD_MS

K = TypeVar("K")
R = TypeVar("R")
Ranked = TypeVar("Ranked", ModelRow, ProjectRow)

FEW: Final = 64
"""So many rows are put in their places sooner than all are sorted."""

CLAUDE: Final = "claude"
"""The client that says how long the context window of a session is."""


def renew(picture: Picture, store: Store, now_ms: int, beside: BesideCounts) -> None:
    """Make the rows of everything whose sums changed; all of them on a new day (their sparklines move)."""
    rollup = picture.rollup
    is_refilled, picture.fills = picture.fills != rollup.fills, rollup.fills
    today = store.calendar.day_hour(now_ms)[0]
    if today != picture.today:
        picture.today = today
        picture.models.clear()
        picture.projects.clear()
    models, projects, days = rollup.models.subtotals, rollup.projects.subtotals, rollup.days.subtotals
    stale_models = _stale(rollup.models.take_dirty(), models, picture.models, is_refilled=is_refilled)
    if stale_models is not None:
        picture.models.update((key, model_row(key, models[key], today)) for key in stale_models)
        picture.ordered_models = _ranked(picture.models.values())
    stale_projects = _stale(rollup.projects.take_dirty(), projects, picture.projects, is_refilled=is_refilled)
    if stale_projects is not None:
        picture.projects.update((key, project_row(key, projects[key], today)) for key in stale_projects)
        picture.ordered_projects = _ranked(picture.projects.values())
    if len(store.remembered_days) != picture.remembered_days:
        picture.remembered_days = len(store.remembered_days)
        rollup.days.dirty |= store.remembered_days
    stale_days = _stale(rollup.days.take_dirty(), days, picture.days, is_refilled=is_refilled)
    if stale_days is not None:
        for day in stale_days:
            is_remembered = day in store.remembered_days
            picture.days[day] = DayRow(date.fromordinal(day), days[day].totals, is_remembered)
        picture.ordered_days = tuple(picture.days[day] for day in sorted(picture.days))
        fresh = {date.fromordinal(day): dict(days[day].models) for day in stale_days}
        known = picture.day_models
        picture.day_models = {row.day: fresh.get(row.day) or known[row.day] for row in picture.ordered_days}
    _renew_sessions(picture, store, now_ms, beside, is_refilled=is_refilled)


def _renew_sessions(picture: Picture, store: Store, now_ms: int, beside: BesideCounts, *, is_refilled: bool) -> None:
    rollup, rows, presences = picture.rollup, picture.sessions, beside.presences
    if picture.prompts is not beside.prompts:
        picture.changed_sessions |= beside.prompts.keys() - picture.prompts.keys()
        picture.prompts = beside.prompts
    dirty = rollup.sessions.take_dirty() | picture.changed_sessions
    picture.changed_sessions = set()
    subtotals = rollup.sessions.subtotals
    stale = _stale(dirty, subtotals, rows, is_refilled=is_refilled)
    # The rows there were of all that changes, None if it may be any.
    before = {key: rows.get(key) for key in stale or ()} if not is_refilled else None
    not_silent = set(_make_sessions(rows, stale or (), subtotals, store, now_ms, beside))
    if now_ms < picture.now_ms:
        picture.lively |= rows.keys()  # the clock was set back
    picture.now_ms = now_ms
    hourly = cost_per_hour(store, now_ms)
    is_changed = stale is not None
    told = {(CLAUDE, session): tokens for session, tokens in beside.context_windows.items()}
    known = (hourly.keys() | presences.keys() | told.keys()) & rows.keys()
    for key in picture.lively | not_silent | known:
        row = rows.get(key)
        if row is None:
            picture.lively.discard(key)
            picture.ahead.discard(key)
            continue
        facts = store.facts.sessions.get(key)
        last_ms = max(row.totals.last_ms, facts.last_ms if facts else 0)
        presence = presences.get(key)
        activity = session_activity(facts, last_ms, now_ms, presence)
        name = beside.name(key, facts, presence) if presence is not None else row.name
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
            if before is not None:
                before.setdefault(key, row)
        if is_ahead != (key in picture.ahead):
            picture.ahead.symmetric_difference_update({key})
            is_changed, before = True, None
        if activity.state is SessionState.DONE and not rate and not is_ahead:
            picture.lively.discard(key)
        else:
            picture.lively.add(key)
    if is_changed:
        picture.ordered_sessions = _ordered(picture, before if not picture.ahead else None, now_ms)


def _ordered(
    picture: Picture, before: Mapping[SessionKey, SessionRow | None] | None, now_ms: int
) -> tuple[SessionRow, ...]:
    """Return the rows of sessions, the newest first. Only those in `before` have changed, any if that is None; no
    place of the others depends on the clock then."""

    def rank(row: SessionRow) -> tuple[int, str, str]:
        return -_newest_ms(row.totals, now_ms), row.source, row.key

    if before is None or len(before) > FEW:
        return tuple(sorted(picture.sessions.values(), key=rank))
    gone = {id(row) for row in before.values()}
    order = [row for row in picture.ordered_sessions if id(row) not in gone]
    for key in before:
        insort(order, picture.sessions[key], key=rank)
    return tuple(order)


def _make_sessions(
    rows: dict[SessionKey, SessionRow],
    stale: Iterable[SessionKey],
    subtotals: Mapping[SessionKey, SessionSubtotal],
    store: Store,
    now_ms: int,
    beside: BesideCounts,
) -> Iterator[SessionKey]:
    """Make the rows of sessions, and yield those of which more is to be said than is in these: of many nearly all have
    been silent for long, which a row says to begin with."""
    facts_of, silent_ms = store.facts.sessions, now_ms - SILENT_MS
    presences, prompts, has_titles = beside.presences, beside.prompts, beside.has_titles
    for key in stale:
        subtotal, facts = subtotals[key], facts_of.get(key)
        presence = presences.get(key) if presences else None
        row = session_row(store, key, subtotal, facts, presence, prompts.get(key, "") if prompts else "")
        rows[key] = row if has_titles else row._replace(name=beside.name(key, None, None))
        is_silent = subtotal.totals.last_ms <= silent_ms and (facts is None or facts.last_ms <= silent_ms)
        if not is_silent or (prompts and key in prompts):
            yield key


def _newest_ms(totals: Totals, now_ms: int) -> int:
    """Return when something was last done, as far as that was before now: what is dated far ahead is not newest."""
    latest_ms = now_ms + AHEAD_MS
    if totals.last_ms <= latest_ms:
        return totals.last_ms
    return totals.first_ms if totals.first_ms <= latest_ms else 0


def _stale(
    dirty: set[K], subtotals: Mapping[K, Subtotal], rows: dict[K, R], *, is_refilled: bool
) -> Collection[K] | None:
    """Drop the rows whose subtotals are gone, and return the keys whose rows must be made (again).

    Returns None if all rows stay as they are. Only where all was summed again may a subtotal be gone.
    """
    if not rows:
        return subtotals.keys() or None
    if not is_refilled:
        return [key for key in dirty if key in subtotals] or None
    gone = rows.keys() - subtotals.keys()
    for key in gone:
        del rows[key]
    missing = subtotals.keys() - rows.keys()
    stale = [*missing, *(key for key in dirty if key in subtotals and key not in missing)]
    return stale if stale or gone else None


def _ranked(rows: Iterable[Ranked]) -> tuple[Ranked, ...]:
    """Order rows by cost, then tokens, then name."""
    return tuple(sorted(rows, key=lambda row: (-row.totals.cost_nano, -row.totals.tokens, row.source, row.key)))
