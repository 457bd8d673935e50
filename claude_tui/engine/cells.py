"""Sums per (local day, owner, model), and what one response adds to them.

The same additions are made where a file is read (all of it at once, in a worker process) and in the store
(one response at a time), so both give the same sums. Must not know files or locks.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from claude_tui.engine.calendar import Calendar
from claude_tui.model import Price, Usage
from claude_tui.pricing import Pricer
from claude_tui.sources.columns import LOWER_BOUND, Columns

FIRST, LAST = 14, 15
"""Positions of the earliest and latest instant in a cell's sums; every position before them is a plain sum."""

Sums = list[int]
"""The fields of `Totals`, in order."""

EMPTY: Final = (0,) * 14


class CellKey(NamedTuple):
    """What a cell sums over: local day (proleptic ordinal), owner number, model number."""

    day: int
    owner: int
    model: int


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
        sums[13] += sign * usage.tokens
    else:
        sums[7] += sign * price.nano
        sums[8] += sign * price.read_saved_nano
        sums[9] += sign * price.write_extra_nano
    sums[10] += lower_bounds
    if price.flags and price.is_estimate:
        sums[11] += sign


def file_cells(columns: Columns, pricer: Pricer, calendar: Calendar) -> dict[CellKey, Sums]:
    """Sum all entries of a file. Owners and models are the file's own numbers; models of extras are added to it."""
    cells: dict[CellKey, Sums] = {}
    source, models = columns.source, columns.models
    price, day_hour = pricer.price, calendar.day_hour
    terms, reported, extras = columns.terms, columns.reported, columns.extras
    for entry, time_ms in enumerate(columns.time):
        model, owner = columns.model[entry], columns.owner[entry]
        usage = columns.usage(entry)
        text = terms.get(entry, "") if terms else ""
        cost = price(source, models[model], time_ms, usage, text, reported.get(entry) if reported else None)
        key = CellKey(day_hour(time_ms)[0], owner, model)
        add_usage(_sums(cells, key, time_ms), usage, cost, 1, 1, 1 if columns.flags[entry] & LOWER_BOUND else 0)
        for extra in extras.get(entry, ()) if extras else ():
            if extra.model not in models:
                models.append(extra.model)
            cost = price(source, extra.model, time_ms, extra.usage, extra.terms)
            key = CellKey(key.day, owner, models.index(extra.model))
            add_usage(_sums(cells, key, time_ms), extra.usage, cost, 1, 0, 0)
    return cells


def _sums(cells: dict[CellKey, Sums], key: CellKey, time_ms: int) -> Sums:
    sums = cells.get(key)
    if sums is None:
        sums = cells[key] = [*EMPTY, time_ms, time_ms]
    elif time_ms < sums[FIRST]:
        sums[FIRST] = time_ms
    elif time_ms > sums[LAST]:
        sums[LAST] = time_ms
    return sums
