"""What happened in the last minutes: burn, tokens per minute, who is active. Hold the store's lock.

Windows are half-open, (now - window, now], so a figure decays to zero by itself when nothing happens. Figures are of
the single responses: none before these are loaded. Must not know what is shown.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

from claude_tui.engine.queries.responses import covers
from claude_tui.engine.state.store import UNUSABLE, Store
from claude_tui.model import Burn, Query
from claude_tui.sources.values.instants import AHEAD_MS
from claude_tui.units import MINUTE_MS

Course = tuple[int, ...]
"""One figure per step of time, the oldest first."""

ACTIVE_MS: Final = 10 * MINUTE_MS
"""A session counts as active this long after its last line."""


def load_recent(store: Store, now_ms: int) -> None:
    """Load single responses where figures of the last hour need them: for an answer that nothing comes after.

    Does not take the store's lock along; takes about 0.1 us per response. Responses that are damaged stay unknown.
    """
    with contextlib.suppress(*UNUSABLE), store.lock:
        if not is_recent_known(store, now_ms):
            store.table  # noqa: B018 - loads it


def is_recent_known(store: Store, now_ms: int) -> bool:
    """Whether figures of the last hour are known: single responses are loaded, or none is that young."""
    return store.is_table_loaded or store.cells.newest_ms(now_ms + AHEAD_MS) <= now_ms - 60 * MINUTE_MS


def burn(store: Store, now_ms: int) -> Burn:
    """Return the cost of the last 5, 15 and 60 minutes, each per hour."""
    costs = [0, 0, 0]
    minutes = (5, 15, 60)
    for row in store.rows_between(now_ms - 60 * MINUTE_MS, now_ms):
        nano = sum(_costs(store, row))
        age_ms = now_ms - store.table.time[row]
        for place, window in enumerate(minutes):
            if age_ms < window * MINUTE_MS:
                costs[place] += nano
    return Burn(*(cost * 60 // window for cost, window in zip(costs, minutes, strict=True)))


def tokens_per_minute(store: Store, now_ms: int) -> tuple[int, ...]:
    """Return the tokens of each of the last 60 minutes of the clock, the oldest first, the running one last.

    Minutes of the clock, so a bar keeps its height from one second to the next.
    """
    counts = [0] * 60
    minute = now_ms // MINUTE_MS
    for row in store.rows_between((minute - 59) * MINUTE_MS - 1, now_ms):
        tokens = store.table.usage(row).tokens + sum(e.usage.tokens for e in store.table.extras.get(row, ()))
        counts[59 - minute + store.table.time[row] // MINUTE_MS] += tokens
    return tuple(counts)


def cost_course(store: Store, since_ms: int, until_ms: int, step_ms: int, query: Query) -> Course:
    """Return the cost in nanodollars of each step of `step_ms` from `since_ms` on, the last one up to `until_ms`.

    A step holds its first instant and not the next one's. The last is cut at `until_ms`, which belongs to it. Of
    `query` only what it says of owners counts.
    """
    costs = [0] * max(0, -(-(until_ms + 1 - since_ms) // step_ms))
    is_covered: dict[int, bool] = {}
    for row in store.rows_between(since_ms - 1, until_ms):
        number = store.table.owner[row]
        if number not in is_covered:
            is_covered[number] = covers(store, store.owners[number], query)
        if is_covered[number]:
            costs[(store.table.time[row] - since_ms) // step_ms] += sum(_costs(store, row))
    return tuple(costs)


def session_tokens(store: Store, now_ms: int, minutes: int) -> dict[tuple[str, str], Course]:
    """Return the tokens of each session in each of the last minutes of the clock, the running one last."""
    counts: dict[tuple[str, str], list[int]] = {}
    first = now_ms // MINUTE_MS - minutes + 1
    for row in store.rows_between(first * MINUTE_MS - 1, now_ms):
        owner = store.owners[store.table.owner[row]]
        of = counts.setdefault((owner.source, owner.session), [0] * minutes)
        tokens = store.table.usage(row).tokens + sum(e.usage.tokens for e in store.table.extras.get(row, ()))
        of[store.table.time[row] // MINUTE_MS - first] += tokens
    return {session: tuple(of) for session, of in counts.items()}


def cost_per_hour(store: Store, now_ms: int) -> dict[tuple[str, str], int]:
    """Return what each session of the last 10 minutes costs per hour at that pace."""
    costs: Counter[tuple[str, str]] = Counter()
    for row in store.rows_between(now_ms - ACTIVE_MS, now_ms):
        owner = store.owners[store.table.owner[row]]
        costs[owner.source, owner.session] += sum(_costs(store, row))
    return {session: cost * 6 for session, cost in costs.items()}


def active_sessions(store: Store, now_ms: int) -> int:
    """Count the sessions with a line in the last 10 minutes."""
    return len(store.sessions_between(now_ms - ACTIVE_MS, now_ms))


def _costs(store: Store, row: int) -> Iterator[int]:
    yield store.price(row).nano or 0
    for number in range(len(store.table.extras.get(row, ()))):
        yield store.extra_price(row, number).nano or 0
