"""Settled responses one by one, as lines that sum to the totals. Must not change the store it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from claude_tui.engine.state.store import Owner, Store
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.model import UNLOGGED, PriceStatus, Query, Response, Totals
from claude_tui.pricing.usage import read_terms
from claude_tui.sources.columns import LOWER_BOUND

EVERYTHING: Final = Query()


AT_LEAST: Final = "at_least"
"""Flag of what the client counted and no log shows, where there may be more of it."""


def list_responses(store: Store, query: Query = EVERYTHING) -> list[Response]:
    """Return the settled responses `query` covers, extras as lines of their own, sorted by time then key.

    What no log shows is among them. Keys are the clients' own only where the store keeps names, else their numbers.
    """
    with store.lock:
        store.settle()
        lines = [line for row in matching_rows(store, query) for line in lines_of(store, row)]
        lines += unlogged_lines(store, query)
        found = [line for line in lines if query.model in ("", line.model)]
    found.sort(key=lambda response: (response.time_ms, response.key))
    return found


def lines_of(store: Store, row: int) -> Iterator[Response]:
    """Yield a response and then its extras, keyed `<key>/advisor/0` and so on."""
    table = store.table
    owner = store.owners[table.owner[row]]
    file = table.files[table.file[row]]
    main = Response(
        key=table.names.get(row) or str(table.key[row]),
        source=owner.source,
        time_ms=table.time[row],
        session=owner.session,
        agent=owner.agent,
        project=store.project_of(owner),
        model=store.models[table.model[row]],
        usage=table.usage(row),
        price=store.price(row),
        is_lower_bound=bool(table.flags[row] & LOWER_BOUND),
        path=file.path,
        offset=table.offset[row],
        is_fast=_is_fast(table.terms.get(row, "")),
    )
    yield main
    seen: Counter[str] = Counter()
    for number, extra in enumerate(table.extras.get(row, ())):
        price = store.extra_price(row, number)
        flags = price.flags if extra.kind in price.flags else (extra.kind, *price.flags)
        yield main._replace(
            key=f"{main.key}/{extra.kind}/{seen[extra.kind]}",
            model=extra.model,
            usage=extra.usage,
            price=price._replace(flags=flags),
            is_lower_bound=False,
            extra=extra.kind,
            is_fast=False,
        )
        seen[extra.kind] += 1


def unlogged_lines(store: Store, query: Query) -> Iterator[Response]:
    """Yield what the client counted and no log shows, one line a session and model, as far as `query` covers it."""
    first, last = query.since or date.min, query.until or date.max
    for session, remainder in store.unlogged.all.items():
        owner = store.unlogged_owner(session)
        if not remainder.models or not covers(store, owner, query):
            continue
        if not first <= store.calendar.day(remainder.time_ms) <= last:
            continue
        at_least = (AT_LEAST,) if remainder.is_lower_bound else ()
        for model, usage in remainder.models:
            if query.model not in ("", model):
                continue
            price = store.unlogged_price(remainder, model, usage)
            yield Response(
                key=f"cost-state/{session}/{remainder.start_ms}/{model}",
                source=owner.source,
                time_ms=remainder.time_ms,
                session=session,
                agent="",
                project=store.project_of(owner),
                model=model,
                usage=usage,
                price=price._replace(flags=(UNLOGGED, *at_least, *price.flags)),
                is_lower_bound=False,
                extra=UNLOGGED,
            )


def _is_fast(terms: str) -> bool:
    """Whether a usage says fast mode itself, and not just one of its iterations."""
    return '"speed":"fast"' in terms and (read_terms(terms) or {}).get("speed") == "fast"


def totals_of(lines: Iterable[Response]) -> Totals:
    """Sum settled responses the plain way: what every faster sum must equal."""
    sums = [0] * 14
    times = []
    for line in lines:
        responses = 0 if line.extra else 1
        unpriced = line.price.status is PriceStatus.UNPRICED
        values = (
            responses, *line.usage, line.price.nano or 0, line.price.read_saved_nano, line.price.write_extra_nano,
            line.is_lower_bound, line.price.is_estimate, responses * unpriced, line.usage.tokens * unpriced,
        )  # fmt: skip
        sums = [total + value for total, value in zip(sums, values, strict=True)]
        times.append(line.time_ms)
    return Totals(*[*sums, min(times, default=0), max(times, default=0)])


def totals_by_hour(lines: Iterable[Response], calendar: Calendar) -> dict[str, Totals]:
    """Sum settled responses of every local hour there are any of, as "2026-11-20T09", in order.

    An hour that a clock set back runs through twice is one.
    """
    found: dict[str, list[Response]] = {}
    for line in lines:
        hour = calendar.day_hour(line.time_ms)[1]
        found.setdefault(f"{calendar.day(line.time_ms)}T{hour:02d}", []).append(line)
    return {hour: totals_of(inside) for hour, inside in sorted(found.items())}


def matching_rows(store: Store, query: Query) -> list[int]:
    """Return the rows of the table of which `query` covers at least an extra. Hold the store's lock."""
    table, owners = store.table, store.owners
    if query.source or query.session or query.project:
        covered = [covers(store, owner, query) for owner in owners]
        rows = [row for row, owner in enumerate(table.owner) if covered[owner]]
    else:
        rows = list(range(len(table)))
    if query.since is not None or query.until is not None:
        first = query.since.toordinal() if query.since else 0
        last = query.until.toordinal() if query.until else 2**31
        day_hour, times = store.calendar.day_hour, table.time
        rows = [row for row in rows if first <= day_hour(times[row])[0] <= last]
    if query.model:
        rows = [row for row in rows if query.model in _models(store, row)]
    return rows


def covers(store: Store, owner: Owner, query: Query) -> bool:
    """Whether a query covers what belongs to an owner, but for days and models."""
    return (
        query.source in ("", owner.source)
        and query.session in ("", owner.session)
        and query.project in ("", grouped_project(store.project_of(owner), query))
    )


def _models(store: Store, row: int) -> set[str]:
    return {store.models[store.table.model[row]], *(extra.model for extra in store.table.extras.get(row, ()))}


def grouped_project(project: str, query: Query) -> str:
    """Return the project a folder counts under: itself, or for a worktree its repository where asked for."""
    return project.split("/.claude/worktrees/", 1)[0] if query.fold_worktrees else project
