"""Sums per (local day, owner, model), and what one response adds to them.

The same additions are made when a file is read (all of it at once, in a worker process) and in the store
(one response at a time), so both give the same sums. Must not know files or locks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from operator import add
from typing import Final

from claude_tui.clients import TELEMETRY
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.model import COST, FIRST, LAST, PREMIUM, UNPRICED_TOKENS, Price, Totals, Usage
from claude_tui.pricing import Pricer
from claude_tui.pricing.cards import NEVER, WholeRates
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import LOWER_BOUND, Columns

Sums = list[int]
"""The fields of `Totals`, in order."""

EMPTY: Final = (0,) * FIRST
NOTHING: Final = EMPTY[Totals._fields.index("unpriced_responses") :]
"""What plain responses that have a price add nothing to."""
_LOWER_BOUNDS: Final = bytes(1 if flags & LOWER_BOUND else 0 for flags in range(256))
"""Which flags say that a response is a lower bound."""
CELL_NUMBERS: Final = 3 + len(Totals._fields)
"""A cell as plain numbers: the three of its key, then its sums."""


class CellKey(NamedTuple):
    """What a cell sums over: local day (proleptic ordinal), owner number, model number."""

    day: int
    owner: int
    model: int


_cell_key: Final = partial(tuple.__new__, CellKey)
"""Makes one of a tuple: its own way takes three times as long."""


def add_usage(sums: Sums, usage: Usage, price: Price, sign: int, responses: int, lower_bounds: int) -> None:
    """Add a response (or an extra, with `responses` 0) to sums, or with `sign` -1 take it out again."""
    sums[0] += responses
    sums[1] += sign * usage[0]
    sums[2] += sign * usage[1]
    sums[3] += sign * usage[2]
    sums[4] += sign * usage[3]
    sums[5] += sign * usage[4]
    sums[6] += sign * usage[5]
    if price.nano is None:
        sums[12] += responses
        sums[UNPRICED_TOKENS] += sign * usage.tokens
    else:
        sums[COST] += sign * price.nano
        sums[8] += sign * price.read_saved_nano
        sums[9] += sign * price.write_extra_nano
    if price.premium_milli:
        sums[PREMIUM] += sign * price.premium_milli
    sums[10] += lower_bounds
    if price.flags and price.is_estimate:
        sums[11] += sign


def file_cells(columns: Columns, pricer: Pricer, calendar: Calendar) -> dict[CellKey, Sums]:
    """Sum all entries of a file. Owners and models are the file's own numbers; models of extras are added to it.

    Events of the telemetry have no sums before it is known of each whether a log has its response.
    """
    return next(cells_of_files(columns, [len(columns)], pricer, calendar))


def cells_of_files(
    columns: Columns, ends: Iterable[int], pricer: Pricer, calendar: Calendar
) -> Iterator[dict[CellKey, Sums]]:
    """Sum all entries of one file after the other, as `file_cells` does; `ends` has after how many each ends."""
    if columns.source == TELEMETRY:
        yield from ({} for _ in ends)
        return
    sum_of_one, add_alike = _summing_one_cell(columns, pricer, calendar), _adding_alike(columns, pricer, calendar)
    start = 0
    for end in ends:
        cells: dict[CellKey, Sums] = {}
        if end > start:
            found = sum_of_one(start, end)
            if found is not None:
                cells[found[0]] = found[1]
            else:
                for entry in add_alike(cells, start, end):
                    _add_entry(cells, columns, entry, pricer, calendar)
        yield cells
        start = end


def _summing_one_cell(
    columns: Columns, pricer: Pricer, calendar: Calendar
) -> Callable[[int, int], tuple[CellKey, Sums] | None]:
    """Return what sums, without a look at each, entries from one up to another that all belong to one cell, with plain
    prices that add up; None where they may not. So are those of nearly every file.
    """
    rates_of, longest = _whole_rates(columns, pricer, 0, len(columns))
    unlike = sorted({*columns.terms, *columns.reported, *columns.extras, *columns.web_search})
    time, owners, models, size = columns.time, columns.owner, columns.model, columns.owner.itemsize
    owner_bytes, model_bytes = owners.tobytes(), models.tobytes()
    lower_bounds = columns.flags.tobytes().translate(_LOWER_BOUNDS)
    inputs, outputs, writes_5m, writes_1h = columns.input, columns.output, columns.write_5m, columns.write_1h
    reads, day_hour = columns.cache_read, calendar.day_hour

    def sum_of_one(start: int, end: int) -> tuple[CellKey, Sums] | None:
        model, responses, at = models[start], end - start, bisect_left(unlike, start)
        rates = rates_of[model]
        if rates is None or (at < len(unlike) and unlike[at] < end):
            return None
        first, last = start * size, end * size
        for column in (owner_bytes, model_bytes) if responses > 1 else ():
            if column[first:last] != column[first : first + size] * responses:
                return None
        times = time[start:end]
        first_ms, last_ms = min(times), max(times)
        day = day_hour(first_ms)[0]
        given, output, read = sum(inputs[start:end]), sum(outputs[start:end]), sum(reads[start:end])
        write_5m, write_1h = sum(writes_5m[start:end]), sum(writes_1h[start:end])
        # None of the prompts is longer than all of them together.
        if given + write_5m + write_1h + read > longest[model] or day_hour(last_ms)[0] != day:
            return None
        sums = [
            responses, given, output, write_5m, write_1h, read, 0,
            *rates.sums(given, output, write_5m, write_1h, read, 0), lower_bounds.count(1, start, end),
            responses if rates.is_estimate else 0, *NOTHING, first_ms, last_ms,
        ]  # fmt: skip
        return _cell_key((day, owners[start], model)), sums

    return sum_of_one


def _adding_alike(
    columns: Columns, pricer: Pricer, calendar: Calendar
) -> Callable[[dict[CellKey, Sums], int, int], list[int]]:
    """Return what sums, of the next entries from one up to another, those whose prices add up to the price of their
    sum, and returns the others."""
    of_all = _whole_rates(columns, pricer, 0, len(columns))
    # A price may have changed from one file to another, and in each be the same.
    is_same_in_all = None not in of_all[0].values()
    assumed = _with_assumed_lifetimes(columns, pricer)
    rare = {*(columns.terms.keys() - assumed), *columns.reported, *columns.extras}
    searches = columns.web_search
    day_hour = calendar.day_hour
    each = (
        columns.time, columns.owner, columns.model, columns.input, columns.output, columns.write_5m,
        columns.write_1h, columns.cache_read, columns.flags,
    )  # fmt: skip

    def add_alike(cells: dict[CellKey, Sums], start: int, end: int) -> list[int]:
        rates_of, longest = of_all if is_same_in_all else _whole_rates(columns, pricer, start, end)
        alike: dict[tuple[int, int, int, bool], list[int]] = {}
        others = []
        rows = enumerate(zip(*(column[start:end] for column in each), strict=True), start)
        for entry, (time_ms, owner, model, given, output, write_5m, write_1h, read, flags) in rows:
            if given + write_5m + write_1h + read > longest[model] or entry in rare:
                others.append(entry)
                continue
            key = (day_hour(time_ms)[0], owner, model, entry in assumed)
            lower_bounds = 1 if flags & LOWER_BOUND else 0
            sums = alike.get(key)
            if sums is None:
                alike[key] = sums = [given, output, write_5m, write_1h, read, 0, 1, lower_bounds, time_ms, time_ms]
            else:
                sums[0] += given
                sums[1] += output
                sums[2] += write_5m
                sums[3] += write_1h
                sums[4] += read
                sums[6] += 1
                sums[7] += lower_bounds
                if time_ms < sums[8]:
                    sums[8] = time_ms
                elif time_ms > sums[9]:
                    sums[9] = time_ms
            if entry in searches:
                sums[5] += searches[entry]
        for (day, owner, model, is_assumed), (*counters, responses, lower_bounds, first_ms, last_ms) in alike.items():
            rates = rates_of[model]
            assert rates is not None
            sums = [
                responses, *counters, *rates.sums(*counters), lower_bounds,
                responses if is_assumed or rates.is_estimate else 0, *NOTHING, first_ms, last_ms,
            ]  # fmt: skip
            add_sums(cells, CellKey(day, owner, model), sums)
        return others

    return add_alike


def add_sums(cells: dict[CellKey, Sums], key: CellKey, more: Sums) -> None:
    """Add sums to a cell. Of a new cell they become the sums."""
    sums = cells.get(key)
    if sums is None:
        cells[key] = more
        return
    first, last = min(sums[FIRST], more[FIRST]), max(sums[LAST], more[LAST])
    sums[:] = map(add, sums, more)
    sums[FIRST], sums[LAST] = first, last


def _with_assumed_lifetimes(columns: Columns, pricer: Pricer) -> set[int]:
    """Return the entries that cost what plain ones do, though only as long as the cache writes live as is assumed."""
    source, only_assumes = columns.source, pricer.only_assumes_lifetimes
    return {entry for entry, terms in columns.terms.items() if only_assumes(source, columns.usage(entry), terms)}


def _whole_rates(
    columns: Columns, pricer: Pricer, start: int, end: int
) -> tuple[dict[int, WholeRates | None], dict[int, int]]:
    """Return, by model, the rates that hold for all entries from one up to another, and for how long prompts."""
    times, models, source = columns.time[start:end], columns.models, columns.source
    first_ms, last_ms = min(times, default=0), max(times, default=0)
    found = {
        model: pricer.whole_rates(source, models[model], first_ms, last_ms) for model in {*columns.model[start:end]}
    }
    return found, {model: rates.over if rates else -NEVER for model, rates in found.items()}


def _add_entry(cells: dict[CellKey, Sums], columns: Columns, entry: int, pricer: Pricer, calendar: Calendar) -> None:
    """Add one entry and what is billed beside it."""
    source, models = columns.source, columns.models
    time_ms, owner, model = columns.time[entry], columns.owner[entry], columns.model[entry]
    usage, terms = columns.usage(entry), columns.terms.get(entry, "")
    cost = pricer.price(source, models[model], time_ms, usage, terms, columns.reported.get(entry))
    key = CellKey(calendar.day_hour(time_ms)[0], owner, model)
    add_usage(_sums(cells, key, time_ms), usage, cost, 1, 1, 1 if columns.flags[entry] & LOWER_BOUND else 0)
    for extra in columns.extras.get(entry, ()):
        if extra.model not in models:
            models.append(extra.model)
        cost = pricer.price(source, extra.model, time_ms, extra.usage, extra.terms)
        key = CellKey(key.day, owner, models.index(extra.model))
        add_usage(_sums(cells, key, time_ms), extra.usage, cost, 1, 0, 0)


def _sums(cells: dict[CellKey, Sums], key: CellKey, time_ms: int) -> Sums:
    sums = cells.get(key)
    if sums is None:
        sums = cells[key] = [*EMPTY, time_ms, time_ms]
    elif time_ms < sums[FIRST]:
        sums[FIRST] = time_ms
    elif time_ms > sums[LAST]:
        sums[LAST] = time_ms
    return sums
