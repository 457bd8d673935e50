"""Every row of one response, which of them counts, and why. Must not know how sums are explained."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Final

from claude_tui.clients import TELEMETRY
from claude_tui.engine.queries.client_totals import client_sessions
from claude_tui.engine.queries.explain.explanation import COUNTED, Explanation, RowFound
from claude_tui.engine.queries.explain.files import audits, reason_of
from claude_tui.engine.queries.explain.logs import with_siblings
from claude_tui.engine.queries.explain.price_sums import PriceSums
from claude_tui.engine.queries.responses import lines_of
from claude_tui.engine.queries.turns import response_key
from claude_tui.engine.state.store import Store
from claude_tui.model import NEVER_MS, TOLD, UNLOGGED, Query, Response
from claude_tui.sources.auditing.again import audit_log, holds
from claude_tui.sources.auditing.audit import NEVER_COUNTED, AuditedRow
from claude_tui.sources.claude.audit import identity_of
from claude_tui.sources.claude.turns import counted_line
from claude_tui.sources.columns import Rank, RowOwner, key_number, row_rank
from claude_tui.sources.protocol import LogFile

GONE: Final = "its log is gone; the ledger has what was counted of it"


def explain_response(store: Store, response: Response, files_s: float) -> Explanation:
    """Explain one response (or the one an extra belongs to), spending at most so many seconds on its files."""
    found = Explanation(prices=store.pricer.describe(), clients=(response.source,), to_look_at=1)
    if response.extra == UNLOGGED:
        return _explain_unlogged(store, response, found)
    key = response_key(response)
    with store.lock:
        row = _row_of(store, response.source, key)
        if row is None:
            found.problem = "this response is no longer counted"
            return found
        lines = list(lines_of(store, row))
        owner = store.owners[store.table.owner[row]]
        place = store.table.files[store.table.file[row]]
        owner_place = store.table.files[store.table.owner_file.get(row, store.table.file[row])]
        sums = PriceSums(store, "")
        sums.add(row, found)
    sums.finish(found)
    counted = lines[0]
    if counted.origin == TOLD:
        found.why = "no log has it: the client told of it by telemetry" + (
            f", as {counted.kind}" if counted.kind else ""
        )
        return found
    files = with_siblings(store, (place, owner_place), (owner,), are_all=True)
    needle = _needle(files[0], key, counted.offset)
    if needle is None:
        is_gone = not os.path.exists(place.path)
        found.problem = GONE if is_gone else "the row that counts is no longer in its file"
        return found
    rows = list(_rows_of(found, key, needle, files, files_s))
    found.usage_rows, found.counted_rows = len(rows), 1
    found.rows = tuple(_judged(rows, counted, found))
    return found


def _explain_unlogged(store: Store, response: Response, found: Explanation) -> Explanation:
    """Explain what only the client's own total shows of a session."""
    sums = PriceSums(store, "")
    sums.add_line(response, found)
    sums.finish(found)
    found.client = tuple(client_sessions(store, Query(session=response.session)))
    found.looked_at = 1
    return found


def _row_of(store: Store, source: str, key: str) -> int | None:
    """Return the row of a response, by its name or its number."""
    row = store.table.row_of.get(key_number(source, key))
    if row is None:
        row = store.table.row_of.get(key_number(TELEMETRY, key))
    return store.table.row_of.get(int(key)) if row is None and key.isdigit() and len(key) < 20 else row


def _needle(file: LogFile, key: str, offset: int) -> bytes | None:
    """Return a text that every log with a row of a response has, "" for none; None if the row is no longer there."""
    if file.source == "claude":
        line = counted_line(file.path, offset, key)
        return None if line is None else identity_of(line).encode()
    try:
        names = [one.row.key for one in audit_log(file).rows if one.row.offset == offset and _is_of(file, key, one)]
        parts = sorted(names[0].split("/"), key=len, reverse=True) if names else []
        texts = (part.encode("utf-8", "surrogatepass") for part in parts)
        return next((text for text in texts if holds(file.path, text)), b"") if names else None
    except (OSError, ValueError):  # ValueError: no file can have this name
        return None


def _is_of(file: LogFile, key: str, one: AuditedRow) -> bool:
    """Whether a row is one of the response with a key, which is its name or its number."""
    return key in (one.row.key, str(key_number(file.source, one.row.key)))


def _rows_of(
    found: Explanation, key: str, needle: bytes, files: list[LogFile], files_s: float
) -> Iterator[tuple[str, AuditedRow]]:
    """Yield every row of a response in files, until the time is over."""
    for file, audit in audits(found, files, files_s, needle):
        for one in audit.rows:
            if _is_of(file, key, one):
                yield file.path, one


def _judged(rows: list[tuple[str, AuditedRow]], counted: Response, found: Explanation) -> Iterable[RowFound]:
    """Return for each row whether it counts, and why not."""
    able = [at for at, (_, one) in enumerate(rows) if one.kind not in NEVER_COUNTED]
    if not able:
        return
    winner = max(able, key=lambda at: (*_count_rank(rows[at]), at))
    owner = min(able, key=lambda at: (*_owner_rank(rows[at]), at))
    found.why = _why([rows[at] for at in able], rows[winner])
    for at, (path, one) in enumerate(rows):
        row = one.row
        reason = COUNTED if at == winner else reason_of(one, path, rows[winner][0])
        if reason != COUNTED:
            found.duplicates[reason] += 1
        yield RowFound(
            path, one.line, row.offset, row.time_ms, row.session, row.agent, row.usage, reason, at == owner,
            one.table, one.record,
        )  # fmt: skip
    if (rows[winner][0], rows[winner][1].row.offset) != (counted.path, counted.offset):
        found.problem = "the logs changed after this was counted"


def _count_rank(found: tuple[str, AuditedRow]) -> tuple[int, int, Rank, str, int]:
    path, (row, *_) = found
    return row.usage.output, row.usage.tokens, row_rank(row), path, row.offset


def _owner_rank(found: tuple[str, AuditedRow]) -> tuple[bool, int, bool, RowOwner, str, int]:
    path, (row, *_) = found
    owner = RowOwner(row.session, row.agent, row.cwd)
    return row.is_copy, row.time_ms or NEVER_MS, row.is_sidechain, owner, path, row.offset


def _why(rows: list[tuple[str, AuditedRow]], winner: tuple[str, AuditedRow]) -> str:
    if len(rows) == 1:
        return "it is the only row"
    usages = [one.row.usage for _, one in rows]
    best = winner[1].row.usage
    if any(usage.output < best.output for usage in usages) and sum(u.output == best.output for u in usages) == 1:
        return "it has the most output tokens"
    equals = [usage for usage in usages if usage.output == best.output]
    if sum(usage.tokens == best.tokens for usage in equals) == 1:
        return "of the rows with the most output tokens it has the most tokens"
    ranks = [
        row_rank(one.row) for _, one in rows if one.row.usage[1] == best[1] and one.row.usage.tokens == best.tokens
    ]
    if ranks.count(max(ranks)) == 1:
        return "of the rows with the most tokens it has the most billing details"
    return "of the rows with the most tokens it was the last one"
