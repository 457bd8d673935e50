"""What files cost that were read again with nothing changed in between. Must not know what else was read."""

from __future__ import annotations

from collections.abc import Collection

from claude_tui.engine.queries.causes.costs.billing import Biller
from claude_tui.engine.queries.causes.known.columns import CauseNames, FileCalls
from claude_tui.sources.causes import COMPACTED

PICO_PER_NANO = 1000


def repeat_cost(
    found: FileCalls, at: int, tokens: int, biller: Biller, names: CauseNames, rows: Collection[int]
) -> int:
    """Return the nanodollars of so many tokens that the calls of a response put into the prompt: written into the
    cache by the next response, and read by all that follow, up to a compaction; as far as those are among `rows`. Hold
    the store's lock."""
    told, thread, pico = names.told.names, found.thread[at], 0
    is_first = True
    for later in range(at + 1, found.size):
        if found.thread[later] != thread or found.rows[later] < 0:
            continue
        if told[found.told[later]].boundary == COMPACTED:
            break
        if found.rows[later] in rows:
            line = biller.lines(found.rows[later])[0]
            rates = biller.rates(line)
            if not is_first:
                pico += tokens * rates.cache_read
            elif line.usage.cache_write_1h:
                pico += tokens * rates.write_1h
            else:
                pico += tokens * (rates.write_5m if line.usage.cache_write_5m else rates.input)
        is_first = False
    return pico // PICO_PER_NANO
