"""Why the sum over a query is what it is: examines its responses, and reads their files again.

Must not know how a single response is explained.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.client_totals import client_sessions
from claude_tui.engine.queries.explain.explanation import Explanation
from claude_tui.engine.queries.explain.files import read_again
from claude_tui.engine.queries.explain.logs import clients_of, with_siblings
from claude_tui.engine.queries.explain.price_sums import PriceSums
from claude_tui.engine.queries.responses import matching_rows, unlogged_lines
from claude_tui.engine.queries.telemetry import telemetry_figures
from claude_tui.engine.state.store import Store
from claude_tui.model import Query

STEP: Final = 2_000
"""Responses examined before others may use the store."""


def explain_query(store: Store, query: Query, files_s: float, rows_s: float) -> Explanation:
    """Explain the sum over a query, spending at most so many seconds on its responses and on its files."""
    found = Explanation(prices=store.pricer.describe())
    with store.lock:
        store.settle()
        rows = matching_rows(store, query)
        covered = bytearray(len(store.table))
        files: Counter[int] = Counter()
        for row in rows:
            covered[row] = 1
            files[store.table.file[row]] += 1
            if row in store.table.owner_file:
                files[store.table.owner_file[row]] += 0
        places = [store.table.files[file] for file, _ in files.most_common()]
        owners = {store.owners[owner] for owner in {store.table.owner[row] for row in rows}}
    found.clients = clients_of(owners)
    found.to_look_at = len(rows)
    sums = PriceSums(store, query.model)
    deadline_s = time.monotonic() + rows_s
    for start in range(len(rows), 0, -STEP):
        if time.monotonic() > deadline_s:
            break
        with store.lock:
            for row in rows[max(0, start - STEP) : start]:
                sums.add(row, found)
    with store.lock:
        for line in unlogged_lines(store, query):
            sums.add_line(line, found)
    sums.finish(found)
    found.client = tuple(client_sessions(store, query))
    found.telemetry = telemetry_figures(store, query)
    mains = [(place.source, place.path) for place in places if place.source in CLIENTS]
    is_narrowed = bool(query.session or query.project or query.account)
    read_again(store, found, covered, with_siblings(store, mains, owners, are_all=not is_narrowed), files_s)
    return found
