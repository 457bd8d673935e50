"""When the prompt caches of sessions get cold, and what a pause until then costs. Reads no log.

By the newest response of a session's main chain: what it wrote says how long the cache lives.
"""

from __future__ import annotations

from typing import Final

from claude_tui.engine.queries.causes.costs.billing import Biller
from claude_tui.engine.queries.causes.costs.misses import LIFETIME_MS
from claude_tui.engine.queries.causes.tables import Pause
from claude_tui.engine.state.store import Store
from claude_tui.sources.columns import SIDECHAIN

CACHED: Final = "claude"
"""The client whose caches live for a time that its logs say."""
PICO_PER_NANO: Final = 1000


def pauses(store: Store, biller: Biller, now_ms: int) -> dict[str, Pause]:
    """Return the pauses of the sessions whose cache is warm at an instant, by session. Hold the store's lock.

    Empty as long as single responses are not loaded.
    """
    newest: dict[str, int] = {}
    wrote: dict[str, tuple[int, str]] = {}
    for row in store.rows_between(now_ms - max(LIFETIME_MS.values()), now_ms):
        table = store.table
        owner, time_ms = store.owners[table.owner[row]], table.time[row]
        if owner.source != CACHED or owner.agent or table.flags[row] & SIDECHAIN:
            continue
        known = newest.get(owner.session)
        if known is None or (time_ms, row) > (table.time[known], known):
            newest[owner.session] = row
        if table.write_5m[row] or table.write_1h[row]:
            lifetime = "1h" if table.write_1h[row] else "5m"
            wrote[owner.session] = max(wrote.get(owner.session, (0, "")), (time_ms, lifetime))
    found = {}
    for session, row in newest.items():
        line = biller.lines(row)[0]
        usage, rates = line.usage, biller.rates(line)
        lifetime = wrote.get(session, (0, "5m"))[1]
        cold_at_ms = line.time_ms + LIFETIME_MS[lifetime]
        if cold_at_ms <= now_ms or not (usage.cache_read or usage.cache_write_5m or usage.cache_write_1h):
            continue
        above = max(0, (rates.write_1h if lifetime == "1h" else rates.write_5m) - rates.cache_read)
        found[session] = Pause(cold_at_ms, usage.prompt * above // PICO_PER_NANO, usage.prompt)
    return found
