"""Settled responses one by one, as lines that sum to the totals. Must not change the store it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, Final, TypeVar

from claude_tui.engine.state.rows.table import PAIRED
from claude_tui.engine.state.store import Owner, Store
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.model import BOTH, FIRST, LOGGED, TOLD, UNLOGGED, PriceStatus, Query, Response, Totals
from claude_tui.pricing.billing.usage import read_terms
from claude_tui.sources.columns import LOWER_BOUND

EVERYTHING: Final = Query()

K = TypeVar("K", bound=Any)


AT_LEAST: Final = "at_least"
"""Flag of what the client counted and no log shows, where there may be more of it."""


def list_responses(store: Store, query: Query = EVERYTHING, *, is_logged_only: bool = False) -> list[Response]:
    """Return the settled responses `query` covers, extras as lines of their own, sorted by time then key.

    What no log shows is among them, unless `is_logged_only`: then all is as the logs alone have it. Keys are the
    clients' own only if the store keeps names, else their numbers.
    """
    with store.lock:
        store.settle()
        if is_logged_only:
            rows = matching_rows(store, query, is_logged_only=True)
            lines = [line for row in rows for line in _logged_lines(store, row)]
        else:
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
        project=store.folder_of(owner),
        model=store.models[table.model[row]],
        usage=table.usage(row),
        price=store.price(row),
        is_lower_bound=bool(table.flags[row] & LOWER_BOUND),
        path=file.path,
        offset=table.offset[row],
        is_fast=_is_fast(store.terms(row)),
    )
    yield _with_told(store, row, main)
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


def _with_told(store: Store, row: int, line: Response) -> Response:
    """Return a response with what telemetry told of it, if it did."""
    table = store.table
    is_event = table.is_event(row)
    event = row if is_event else table.told.get(row)
    if event is None:
        return line
    from claude_tui.sources.telemetry.event import details_of  # only where anything was told

    details = details_of(table.terms.get(event, ""))
    return line._replace(
        origin=TOLD if is_event else BOTH, kind=details.kind, effort=details.effort, speed=details.speed,
        client_nano=table.reported.get(event),
    )  # fmt: skip


def _logged_lines(store: Store, row: int) -> Iterator[Response]:
    """Yield a response and its extras as the log has them."""
    usage, _, flags = store.table.logged_as(row)
    for line in lines_of(store, row):
        logged = line._replace(origin=LOGGED, kind="", effort="", speed="", client_nano=None)
        if not line.extra:
            price, is_lower_bound = store.logged_price(row, usage), bool(flags & LOWER_BOUND)
            logged = logged._replace(usage=usage, price=price, is_lower_bound=is_lower_bound)
        yield logged


def unlogged_lines(store: Store, query: Query) -> Iterator[Response]:
    """Yield what the client counted and no log shows, one line a session and model, as far as `query` covers it."""
    first, last = query.since or date.min, query.until or date.max
    for session, remainder in store.unlogged.all.items():
        owner = store.unlogged_owner(session)
        if not remainder.models or not covers(store, owner, query):
            continue
        at_least = (AT_LEAST,) if remainder.is_lower_bound else ()
        for key, time_ms, model, usage in remainder.lines(session):
            if query.model not in ("", model) or not first <= store.calendar.day(time_ms) <= last:
                continue
            price = store.unlogged_price(time_ms, model, usage)
            yield Response(
                key=key,
                source=owner.source,
                time_ms=time_ms,
                session=session,
                agent="",
                project=store.folder_of(owner),
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
    sums = [0] * FIRST
    times = []
    for line in lines:
        responses = 0 if line.extra else 1
        unpriced = line.price.status is PriceStatus.UNPRICED
        values = (
            responses, *line.usage, line.price.nano or 0, line.price.read_saved_nano, line.price.write_extra_nano,
            line.is_lower_bound, line.price.is_estimate, responses * unpriced, line.usage.tokens * unpriced,
            line.price.premium_milli,
        )  # fmt: skip
        sums = [total + value for total, value in zip(sums, values, strict=True)]
        times.append(line.time_ms)
    return Totals(*[*sums, min(times, default=0), max(times, default=0)])


def totals_by(lines: Iterable[Response], key_of: Callable[[Response], K]) -> dict[K, Totals]:
    """Sum settled responses by any key of theirs, in the order of the keys."""
    found: dict[K, list[Response]] = {}
    for line in lines:
        found.setdefault(key_of(line), []).append(line)
    return {key: totals_of(found[key]) for key in sorted(found)}


def local_hour(calendar: Calendar, line: Response) -> str:
    """Return the local hour of a response, as "2026-11-20T09". An hour that a clock set back runs through twice is
    one."""
    return f"{calendar.day(line.time_ms)}T{calendar.day_hour(line.time_ms)[1]:02d}"


def matching_rows(store: Store, query: Query, *, is_logged_only: bool = False) -> list[int]:
    """Return the rows of the table of which `query` covers at least an extra. Hold the store's lock.

    What counts elsewhere is left out, or with `is_logged_only` what no log has.
    """
    table, owners = store.table, store.owners
    if query.source or query.session or query.project or query.account:
        covered = [covers(store, owner, query) for owner in owners]
        rows = [row for row, owner in enumerate(table.owner) if covered[owner]]
    else:
        rows = list(range(len(table)))
    if query.since is not None or query.until is not None:
        first = query.since.toordinal() if query.since else 0
        last = query.until.toordinal() if query.until else 2**31
        day_hour, times = store.calendar.day_hour, table.time
        rows = [row for row in rows if first <= day_hour(times[row])[0] <= last]
    if is_logged_only:
        rows = [row for row in rows if not table.is_event(row)]
    elif store.events is not None:
        rows = [row for row in rows if not table.flags[row] & PAIRED]
    if query.model:
        rows = [row for row in rows if query.model in _models(store, row)]
    return rows


def covers(store: Store, owner: Owner, query: Query) -> bool:
    """Whether a query covers what belongs to an owner, but for days and models."""
    return (
        query.source in ("", owner.source)
        and query.session in ("", owner.session)
        and query.project in ("", store.project_of(owner))
        and (not query.account or query.account == store.account_of(owner))
    )


def _models(store: Store, row: int) -> set[str]:
    return {store.models[store.table.model[row]], *(extra.model for extra in store.table.extras.get(row, ()))}
