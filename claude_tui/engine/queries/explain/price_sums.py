"""What responses were priced with: rates, flags, models without a price. Must not read files."""

from __future__ import annotations

from claude_tui.engine.queries.explain.explanation import Explanation, RateUse, Unpriced
from claude_tui.engine.state.store import Store
from claude_tui.model import Price, PriceStatus, Response, Usage
from claude_tui.pricing.explain import RateFinder, RateRow
from claude_tui.sources.columns import LOWER_BOUND


class PriceSums:
    """What responses were priced with."""

    def __init__(self, store: Store, model: str) -> None:
        self._store = store
        self._model = model
        self._finder = RateFinder(store.pricer)
        self._rates: list[RateRow] = []
        self._sums: dict[int, list[int]] = {}  # by identity: the finder gives the same object for the same row
        self._unpriced: dict[str, list[int]] = {}

    def add(self, row: int, found: Explanation) -> None:
        """Add a response and its extras. Requires the store's lock."""
        store, table = self._store, self._store.table
        source = store.owners[table.owner[row]].source
        model, time_ms = store.models[table.model[row]], table.time[row]
        found.looked_at += 1
        if self._model in ("", model):
            found.responses += 1
            found.lower_bounds += bool(table.flags[row] & LOWER_BOUND)
            self._add(source, model, time_ms, table.usage(row), store.terms(row), store.price(row), found, 1)
        for number, extra in enumerate(table.extras.get(row, ())):
            if self._model in ("", extra.model):
                found.extras[extra.kind] += 1
                price = store.extra_price(row, number)
                self._add(source, extra.model, time_ms, extra.usage, extra.terms, price, found, 0)

    def add_line(self, line: Response, found: Explanation) -> None:
        """Add what no log shows of a session and a model."""
        found.unlogged_nano += line.price.nano or 0
        self._add(line.source, line.model, line.time_ms, line.usage, "", line.price, found, 0)

    def finish(self, found: Explanation) -> None:
        """Put the sums into an explanation."""
        uses = [RateUse(rate, *self._sums[id(rate)]) for rate in self._rates]
        found.rates = tuple(sorted(uses, key=lambda use: (-use.cost_nano, use.rate.model)))
        found.unpriced = tuple(Unpriced(model, *sums) for model, sums in sorted(self._unpriced.items()))

    def _add(
        self,
        source: str,
        model: str,
        time_ms: int,
        usage: Usage,
        terms: str,
        price: Price,
        found: Explanation,
        one: int,
    ) -> None:
        if price.flags:
            found.flags.update(price.flags)
        found.cost_nano += price.nano or 0
        if price.status is PriceStatus.UNPRICED:
            sums = self._unpriced.setdefault(model, [0, 0])
            sums[0] += one
            sums[1] += usage.tokens
            return
        if price.status is PriceStatus.REPORTED or price.status is PriceStatus.FREE:
            found.reported += price.status is PriceStatus.REPORTED
            found.free += price.status is PriceStatus.FREE
            return
        nano = price.nano or 0
        for rate in self._finder.rows(source, model, time_ms, usage, terms):
            if id(rate) not in self._sums:
                self._sums[id(rate)] = [0, 0]
                self._rates.append(rate)
            sums = self._sums[id(rate)]
            sums[0] += one
            sums[1] += nano
            nano = 0
