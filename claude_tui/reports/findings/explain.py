"""Where our numbers come from, as a dictionary for JSON and as lines of text. Must not find out anything itself."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any, Final

from claude_tui.engine.queries.client_totals import ClientSession
from claude_tui.engine.queries.explain import COUNTED, FLAGS, REASONS, Explanation, RateUse, RowFound
from claude_tui.figures import count, dollars, many, money, short, size
from claude_tui.model import Query, Response, Usage
from claude_tui.moments import instant_or_none, local_minute
from claude_tui.reports.telemetry import telemetry_lines, telemetry_report
from claude_tui.sources.values.display import display_name

SCHEMA: Final = "claude-top/explanation@1"
PICO: Final = 1_000_000
"""Picodollars per token that make one dollar per million tokens."""
MOST_SESSIONS: Final = 5
"""So many sessions are named one by one."""
SHORTEST: Final = 20
"""No line is wrapped below this width."""


def report(found: Explanation, about: Query | Response) -> dict[str, Any]:
    """Return the explanation for JSON."""
    return {
        "schema": SCHEMA,
        "about": _about(about),
        "is_complete": found.is_complete,
        "looked_at": {
            "responses": found.looked_at,
            "of": found.to_look_at,
            "files": found.files,
            "of_files": found.files_total,
        },
        "responses": found.responses,
        "extras": dict(sorted(found.extras.items())),
        "cost_nano": found.cost_nano,
        "unlogged_nano": found.unlogged_nano,
        "telemetry": telemetry_report(found.telemetry) if found.telemetry is not None else None,
        "client_totals": [{**one._asdict(), "notes": list(one.notes)} for one in found.client],
        "lower_bounds": found.lower_bounds,
        "estimates": dict(sorted(found.estimates.items())),
        "flags": dict(sorted(found.flags.items())),
        "logs": {
            "files": found.files,
            "files_gone": found.files_gone,
            "lines": found.lines,
            "bytes": found.bytes_read,
            "usage_rows": found.usage_rows,
            "counted_rows": found.counted_rows,
            "passed_over": found.passed_over,
            "dropped": [
                {"reason": reason, "meaning": REASONS.get(reason, ""), "rows": number}
                for reason, number in found.duplicates.most_common()
            ],
        },
        "prices": {
            "in_use": found.prices,
            "rates": [_rate(use) for use in found.rates],
            "unpriced": [one._asdict() for one in found.unpriced],
            "reported": found.reported,
            "free": found.free,
        },
        "rows": [
            {
                "path": row.path,
                "line": row.line,
                "offset": row.offset,
                "time": instant_or_none(row.time_ms),
                "session": row.session,
                "agent": row.agent,
                "usage": row.usage._asdict(),
                "reason": row.reason,
                "meaning": REASONS.get(row.reason, ""),
                "is_owner": row.is_owner,
                "table": row.table or None,
                "record": row.record or None,
            }
            for row in found.rows
        ],
        "why": found.why or None,
        "problem": found.problem or None,
        "never_logged": list(dict.fromkeys(text for told in found.not_logged.values() for text in told)),
    }


def _about(about: Query | Response) -> dict[str, Any]:
    if isinstance(about, Response):
        return {"key": about.key, "model": about.model, "session": about.session, "path": about.path}
    return {
        "since": about.since.isoformat() if about.since else None,
        "until": about.until.isoformat() if about.until else None,
        **{name: getattr(about, name) or None for name in ("model", "project", "session")},
    }


def _rate(use: RateUse) -> dict[str, Any]:
    row = use.rate
    return {
        "model": row.model,
        "from": row.first.isoformat() if row.first else None,
        "to": row.last.isoformat() if row.last else None,
        "above_prompt_tokens": row.over,
        "is_fast": row.is_fast,
        "pico_per_token": row.rates._asdict(),
        "responses": use.responses,
        "cost_nano": use.cost_nano,
    }


def lines(found: Explanation, about: Query | Response, zone: tzinfo, width: int) -> list[str]:
    """Return the explanation as lines of text, wrapped to `width` columns; no path is broken."""
    made: list[str] = []
    for line in _paragraphs(found, about, zone):
        indent = len(line) - len(line.lstrip())
        made += textwrap.wrap(
            line, max(SHORTEST, width), subsequent_indent=" " * (indent + 2), break_on_hyphens=False,
            break_long_words=False,
        ) or [""]  # fmt: skip
    return made


def _paragraphs(found: Explanation, about: Query | Response, zone: tzinfo) -> Iterator[str]:
    yield from _heading(found, about, zone)
    if found.problem:
        yield f"  not explained further: {display_name(found.problem)}"
    if not found.is_complete:
        yield (
            f"  only a part was examined, to finish in time: {count(found.looked_at)} of "
            f"{many(found.to_look_at, 'response')}, {count(found.files)} of {many(found.files_total, 'file')}"
        )
    yield from ("", "rows in the logs")
    yield from _rows(found, zone)
    if found.telemetry is not None:
        yield from ("", "telemetry", *telemetry_lines(found.telemetry))
    if found.client:
        yield from ("", "what the client itself counted", *client_lines(found.client))
    yield from ("", "prices", *_prices(found))
    yield from ("", "how exact it is", *_doubts(found))
    yield from ("", "what no log contains (depending on the version), so every total is a lower bound")
    for client, told in found.not_logged.items():
        yield f"  {client}: {', '.join(told)}"


def _rows(found: Explanation, zone: tzinfo) -> Iterator[str]:
    """Yield what was found in the logs when they were read again."""
    files = many(found.files_gone, "file")
    gone = f"; {files} deleted or closed to us, whose responses are in the ledger" if found.files_gone else ""
    yield f"  {many(found.lines, 'line')} of {many(found.files, 'file')}, {size(found.bytes_read)}{gone}"
    yield f"  {many(found.usage_rows, 'row')} with usage"
    yield f"  {count(found.counted_rows)} counted: {REASONS[COUNTED]}"
    for reason, number in found.duplicates.most_common():
        yield f"  {count(number)} dropped, {reason.replace('_', ' ')}: {REASONS.get(reason, '')}"
    if found.passed_over:
        yield f"  {count(found.passed_over)} ignored: rows with usage that are not requests, or tell what others tell"
    if found.why:
        yield f"  why this row counts: {display_name(found.why)}"
    for row in found.rows:
        owner = ", in whose session it belongs" if row.is_owner else ""
        yield (f"  {place_of(row)}  {row.reason}  {local_minute(row.time_ms, zone)}  {_counters(row.usage)}{owner}")


def place_of(row: RowFound) -> str:
    """Return where a row is: the file and its line, or the table of a database with the number and id of the row."""
    if not row.table:
        return f"{display_name(row.path)}:{row.line}"
    return f"{display_name(row.path)} {display_name(row.table)} row {row.offset} ({display_name(row.record)})"


def _counters(usage: Usage) -> str:
    named = (
        (usage.input, "input"), (usage.output, "output"), (usage.cache_write_5m, "cache write 5m"),
        (usage.cache_write_1h, "cache write 1h"), (usage.cache_read, "cache read"),
    )  # fmt: skip
    return ", ".join(f"{count(number)} {name}" for number, name in named if number or name in ("input", "output"))


def client_lines(sessions: Sequence[ClientSession]) -> Iterator[str]:
    """Yield what the client counted of sessions beside what their logs show: of all, then of those with more."""
    yield f"  {_of_client(sessions)}"
    told = [one for one in sessions if one.unlogged_tokens or one.is_lower_bound or one.estimated_output]
    for one in told[:MOST_SESSIONS] if len(sessions) > 1 else ():
        yield f"  session {display_name(one.session)}: {_of_client([one])}"
    if len(told) > MOST_SESSIONS and len(sessions) > 1:
        yield f"  and {many(len(told) - MOST_SESSIONS, 'more session')}: see --against client"


def _of_client(sessions: Sequence[ClientSession]) -> str:
    counted, logged, nano = (
        sum(column) for column in zip(*((s.client_nano, s.logged_nano, s.unlogged_nano) for s in sessions), strict=True)
    )
    responses = sum(one.responses for one in sessions)
    said = (
        f"the client counted {dollars(counted, 4)}, {many(responses, 'response')} "
        f"{'is' if responses == 1 else 'are'} in the log for {dollars(logged, 4)}"
    )
    if any(one.unlogged_tokens for one in sessions):
        said += f", calls that were never logged cost {dollars(nano, 4)}"
    parts = [said]
    uncovered, estimated = sum(one.uncovered for one in sessions), sum(one.estimated_output for one in sessions)
    if uncovered:
        parts.append(f"{many(uncovered, 'response')} of a process that was killed or still runs, not in its figure")
    if estimated:
        parts.append(f"about {many(estimated, 'output token')} more of answers that were cut off")
    if any(one.is_lower_bound for one in sessions):
        notes = list(dict.fromkeys(note for one in sessions for note in one.notes))
        parts.append("there may be more" + (f": {', '.join(notes)}" if notes else ""))
    return "; ".join(parts)


def _heading(found: Explanation, about: Query | Response, zone: tzinfo) -> Iterator[str]:
    if isinstance(about, Response):
        when = local_minute(about.time_ms, zone)
        yield f"{dollars(found.cost_nano, 6)} for the response {display_name(about.key)}"
        yield f"  {display_name(about.model)}, {when}, session {display_name(about.session)}"
        usage = about.usage
        yield f"  {_counters(usage)}"
    else:
        yield f"{money(found.cost_nano)} for {many(found.responses, 'response')}"
        chosen = [f"{name} {display_name(str(value))}" for name, value in _about(about).items() if value]
        if chosen:
            yield f"  {', '.join(chosen)}"
    if found.unlogged_nano and not isinstance(about, Response):
        share = found.unlogged_nano / found.cost_nano if found.cost_nano else 0.0
        yield f"  {money(found.unlogged_nano)} of it ({share:.0%}) for unlogged calls, as the client itself counted"
    for kind, number in found.extras.most_common():
        yield f"  with {count(number)} of {display_name(kind)} billed beside them"


def _prices(found: Explanation) -> Iterator[str]:
    yield f"  {display_name(found.prices.removeprefix('prices: '))}"
    for use in found.rates:
        row = use.rate
        special = (" in fast mode" if row.is_fast else "") + (
            f" for prompts above {short(row.over)}" if row.over else ""
        )
        days = f", {row.first or 'the beginning'} to {row.last or 'now'}" if row.first or row.last else ""
        spent = f"{money(use.cost_nano)} for {many(use.responses, 'response')}"
        yield f"  {display_name(row.model)}{special}{days}: {spent}"
        named = (
            ("input", row.rates.input), ("output", row.rates.output), ("cache write 5m", row.rates.write_5m),
            ("1h", row.rates.write_1h), ("cache read", row.rates.cache_read),
        )  # fmt: skip
        yield f"    {', '.join(f'{name} ${rate / PICO:g}' for name, rate in named)} per million tokens"
    if found.reported:
        yield f"  {many(found.reported, 'response')} at the cost the client logged"
    if found.free:
        yield f"  {many(found.free, 'response')} of models that cost nothing"
    for one in found.unpriced:
        yield (
            f"  {display_name(one.model)}: no known price; {many(one.responses, 'response')} with "
            f"{many(one.tokens, 'token')} not in the cost"
        )


def _doubts(found: Explanation) -> Iterator[str]:
    if found.lower_bounds:
        yield f"  {many(found.lower_bounds, 'response')} whose log has only the beginning of the output: a lower bound"
    for flag, number in found.flags.most_common():
        mark = "~ " if flag in found.estimates else ""
        yield f"  {mark}{many(number, 'price')}: {FLAGS.get(flag) or display_name(flag)}"
    if not (found.lower_bounds or found.estimates or found.unpriced):
        yield "  every response is complete, and no price is based on an assumption"
