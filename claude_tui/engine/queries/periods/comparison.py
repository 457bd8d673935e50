"""Some days beside as many before them: all, each model, each project, and the time of work. Must not draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from claude_tui.engine.queries.periods.active_time import ActiveTime
from claude_tui.engine.queries.periods.calendar import cycle
from claude_tui.model import ModelRow, ProjectRow, Query, Snapshot, Totals
from claude_tui.records import NamedTuple

USUAL_DAYS: Final = 7
"""So many days are compared if none are asked for."""

ALL: Final = "all"
MODEL: Final = "model"
PROJECT: Final = "project"


class Compared(NamedTuple):
    """What one part (`ALL`, a `MODEL`, a `PROJECT`) used, and what it used before.

    The times of work are in milliseconds; None for models, and as long as they are not known.
    """

    part: str
    key: str
    name: str
    source: str
    totals: Totals
    before: Totals
    active_ms: int | None = None
    active_before_ms: int | None = None


def spans(query: Query, today: date) -> tuple[Query, Query]:
    """Return a query up to today, and the same one of the days it is compared with.

    A month, or a billing month, is compared with the one before up to the same number of days; other days with as many
    directly before them. Without a first day the last seven are meant.
    """
    until = min(query.until or today, today)
    since = query.since or until - timedelta(days=USUAL_DAYS - 1)
    length = max(1, (until - since).days + 1)
    first, last = since - timedelta(days=length), since - timedelta(days=1)
    if query.until is not None and cycle(since, since.day) == (since, query.until):
        first, end = cycle(last, since.day)
        last = min(end, first + timedelta(days=length - 1))
    return query._replace(since=since, until=max(since, until)), query._replace(since=first, until=last)


def compared(now: Snapshot, before: Snapshot, active: ActiveTime | None, earlier: ActiveTime | None) -> list[Compared]:
    """Return the parts of two snapshots beside each other: all of it, then models, then projects, the dearest first.

    What is only in one of them has empty totals in the other.
    """
    whole = Compared(ALL, ALL, "everything", "", now.totals, before.totals, _all(active), _all(earlier))
    models = _sorted(_pairs(MODEL, now.models, before.models, None, None))
    return [whole, *models, *_sorted(_pairs(PROJECT, now.projects, before.projects, active, earlier))]


def _all(active: ActiveTime | None) -> int | None:
    return active.total_ms if active is not None else None


def _pairs(
    part: str,
    now: Iterable[ModelRow | ProjectRow],
    before: Iterable[ModelRow | ProjectRow],
    active: ActiveTime | None,
    earlier: ActiveTime | None,
) -> Iterator[Compared]:
    new = {(row.source, row.key): row for row in now}
    old = {(row.source, row.key): row for row in before}
    for key in dict.fromkeys((*new, *old)):
        row = new.get(key) or old[key]
        yield Compared(
            part, row.key, row.name, row.source,
            new[key].totals if key in new else Totals(),
            old[key].totals if key in old else Totals(),
            active.by_project.get(row.key, 0) if active is not None else None,
            earlier.by_project.get(row.key, 0) if earlier is not None else None,
        )  # fmt: skip


def _sorted(found: Iterable[Compared]) -> list[Compared]:
    return sorted(found, key=lambda one: (-max(one.totals.cost_nano, one.before.cost_nano), one.source, one.key))


def change(now: int, before: int) -> float | None:
    """Return by what share of `before` a figure changed; None if there was nothing before."""
    return (now - before) / before if before else None
