"""What of the cost of a query is in no log, in every way a view shows it.

Summed anew when any of it changes, which is when a session ends or telemetry tells of a call: there are few such cells.
Must not price anything.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from claude_tui.engine.queries.responses import covers
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, UnloggedShare


def unlogged_of(store: Store, query: Query) -> UnloggedShare:
    """Return what of the cost of a query is in no log. Hold the lock; the store must be settled."""
    first, last = (query.since or date.min).toordinal(), (query.until or date.max).toordinal()
    models, projects = defaultdict[tuple[str, str], int](int), defaultdict[tuple[str, str], int](int)
    sessions, days = defaultdict[tuple[str, str], int](int), defaultdict[date, int](int)
    for (day, number, model), nano in store.cells.unlogged.items():
        owner, name = store.owners[number], store.models[model]
        if not (first <= day <= last and query.model in ("", name) and covers(store, owner, query)):
            continue
        models[owner.source, name] += nano
        projects[owner.source, store.project_of(owner)] += nano
        sessions[owner.source, owner.session] += nano
        days[date.fromordinal(day)] += nano
    return UnloggedShare(sum(days.values()), dict(models), dict(projects), dict(sessions), dict(days))
