"""What lies inside a total and may have been avoided, summed up: lost caches by cause, calls that failed, and so on.

`waste` names the dearest of it, with proofs. Must not read logs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from claude_tui.engine.queries.causes.costs.billing import Biller
from claude_tui.engine.queries.causes.costs.misses import CacheMiss
from claude_tui.engine.queries.causes.costs.repeats import repeat_cost
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.engine.queries.causes.known.book import CauseBook
from claude_tui.engine.queries.causes.tables import CountedThings, MissSum, OfWhich
from claude_tui.engine.state.store import Store


def of_which(
    store: Store, book: CauseBook, biller: Biller, misses: Mapping[int, CacheMiss], rows: Iterable[int], model: str = ""
) -> OfWhich:
    """Sum up what was avoidable in some rows of a store's table. Hold the store's lock."""
    missed: dict[str, list[CacheMiss]] = {}
    last_ms: dict[str, int] = {}
    failed, interrupted, repeated = [0, 0], [0, 0], [0, 0, 0]
    times = store.table.time
    for row in rows:
        place = book.place(row)
        if place is None:
            continue
        found, at = place
        miss = misses.get(row)
        lines = biller.lines(row, model) if miss or at in found.failed or at in found.interrupted else []
        cost_nano = sum(line.cost_nano for line in lines)
        if miss is not None and lines:
            missed.setdefault(miss.cause, []).append(miss._replace(cost_nano=min(miss.cost_nano, cost_nano)))
            last_ms[miss.cause] = max(times[row], last_ms.get(miss.cause, 0))
        if at in found.failed:
            parts = split(cost_nano, [1] * len(book.names.calls.names[found.calls[at]]))
            failed[0] += len(found.failed[at])
            failed[1] += sum(parts[number] for number in found.failed[at])
        if at in found.interrupted:
            interrupted[0] += 1
            interrupted[1] += cost_nano
        for repeat in found.repeats.get(at, ()):
            repeated[0] += 1
            repeated[1] += repeat_cost(found, at, repeat.tokens, biller, book.names)
            repeated[2] += repeat.tokens
    missed_by = [
        MissSum(
            cause, len(many), sum(one.lost_tokens for one in many), sum(one.cost_nano for one in many),
            last_ms[cause],
        )
        for cause, many in missed.items()
    ]  # fmt: skip
    missed_by.sort(key=lambda one: (-one.cost_nano, one.cause))
    return OfWhich(tuple(missed_by), CountedThings(*failed), CountedThings(*interrupted), CountedThings(*repeated))
