"""The table of single responses, each priced on its own. Must not know where it lies, nor sums."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from claude_tui.engine.queries.responses import lines_of, unlogged_lines
from claude_tui.engine.state.rows.table import PAIRED
from claude_tui.engine.state.store import Store
from claude_tui.fleet.parquet import EPOCH, NAME
from claude_tui.fleet.table.machines import NAMES, Machine, Session
from claude_tui.model import Price, Query, Response, Usage
from claude_tui.sources.columns import LOWER_BOUND

COUNTERS: Final = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "web_search")
RESPONSES: Final = pa.schema(
    [("key", pa.int64()), ("time", pa.timestamp("ms", tz="UTC")), ("day", pa.date32())]
    + [(name, NAME) for name in NAMES]
    + [(name, pa.int64()) for name in (*COUNTERS, "cost_nano")]
    + [("status", NAME), ("flags", pa.list_(pa.string())), ("output_lower_bound", pa.bool_()), ("extra", NAME)]
)


def row_of(store: Store, line: Response, machine: Machine) -> dict[str, Any]:
    """Return a response as a row."""
    price = line.price
    return {
        "key": int(line.key.split("/")[0]) if line.path else None, "time": line.time_ms,
        "day": store.calendar.day(line.time_ms), "source": line.source, **machine._asdict(),
        "project": store.projects.of(line.project), "session": line.session, "agent": line.agent, "model": line.model,
        **dict(zip(COUNTERS, line.usage, strict=True)), "cost_nano": price.nano, "status": price.status.value,
        "flags": list(price.flags), "output_lower_bound": line.is_lower_bound, "extra": line.extra,
    }  # fmt: skip


def responses_of(store: Store, of_row: Sequence[Machine], of_session: dict[Session, Machine]) -> Any:
    """Return the table of single responses; `of_session` is the machine that what no log shows is of."""
    main = _main_rows(store, of_row)
    extras = [
        row_of(store, line, of_row[row])
        for row in sorted(store.table.extras)
        for line in lines_of(store, row)
        if line.extra
    ]
    # In order of time and key, a response before its extras.
    table = pa.concat_tables([main, pa.Table.from_pylist(extras, schema=RESPONSES)], promote_options="permissive")
    numbered = table.append_column("at", pa.array(range(len(table)), pa.int64()))
    order = pc.sort_indices(numbered, [("time", "ascending"), ("key", "ascending"), ("at", "ascending")])
    unlogged = [
        row_of(store, line, of_session.get((line.source, line.session), Machine()))
        for line in sorted(unlogged_lines(store, Query()), key=lambda line: (line.time_ms, line.key))
    ]
    return pa.concat_tables([table.take(order), pa.Table.from_pylist(unlogged, schema=RESPONSES)]).unify_dictionaries()


def _main_rows(store: Store, of_row: Sequence[Machine]) -> Any:
    table = store.table
    count = len(table)
    prices = _prices(store)
    numbers: dict[Machine, int] = {}
    machine = array("i", [numbers.setdefault(one, len(numbers)) for one in of_row])
    flags: dict[tuple[str, ...], int] = {}
    flagged = array("i", [flags.setdefault(price.flags, len(flags)) for price in prices])
    day_hour = store.calendar.day_hour
    web_search = array("q", bytes(8 * count))
    for row, searches in table.web_search.items():
        web_search[row] = searches
    owners, models = store.owners, store.models
    columns = {
        "key": _ints(table.key), "time": _ints(table.time).cast(pa.timestamp("ms", tz="UTC")),
        "day": _ints(array("i", [day_hour(time_ms)[0] - EPOCH for time_ms in table.time])).cast(pa.date32()),
        "source": _texts([one.source for one in owners], table.owner),
        **{name: _texts([getattr(one, name) for one in numbers], machine) for name in Machine._fields},
        "project": _texts([store.project_of(one) for one in owners], table.owner),
        "session": _texts([one.session for one in owners], table.owner),
        "agent": _texts([one.agent for one in owners], table.owner),
        "model": _texts(models, table.model),
        "input": _ints(table.input), "output": _ints(table.output), "cache_write_5m": _ints(table.write_5m),
        "cache_write_1h": _ints(table.write_1h), "cache_read": _ints(table.cache_read),
        "web_search": _ints(web_search), "cost_nano": pa.array([price.nano for price in prices], pa.int64()),
        "status": pa.array([price.status.value for price in prices], pa.string()).dictionary_encode(),
        "flags": pa.array(list(map(list, flags)), pa.list_(pa.string())).take(_ints(flagged)),
        "output_lower_bound": pa.array([bool(one & LOWER_BOUND) for one in table.flags], pa.bool_()),
        "extra": pa.array([""] * count, pa.string()).dictionary_encode(),
    }  # fmt: skip
    made = pa.table(columns, schema=RESPONSES)
    if store.told is None:
        return made
    return made.filter(pa.array([not one & PAIRED for one in table.flags], pa.bool_()))  # counted where they are logged


def _prices(store: Store) -> list[Price]:
    if store.told is not None:
        return [store.price(row) for row in range(len(store.table))]
    table, price, models = store.table, store.pricer.price, store.models
    sources = [ref.source for ref in table.files]
    searches, terms, reported = table.web_search, table.terms, table.reported
    counters = zip(
        table.file, table.model, table.time, table.input, table.output, table.write_5m, table.write_1h,
        table.cache_read, strict=True,
    )  # fmt: skip
    return [
        price(
            sources[file], models[model], time_ms,
            Usage(given, output, write_5m, write_1h, read, searches.get(row, 0)), terms.get(row, ""), reported.get(row),
        )
        for row, (file, model, time_ms, given, output, write_5m, write_1h, read) in enumerate(counters)
    ]  # fmt: skip


def _ints(values: array[int]) -> Any:
    kind = pa.int64() if values.itemsize == 8 else pa.int32()
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values.tobytes())])


def _texts(names: Iterable[str], numbers: array[int]) -> Any:
    """Return names by their numbers. A name may have several numbers, or none."""
    return pa.array(list(names), pa.string()).take(_ints(numbers)).dictionary_encode()
