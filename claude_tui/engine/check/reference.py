"""The slow, plain count of Claude Code's logs: the oracle every faster path must equal.

Dictionaries of rows, settled as the counting rule reads. Must not share the store, its columns or its reader.
The rule of the remainder, which knows none of these, is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from claude_tui.engine.state.remainder import Logged, Mark, remainders
from claude_tui.model import UNLOGGED, Price, Response, Row
from claude_tui.pricing import Pricer
from claude_tui.pricing.usage import read_terms
from claude_tui.sources.claude.reference import reference_transcript
from claude_tui.sources.client_totals import ClientTotal, pack_totals, unpack_totals


class _Found(NamedTuple):
    path: str
    row: Row


def reference_count(paths: Iterable[str], pricer: Pricer) -> list[Response]:
    """Return every settled response of the transcripts at `paths`, extras as lines of their own."""
    rows_of_key: dict[str, list[_Found]] = {}
    totals: dict[str, list[ClientTotal]] = {}
    asked: dict[str, set[tuple[str, str]]] = {}
    cwds_of_session: dict[str, set[str]] = {}
    for path in paths:
        found = reference_transcript(path)
        if found.cwd:
            cwds_of_session.setdefault(found.session, set()).add(found.cwd)
        for total in found.totals:
            totals.setdefault(total.session, []).append(total)
        for row in found.rows:
            asked.setdefault(row.session, set()).update(found.asked)
            rows_of_key.setdefault(row.key, []).append(_Found(path, row))
    cwd_of_session = {session: min(cwds) for session, cwds in cwds_of_session.items() if session}
    lines = [line for key in rows_of_key for line in _settle(key, rows_of_key[key], cwd_of_session, pricer)]
    lines += _unlogged(totals, asked, rows_of_key, cwd_of_session, pricer)
    return sorted(lines, key=lambda line: (line.time_ms, line.key))


def _settle(key: str, found: list[_Found], cwd_of_session: dict[str, str], pricer: Pricer) -> list[Response]:
    # Of equals the last read counts, also where two share a line.
    path, counted = max(reversed(found), key=lambda f: (*_weight(f.row), f.path, f.row.offset))
    owner = min(
        (f.row for f in found),
        key=lambda row: (row.is_copy, row.time_ms, row.is_sidechain, row.session, row.agent, row.cwd),
    )
    time_ms = min(f.row.time_ms for f in found)
    project = cwd_of_session.get(owner.session) or owner.cwd
    price = pricer.price("claude", counted.model, time_ms, counted.usage, counted.terms, counted.reported_nano)
    lines = [
        Response(
            key, "claude", time_ms, owner.session, owner.agent, project, counted.model, counted.usage, price,
            counted.is_lower_bound, path, counted.offset, is_fast=_is_fast(counted.terms),
        )
    ]  # fmt: skip
    for number, extra in enumerate(counted.extras):
        before = [other.kind for other in counted.extras[:number]].count(extra.kind)
        cost = pricer.price("claude", extra.model, time_ms, extra.usage, extra.terms)
        flags = cost.flags if extra.kind in cost.flags else (extra.kind, *cost.flags)
        price = Price(cost.nano, cost.status, flags, cost.read_saved_nano, cost.write_extra_nano)
        lines.append(
            Response(
                f"{key}/{extra.kind}/{before}", "claude", time_ms, owner.session, owner.agent, project, extra.model,
                extra.usage, price, False, path, counted.offset, extra.kind,
            )
        )  # fmt: skip
    return lines


def _unlogged(
    totals: dict[str, list[ClientTotal]],
    asked: dict[str, set[tuple[str, str]]],
    rows_of_key: dict[str, list[_Found]],
    cwd_of_session: dict[str, str],
    pricer: Pricer,
) -> list[Response]:
    """Return what the client counted and no log shows, all sessions at once."""
    keys = list(rows_of_key)
    marks: dict[str, dict[int, Mark]] = {session: {} for session in totals}
    shared = set()
    for number, key in enumerate(keys):
        rows = [found.row for found in rows_of_key[key]]
        if len({row.session for row in rows}) > 1:
            shared.add(number)
        for session in {row.session for row in rows} & totals.keys():
            of_session = [row for row in rows if row.session == session]
            first = min(of_session, key=lambda row: (row.is_copy, bool(row.agent), row.offset))
            marks[session][number] = Mark(-1 if first.agent else first.offset, first.is_copy)

    def logged(number: int) -> Logged:
        found = rows_of_key[keys[number]]
        counted = max(reversed(found), key=lambda f: (*_weight(f.row), f.path, f.row.offset)).row
        beside = tuple((extra.model, extra.usage) for extra in counted.extras if extra.kind == "advisor")
        time_ms, is_fallback = min(f.row.time_ms for f in found), '"fallback_message"' in counted.terms
        return Logged(time_ms, counted.model, counted.usage, beside, is_fallback)

    only = {
        session: {answered: other for answered, other in pairs if len([p for p in pairs if p[0] == answered]) == 1}
        for session, pairs in asked.items()
    }
    once = {session: list(unpack_totals(pack_totals(found))) for session, found in totals.items()}
    lines = []
    for session, left in remainders(once, marks, logged, shared.__contains__, only).items():
        flags = ("unlogged", "at_least") if left.is_lower_bound else ("unlogged",)
        for model, usage in left.models:
            price = pricer.price_of_sum("claude", model, left.time_ms, usage)
            key = f"cost-state/{session}/{left.start_ms}/{model}"
            price = price._replace(flags=(*flags, *price.flags))
            project = cwd_of_session.get(session, "")
            lines.append(
                Response(
                    key, "claude", left.time_ms, session, "", project, model, usage, price, False, extra=UNLOGGED,
                )
            )  # fmt: skip
    return lines


def _weight(row: Row) -> tuple[object, ...]:
    """What makes a row the one that counts: all it says that is counted or priced, the most important first."""
    usage = row.usage
    return (
        usage.output, usage.tokens, usage.web_search, 0 if row.is_lower_bound else 1, usage.cache_write_1h,
        usage.input, usage.cache_read, row.extras, row.terms, row.model,
    )  # fmt: skip


def _is_fast(terms: str) -> bool:
    return bool(terms) and (read_terms(terms) or {}).get("speed") == "fast"
