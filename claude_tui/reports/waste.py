"""What was avoidable, `claude-top/waste@1`: as a dictionary for JSON and as lines of text.

Must not find anything out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from claude_tui.engine.queries.causes.costs.doubts import Doubts
from claude_tui.engine.queries.causes.waste import Proof, Waste
from claude_tui.figures import ESTIMATE, LOWER_BOUND, doubt, many, money, share, tokens, written_cost
from claude_tui.model import Query, Totals
from claude_tui.moments import duration, instant, local_minute
from claude_tui.sources.values.display import display_name
from claude_tui.widths import cut, width

SCHEMA: Final = "claude-top/waste@1"
INDENT: Final = "     "


def report(found: Sequence[Waste], total: Totals, query: Query) -> dict[str, Any]:
    """Return the report: avoidable things, the dearest first. They may overlap, so they have no sum."""
    return {
        "schema": SCHEMA,
        "since": query.since.isoformat() if query.since else None,
        "until": query.until.isoformat() if query.until else None,
        "model": query.model or None,
        "project": query.project or None,
        "session": query.session or None,
        "total_cost_nano": total.cost_nano,
        **{name: getattr(total, name) for name in Doubts._fields},
        "waste": [
            {
                "what": one.what,
                "title": one.title,
                "n": one.number,
                "paid_nano": one.paid_nano,
                "otherwise_nano": one.otherwise_nano,
                "saved_nano": one.saved_nano,
                "otherwise": one.otherwise,
                "is_estimate": one.is_estimate,
                **one.doubts._asdict(),
                "proofs": [_proof(proof) for proof in one.proofs],
            }
            for one in found
        ],
    }


def _proof(proof: Proof) -> dict[str, Any]:
    response = proof.response
    return {
        "time": instant(response.time_ms),
        "session": response.session,
        "agent": response.agent,
        "project": response.project,
        "model": response.model,
        "path": response.path,
        "offset": response.offset,
        "paid_nano": proof.paid_nano,
        "otherwise_nano": proof.otherwise_nano,
        "detail": _detail(proof),
    }


def lines(found: Sequence[Waste], total: Totals, zone: ZoneInfo, room: int) -> Iterator[str]:
    """Yield the same as text."""
    if not found:
        yield f"nothing that was avoidable shows in the logs of {written_cost(total)}"
        return
    yield f"The dearest avoidable things in {written_cost(total)}; they may overlap, so they have no sum."
    for number, one in enumerate(found, 1):
        yield ""
        mark = (ESTIMATE if one.is_estimate else doubt(one.sums)).replace(LOWER_BOUND, ">=")
        part = share(one.saved_nano, total.cost_nano).strip()
        yield f"{number}. {mark}{money(one.saved_nano)} ({part})  {one.title} ({many(one.number, 'time')})"
        of_rest = mark if one.otherwise_nano else ""
        otherwise = f"it would have been {of_rest}{money(one.otherwise_nano)} {one.otherwise}"
        told = f"Paid {mark}{money(one.paid_nano)}; {otherwise}."
        yield from textwrap.wrap(told, max(20, room), initial_indent=INDENT, subsequent_indent=INDENT)
        for proof in one.proofs:
            yield from _proof_lines(proof, mark, zone, room)


def _proof_lines(proof: Proof, mark: str, zone: ZoneInfo, room: int) -> Iterator[str]:
    """Yield when and where it was, by the names other reports have, and what it shows, in as few lines as there is room
    for."""
    when, saved = local_minute(proof.response.time_ms, zone), mark + money(proof.paid_nano - proof.otherwise_nano)
    line = f"{INDENT}{when}  {saved}"
    for part in (display_name(proof.response.project), proof.session_name, display_name(_detail(proof))):
        if width(line) + 2 + width(part) > room:
            yield cut(line, room)
            line = INDENT
        line += "  " + part
    yield cut(line, room)


def _detail(proof: Proof) -> str:
    """Return what a proof shows, in a few words."""
    miss, calls, path, number, agent_type, responses = proof.detail
    if miss is not None:
        gap = f"after {duration(miss.gap_ms / 1000)}, " if miss.cause.startswith("expired") else ""
        return f"{gap}{tokens(miss.lost_tokens)} paid anew"
    if calls:
        return ", ".join(calls)
    if path:
        return f"{path}, about {tokens(number)}"
    return f"a {agent_type} with {many(responses, 'response')}" if agent_type else "interrupted"
