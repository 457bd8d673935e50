"""Which responses paid anew for what had been in the prompt cache, why, and what that cost.

The test is the client's own. The cause is the first that holds of a fixed list; what cannot be told is "unknown".
"""

from __future__ import annotations

from array import array
from typing import Final

from claude_tui.engine.queries.causes.costs.billing import Biller
from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.engine.queries.causes.known.columns import CauseNames, FileCalls, Told
from claude_tui.engine.state.rows.table import ResponseTable
from claude_tui.engine.state.store import Store
from claude_tui.records import NamedTuple
from claude_tui.sources.causes import COMPACTED, TOOLS_CHANGED
from claude_tui.sources.claude.counting.rule import requests_of
from claude_tui.sources.values.numbers import version_of
from claude_tui.units import HOUR_MS, MINUTE_MS

CAUSES: Final = {
    "expired_5m": "paused over 5 minutes",
    "expired_1h": "paused over 1 hour",
    "compaction": "conversation compacted",
    "model_switch": "another model",
    "tools_changed": "tools changed",
    "system_changed": "system prompt changed",
    "messages_changed": "earlier messages changed",
    "server": "the server had lost it",
    "client_version": "another version of the client",
    "tools_changed_seen": "tools changed, as the log shows",
    "branch": "another branch",
    "unknown": "unknown",
}
"""Causes, and how they are called."""

LEAST_LOST: Final = 2000
LIFETIME_MS: Final = {"5m": 5 * MINUTE_MS, "1h": HOUR_MS}
_REASONS: Final = {
    "tools_changed": "tools_changed",
    "system_changed": "system_changed",
    "messages_changed": "messages_changed",
    "model_changed": "model_switch",
    "previous_message_not_found": "server",
}
"""What the API says, and what we call it."""
_COUNTED: Final = ("model", "time", "flags", "input", "output", "write_5m", "write_1h", "cache_read")
_BRANCH_IN_PROMPT: Final = (2, 1, 260)
"""Up to this version the branch stands in the system prompt."""


class CacheMiss(NamedTuple):
    """A lost cache: how long nothing was asked, the tokens paid anew, and what that cost above reading them; `doubts`
    are those of the price."""

    cause: str
    gap_ms: int
    lost_tokens: int
    cost_nano: int
    doubts: Doubts = NO_DOUBTS


_Before = tuple[int, int, bool, str]
"""The response before in a thread: its position, its prompt, whether it used a cache, and how long that lives: as was
asked for, as what it wrote was billed, else as the one before."""


def counted_as(found: FileCalls, table: ResponseTable) -> int:
    """Return what the misses of one file follow from beside the file, as one number: how its responses are counted.

    Other logs and telemetry change that, and a response may be counted after its log was read for causes.
    """
    rows = found.rows
    columns = [getattr(table, name) for name in _COUNTED]
    if isinstance(rows, range):
        numbers = [column[rows.start : rows.stop] for column in columns]
    else:
        numbers = [array(column.typecode, [column[row] for row in rows if row >= 0]) for column in columns]
    rare = [tuple(map(one.get, rows)) for one in (table.web_search, table.terms, table.reported) if one]
    return hash((b"".join(column.tobytes() for column in numbers), *rare))


def misses_of(found: FileCalls, store: Store, biller: Biller, names: CauseNames) -> dict[int, CacheMiss]:
    """Return the misses of one file, by the position of the response. Hold the store's lock."""
    misses: dict[int, CacheMiss] = {}
    before: dict[int, _Before] = {}
    table, told_of, terms = store.table, names.told.names, store.table.terms
    tokens, writes_5m, writes_1h, reads = table.input, table.write_5m, table.write_1h, table.cache_read
    for at, row in enumerate(found.rows):
        if row < 0:
            continue
        write_5m, write_1h, read = writes_5m[row], writes_1h[row], reads[row]
        prompt, thread, told = tokens[row] + write_5m + write_1h + read, found.thread[at], told_of[found.told[at]]
        known = before.get(thread)
        if told.lifetime in LIFETIME_MS:
            lives = told.lifetime
        elif write_1h:
            lives = "1h"
        else:
            lives = "5m" if write_5m or known is None else known[3]
        has_cache, last_prompt = bool(read or write_5m or write_1h), prompt
        if row in terms:
            # Of several requests that the server itself sent, the first finds what was kept; the last is what follows.
            requests = requests_of(terms[row], table.usage(row))
            prompt, read, last_prompt = requests[0].prompt, requests[0].cache_read, requests[-1].prompt
        before[thread] = at, last_prompt, has_cache, lives
        if known is None or not known[2]:
            continue
        last, had, _, lifetime = known
        most = min(had, prompt)
        missing = most - read
        if missing < LEAST_LOST or 20 * read >= 19 * most:
            continue
        lost = min(missing, prompt - read)
        line = biller.lines(row)[0]
        # Between two responses no time passes if only their last rows overlap.
        gap_ms = max(0, (found.asked_ms(at) or found.time_ms(at)) - found.time_ms(last))
        expired = lifetime if gap_ms > LIFETIME_MS[lifetime] else ""
        is_switch = table.model[row] != table.model[found.rows[last]]
        cause = _cause(told, told_of[found.told[last]], expired=expired, is_switch=is_switch)
        doubts = line.doubts.but_for_output()
        misses[at] = CacheMiss(cause, gap_ms, lost, biller.paid_anew(line, lost), doubts)
    return misses


def _cause(told: Told, before: Told, *, expired: str, is_switch: bool) -> str:
    """Return the cause of a miss, by what is told of the response and of the one before. `expired` is the lifetime
    that had run out, "" if it had not; `is_switch`: another model answered."""
    is_branch_seen = version_of(told.version) <= _BRANCH_IN_PROMPT
    causes = (
        ("compaction", told.boundary == COMPACTED),
        ("model_switch", is_switch),
        (f"expired_{expired}", bool(expired)),
        (_REASONS.get(told.reason, ""), told.reason in _REASONS),
        ("client_version", told.version != before.version),
        ("tools_changed_seen", told.boundary == TOOLS_CHANGED),
        ("branch", told.branch != before.branch and is_branch_seen),
    )
    return next((cause for cause, holds in causes if holds), "unknown")
