"""What a response is billed for, kind by kind, and what its tokens would have cost in the cache.

Uses the rates by which it was priced, and sums to its price. Must not know causes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.engine.state.store import Store
from claude_tui.model import Usage
from claude_tui.pricing.explain import RateFinder
from claude_tui.pricing.price_list.rates import WEB_SEARCH_NANO, Rates
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import LOWER_BOUND

KINDS: Final = (
    "input", "cache_write_5m", "cache_write_1h", "cache_read", "thinking", "output", "web_search",
)  # fmt: skip
"""What is billed, in the order of `Billing.parts`."""

NO_RATES: Final = Rates(0, 0, 0, 0, 0)


class BilledLine(NamedTuple):
    """What is billed at one price: a response, or an extra of it. `cost_nano` is 0 if there is no price."""

    source: str
    model: str
    time_ms: int
    usage: Usage
    terms: str
    cost_nano: int
    doubts: Doubts = Doubts()


_line: Final = partial(tuple.__new__, BilledLine)
"""Makes one of a tuple, for there may be tens of thousands: its own way takes three times as long."""


class Biller:
    """Divides costs by kind, at the rates of one store's prices."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._finder = RateFinder(store.pricer)

    def lines(self, row: int, model: str = "") -> list[BilledLine]:
        """Return what is billed for a row of the table, all of it or only what is billed at a model."""
        store, table = self._store, self._store.table
        source, time_ms = table.files[table.file[row]].source, table.time[row]
        own = store.models[table.model[row]]
        found = []
        if not model or model == own:
            usage, terms = table.usage(row), table.terms.get(row, "")
            price = store.price(row, usage)
            doubts = NO_DOUBTS
            is_lower_bound = table.flags[row] & LOWER_BOUND
            if is_lower_bound or price.flags or price.nano is None:
                doubts = Doubts.of(price, usage.tokens, is_lower_bound=bool(is_lower_bound))
            found.append(_line((source, own, time_ms, usage, terms, price.nano or 0, doubts)))
        if row not in table.extras:
            return found
        for number, extra in enumerate(table.extras.get(row, ())):
            if model in ("", extra.model):
                price = store.extra_price(row, number)
                doubts = Doubts.of(price, extra.usage.tokens, is_response=False)
                found.append(
                    BilledLine(source, extra.model, time_ms, extra.usage, extra.terms, price.nano or 0, doubts=doubts)
                )
        return found

    def is_own(self, row: int, lines: Sequence[BilledLine]) -> bool:
        """Whether the first of some lines of a row is the response itself, and no extra of it."""
        return bool(lines) and lines[0].model == self._store.models[self._store.table.model[row]]

    def rates(self, line: BilledLine) -> Rates:
        """Return the rates of a line; all 0 where it has none."""
        rows = self._finder.rows(line.source, line.model, line.time_ms, line.usage, line.terms)
        return rows[0].rates if rows else NO_RATES

    def parts(self, line: BilledLine, thinking: int = 0) -> list[int]:
        """Divide the cost of a line, in the order of `KINDS`; so many tokens of its output were thinking. Multipliers
        change all parts alike."""
        tokens_in, output, write_5m, write_1h, cache_read, web_search = line.usage
        rates = self.rates(line)
        thinking = min(thinking, output)
        searches = min(web_search * WEB_SEARCH_NANO, line.cost_nano) if web_search else 0
        weights = [
            tokens_in * rates.input,
            write_5m * rates.write_5m,
            write_1h * rates.write_1h,
            cache_read * rates.cache_read,
            thinking * rates.output,
            (output - thinking) * rates.output,
        ]
        if not any(weights):  # a cost the client reported of a model that is not in the price list
            weights = [tokens_in, write_5m, write_1h, cache_read, thinking, output - thinking]
        return [*split(line.cost_nano - searches, weights), searches]

    def paid_anew(self, line: BilledLine, lost: int) -> int:
        """Return what `lost` of the fresh tokens of a line cost above what reading them from the cache would have."""
        usage, rates = line.usage, self.rates(line)
        fresh = usage.input + usage.cache_write_5m + usage.cache_write_1h
        whole = rates.cost(usage)
        if not fresh or not whole:
            return 0
        searches = min(usage.web_search * WEB_SEARCH_NANO, line.cost_nano)
        paid = usage.input * rates.input + usage.cache_write_5m * rates.write_5m + usage.cache_write_1h * rates.write_1h
        above = max(0, lost * (paid - rates.cache_read * fresh))
        return above * (line.cost_nano - searches) // (fresh * whole)

    def as_read(self, line: BilledLine, tokens: int) -> int:
        """Return what so many tokens would have cost in this line, had they been read from the cache."""
        usage, rates = line.usage, self.rates(line)
        whole = rates.cost(usage)
        searches = min(usage.web_search * WEB_SEARCH_NANO, line.cost_nano)
        return tokens * rates.cache_read * (line.cost_nano - searches) // whole if whole else 0
