"""The findings of `claude-top doctor`, as a dictionary for JSON and as lines of text. Must not look at anything
itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.telemetry import TelemetryFigures
from claude_tui.figures import many, share, size
from claude_tui.model import Problem, Totals
from claude_tui.moments import instant, instant_or_none
from claude_tui.reports.findings import certainty
from claude_tui.reports.telemetry import telemetry_lines, telemetry_report
from claude_tui.sources.values.display import display_name

SCHEMA: Final = "claude-top/doctor@1"
MOST_SHOWN: Final = 10
"""Most problems listed one by one in the text; JSON lists all that were kept."""


@dataclass(frozen=True, slots=True)
class Root:
    """One folder that was searched. `state` is found, empty, missing or unreadable; instants are modification times."""

    source: str
    path: str
    state: str
    files: int = 0
    bytes: int = 0
    oldest_ms: int = 0
    newest_ms: int = 0
    is_polled: bool = False


@dataclass(frozen=True, slots=True)
class Retention:
    """After how many days a client deletes its logs, and the settings file of that client."""

    settings: str
    days: int
    is_set: bool


@dataclass(frozen=True, slots=True)
class LedgerOnly:
    """What is still counted although its log is deleted or closed to us: how many responses, of how many files."""

    responses: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True)
class DoctorFindings:
    """All findings. `cache`, `ledger`, `watcher` and `prices` are texts of one line each.

    `coverage` says how far telemetry covers the logs, None if none is read.
    """

    version: str
    roots: Sequence[Root]
    client_versions: Sequence[str]
    totals: Totals
    problems: Sequence[Problem]
    problem_counts: dict[str, int]
    prices: str
    price_problems: Sequence[str]
    cache: str
    ledger: str
    ledger_notes: Sequence[str]
    remembered: LedgerOnly
    watcher: Sequence[str]
    telemetry: Sequence[str]
    limits: str
    retention: Sequence[Retention]
    terminal: dict[str, str]
    system: dict[str, str]
    coverage: TelemetryFigures | None = None


def report(found: DoctorFindings) -> dict[str, Any]:
    """Return the findings for JSON."""
    totals = found.totals
    return {
        "schema": SCHEMA,
        "version": found.version,
        "roots": [
            {
                **{name: value for name, value in asdict(root).items() if not name.endswith("_ms")},
                "oldest": instant_or_none(root.oldest_ms),
                "newest": instant_or_none(root.newest_ms),
            }
            for root in found.roots
        ],
        "clients": [certainty.facts(CLIENTS[name]) for name in _found_clients(found)],
        "client_versions": list(found.client_versions),
        "responses": totals.responses,
        "lower_bound": {"responses": totals.lower_bound, "share": _part(totals.lower_bound, totals.responses)},
        "estimated": {"responses": totals.flagged, "share": _part(totals.flagged, totals.responses)},
        "unpriced": {
            "responses": totals.unpriced_responses,
            "tokens": totals.unpriced_tokens,
            "share": _part(totals.unpriced_tokens, totals.tokens),
        },
        "problems": {
            "by_kind": dict(sorted(found.problem_counts.items())),
            "listed": [
                {"kind": one.kind.value, "path": one.path, "offset": one.offset, "detail": one.detail}
                for one in found.problems
            ],
        },
        "prices": {"in_use": found.prices, "problems": list(found.price_problems)},
        "cache": found.cache,
        "ledger": found.ledger,
        "ledger_notes": list(found.ledger_notes),
        "remembered": asdict(found.remembered),
        "watcher": list(found.watcher),
        "telemetry": [line.strip() for line in found.telemetry],
        "limits": found.limits,
        "retention": [asdict(one) for one in found.retention],
        "terminal": found.terminal,
        "system": found.system,
        "telemetry_coverage": telemetry_report(found.coverage) if found.coverage is not None else None,
    }


def lines(found: DoctorFindings) -> list[str]:
    """Return the findings as lines of text."""
    totals = found.totals
    made = [f"claude-top {found.version}", "", "logs"]
    for root in found.roots:
        made.append(f"  {root.source:9} {display_name(root.path)}: {_root(root)}")
    made.append(f"  written by versions: {', '.join(map(display_name, found.client_versions)) or 'none seen'}")
    for name in _found_clients(found):
        made += ["", f"{CLIENTS[name].label}: what is counted, and how sure it is"]
        made += [f"  {sentence}" for sentence in certainty.sentences(CLIENTS[name])]
    made += ["", "how exact the numbers are", f"  {many(totals.responses, 'response')}"]
    made.append(
        f"  {share(totals.lower_bound, totals.responses) or '-'} with only the beginning of their output logged"
    )
    made.append(f"  {share(totals.unpriced_tokens, totals.tokens) or '-'} of the tokens without a price")
    made.append(f"  {share(totals.flagged, totals.responses) or '-'} with a price based on an assumption")
    made.append(f"  {found.prices}")
    made += [f"  {display_name(problem)}" for problem in found.price_problems]
    made += ["", "problems in the logs", *_problems(found)]
    made += [
        "",
        "kept by claude-top",
        f"  cache: {found.cache}",
        f"  ledger: {found.ledger}",
        *(f"    {line}" for line in found.ledger_notes),
        f"  only the ledger still has {many(found.remembered.responses, 'response')} "
        f"from {many(found.remembered.files, 'file')} deleted or closed to us",
        f"  limits: {found.limits}",
    ]
    made += ["", "watching", *(f"  {display_name(line)}" for line in found.watcher)]
    made += ["", "telemetry", *found.telemetry]
    made += telemetry_lines(found.coverage) if found.coverage is not None else ()
    made += ["", "how long Claude Code keeps its logs"]
    for one in found.retention:
        made += _retention(one)
    made += ["", "terminal", *(f"  {name}: {display_name(value)}" for name, value in found.terminal.items())]
    made += ["", "system", *(f"  {name}: {display_name(value)}" for name, value in found.system.items())]
    return made


def _found_clients(found: DoctorFindings) -> list[str]:
    return list(dict.fromkeys(root.source for root in found.roots if root.state == "found" and root.source in CLIENTS))


def _root(root: Root) -> str:
    if root.state != "found":
        return {"empty": "exists, but contains no logs", "missing": "does not exist", "unreadable": "not readable"}[
            root.state
        ]
    dates = f"{instant(root.oldest_ms)[:10]} to {instant(root.newest_ms)[:10]}"
    return f"{many(root.files, 'file')}, {size(root.bytes)}, last written {dates}"


def _problems(found: DoctorFindings) -> list[str]:
    if not found.problem_counts:
        return ["  none"]
    made = [f"  {number:,} {kind.replace('_', ' ')}" for kind, number in sorted(found.problem_counts.items())]
    for one in found.problems[:MOST_SHOWN]:
        detail = f": {display_name(one.detail)}" if one.detail else ""
        made.append(f"    {one.kind.value} in {display_name(one.path)} at byte {one.offset:,}{detail}")
    more = sum(found.problem_counts.values()) - min(len(found.problems), MOST_SHOWN)
    if more > 0:
        made.append(f"    and {more:,} more (claude-top doctor --json lists the first of each kind in each file)")
    return made


def _retention(one: Retention) -> list[str]:
    settings = display_name(one.settings)
    if one.days >= 365:
        return [f"  {settings}: {many(one.days, 'day')}"]
    why = "from the settings" if one.is_set else "the client's default"
    return [
        f"  {settings}: {many(one.days, 'day')} ({why}); older logs are deleted when Claude Code starts",
        '  this line in that file keeps ten years:  "cleanupPeriodDays": 3650',
    ]


def _part(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
