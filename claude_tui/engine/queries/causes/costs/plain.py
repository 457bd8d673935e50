"""What plain responses cost, kind by kind, where nothing needs rounding: tokens times rates, which is most of them.

Must give what `Biller` gives, which does for any response.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import partial
from typing import Final

from claude_tui.engine.state.store import Store
from claude_tui.pricing.cards import WholeRates
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import LOWER_BOUND


class PlainCost(NamedTuple):
    """The tokens of a prompt, what those new in it cost and those read from the cache, and the two kinds of output."""

    prompt: int
    new_nano: int
    old_nano: int
    thinking_nano: int
    output_nano: int


_cost: Final = partial(tuple.__new__, PlainCost)


class PlainCosts:
    """The costs of the responses in some rows of the table, as long as the store is held; none, if only what is billed
    at a model is asked for."""

    __slots__ = (
        "_extras", "_flags", "_input", "_model", "_output", "_rates", "_read", "_reported", "_searches", "_terms",
        "_write_1h", "_write_5m",
    )  # fmt: skip

    def __init__(self, store: Store, rows: Sequence[int], model: str = "") -> None:
        table = store.table
        self._input, self._output, self._read = table.input, table.output, table.cache_read
        self._write_5m, self._write_1h = table.write_5m, table.write_1h
        self._model, self._flags = table.model, table.flags
        self._terms, self._reported, self._searches = table.terms, table.reported, table.web_search
        self._extras = table.extras
        self._rates = {} if model else _rates(store, rows)

    def of(self, row: int, thinking: int) -> PlainCost | None:
        """Return what a response cost, of which so many tokens were thinking; None if it is not plain, or its price is
        doubtful or needs rounding."""
        rates = self._rates.get(self._model[row])
        if rates is None or self._flags[row] & LOWER_BOUND or row in self._terms or row in self._reported:
            return None
        if row in self._searches or row in self._extras:
            return None
        given, write_5m, write_1h, read = self._input[row], self._write_5m[row], self._write_1h[row], self._read[row]
        prompt = given + write_5m + write_1h + read
        rate_in, rate_out, rate_5m, rate_1h, rate_read, _, _, _, over, _ = rates
        if prompt > over:
            return None
        output = self._output[row]
        thinking = min(thinking, output)
        return _cost((
            prompt,
            given * rate_in + write_5m * rate_5m + write_1h * rate_1h,
            read * rate_read,
            thinking * rate_out,
            (output - thinking) * rate_out,
        ))  # fmt: skip


def _rates(store: Store, rows: Sequence[int]) -> dict[int, WholeRates]:
    """Return the rates of all of these rows by number of model, of models that have whole ones and no doubts."""
    table = store.table
    columns = table.model, table.time, table.owner, table.file
    if isinstance(rows, range):
        models, times, owners, files = (column[rows.start : rows.stop] for column in columns)
    else:
        counted = [row for row in rows if row >= 0]
        models, times, owners, files = (array("q", map(column.__getitem__, counted)) for column in columns)
    sources = {store.owners[owner].source for owner in {*owners}} | {table.files[file].source for file in {*files}}
    if len(sources) != 1:
        return {}
    (source,) = sources
    first_ms, last_ms, whole_rates = min(times), max(times), store.pricer.whole_rates
    found = {model: whole_rates(source, store.models[model], first_ms, last_ms) for model in {*models}}
    return {model: rates for model, rates in found.items() if rates is not None and not rates.is_estimate}
