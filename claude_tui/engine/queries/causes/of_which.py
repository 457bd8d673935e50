"""What lies inside a total and may have been avoided, summed up: lost caches by cause, calls that failed, and so on.

`waste` names the dearest of it, with proofs. Must not read logs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from claude_tui.engine.queries.causes.costs.billing import Biller
from claude_tui.engine.queries.causes.costs.doubts import Doubts
from claude_tui.engine.queries.causes.costs.misses import CacheMiss
from claude_tui.engine.queries.causes.costs.repeats import repeat_cost
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.engine.queries.causes.known.book import CauseBook
from claude_tui.engine.queries.causes.tables import CountedThings, LatestMiss, MissSum, OfWhich
from claude_tui.engine.state.store import Store


def of_which(
    store: Store,
    book: CauseBook,
    biller: Biller,
    misses: Mapping[int, CacheMiss],
    rows: Collection[int],
    model: str = "",
) -> OfWhich:
    """Sum up what was avoidable in some rows of a store's table. Hold the store's lock."""
    missed: dict[str, MissSum] = {}
    failed, interrupted, repeated = CountedThings(), CountedThings(), CountedThings()
    times, asked, looked_at = store.table.time, set(rows), _with_anything(book, misses)
    for row in rows if looked_at else ():
        place = book.place(row) if row in looked_at else None
        if place is None:
            continue
        found, at = place
        miss, repeats = misses.get(row), found.repeats.get(at, ())
        lines = biller.lines(row, model) if miss or at in found.failed or at in found.interrupted else []
        cost_nano, doubts = sum(line.cost_nano for line in lines), Doubts.together(line.doubts for line in lines)
        if miss is not None and biller.is_own(row, lines):
            _, number, lost_tokens, missed_nano, latest, before = missed.get(miss.cause) or MissSum(miss.cause)
            this_nano = min(miss.cost_nano, cost_nano)
            if times[row] >= latest.time_ms:
                project = store.project_of(store.owners[store.table.owner[row]])
                branch = book.names.told.names[found.told[at]].branch
                latest = LatestMiss(times[row], project, branch, miss.lost_tokens, this_nano)
            missed[miss.cause] = MissSum(
                miss.cause,
                number + 1,
                lost_tokens + miss.lost_tokens,
                missed_nano + this_nano,
                latest,
                Doubts.together((before, doubts.but_for_output())),
            )
        if at in found.failed:
            parts = split(cost_nano, [1] * len(book.names.calls.names[found.calls[at]]))
            failed_nano = sum(parts[number] for number in found.failed[at])
            failed = failed.plus(CountedThings(len(found.failed[at]), failed_nano, doubts=doubts))
        if at in found.interrupted:
            interrupted = interrupted.plus(CountedThings(1, cost_nano, doubts=doubts))
        for repeat in repeats:
            repeat_nano = repeat_cost(found, at, repeat.tokens, biller, book.names, asked)
            repeated = repeated.plus(CountedThings(1, repeat_nano, repeat.tokens))
    missed_by = sorted(missed.values(), key=lambda one: (-one.cost_nano, one.cause))
    return OfWhich(tuple(missed_by), failed, interrupted, repeated)


def _with_anything(book: CauseBook, misses: Mapping[int, CacheMiss]) -> set[int]:
    """Return the rows of which anything may have been avoided, and some more."""
    rows = set(misses)
    for found in book.files():
        if found.repeats or found.failed or found.interrupted:
            rows.update(found.rows[at] for at in (*found.repeats, *found.failed, *found.interrupted))
    return rows
