"""The report `claude-top/report@1`: the sections of a snapshot, and these as a dictionary for JSON and as CSV.

Must not draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from claude_tui.engine.queries.periods.calendar import month_end, week_start
from claude_tui.engine.queries.periods.named import add
from claude_tui.model import DayRow, ModelRow, ProjectRow, SessionRow, Snapshot, Totals, UnloggedShare
from claude_tui.records import NamedTuple
from claude_tui.reports.columns import FLAT, flat
from claude_tui.sources.values.display import display_name

if TYPE_CHECKING:
    from claude_tui.engine.queries.telemetry import TelemetryFigures

SCHEMA: Final = "claude-top/report@1"
SECTIONS: Final = {
    "day": "days", "week": "weeks", "month": "months", "hour": "hours", "model": "models", "project": "projects",
    "repo": "repos", "account": "accounts", "session": "sessions", "host": "hosts", "user": "users", "team": "teams",
}  # fmt: skip
"""What `--by` takes, and the section it asks for."""
ALL: Final = ("days", "models", "projects", "sessions")
"""The sections of a report that asks for none. Weeks, months and hours are the same days once more, repositories the
same projects."""
SUMMED: Final = ("hours", "hosts", "users", "teams")
"""The sections that a snapshot has not: they are summed from single responses."""


class ReportRow(NamedTuple):
    """One row that was summed for the report: what names it, as JSON has it and as people read it, and its sums."""

    keys: dict[str, Any]
    label: str
    totals: Totals


Row = DayRow | ModelRow | ProjectRow | SessionRow | ReportRow
"""A row of a section: one of the snapshot as it is, for there may be tens of thousands, or one that was summed."""


class Section(NamedTuple):
    """A section. `rest` is the sum of `left_out` rows that were asked not to be listed."""

    name: str
    rows: Sequence[Row]
    left_out: int = 0
    rest: Totals = Totals()


def sections_of(
    snapshot: Snapshot,
    names: Sequence[str] = ALL,
    *,
    top: int | None = None,
    summed: Mapping[str, Totals] | None = None,
    accounts: Mapping[tuple[str, str], Totals] | None = None,
) -> list[Section]:
    """Return sections of a snapshot; `summed` are the sums of a section that it has not, by their name, and `accounts`
    those of accounts, by client and folder.

    With `top` only so many rows of each: the dearest, of sessions and times the latest.
    """
    made = []
    for name in names:
        if name in SUMMED:
            rows: Sequence[Row] = _SUMMED_ROWS[name](summed or {})
        else:
            rows = _accounts(accounts or {}) if name == "accounts" else _ROWS[name](snapshot)
        if top is None or len(rows) <= top:
            made.append(Section(name, rows))
            continue
        is_of_times = name in ("days", "weeks", "months", "hours")
        kept, rest = (rows[-top:], rows[:-top]) if is_of_times else (rows[:top], rows[top:])
        made.append(Section(name, kept, len(rest), add(row.totals for row in rest)))
    return made


def report(
    snapshot: Snapshot,
    sections: Sequence[Section] | Sequence[str] = ALL,
    telemetry: TelemetryFigures | None = None,
) -> dict[str, Any]:
    """Return the report. Days are in order of time; models and projects by cost, then tokens, then name;
    sessions by their last activity, the newest first. The sum of any section is `totals`, with what `left_out` has of
    it where not all rows were asked for. What `telemetry` tells has a section of its own where it is read, and so has
    what of the cost is in no log, if anything.

    Rows are as they are in their sections: whoever writes them has each made by `json_row`, one after the other."""
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "timezone": snapshot.timezone,
        "since": snapshot.query.since.isoformat() if snapshot.query.since else None,
        "until": snapshot.query.until.isoformat() if snapshot.query.until else None,
        "prices": snapshot.prices,
        "totals": flat(snapshot.totals),
    }
    if snapshot.unlogged.nano:
        made["unlogged"] = unlogged_report(snapshot.unlogged)
    left_out = {}
    for section in made_of(snapshot, sections):
        made[section.name] = section.rows
        if section.left_out:
            left_out[section.name] = {"rows": section.left_out, **flat(section.rest)}
    if left_out:
        made["left_out"] = left_out
    made["problems"] = {"total": sum(snapshot.problems.values()), "by_kind": dict(sorted(snapshot.problems.items()))}
    made["unpriced"] = unpriced_models(snapshot)
    if telemetry is not None:
        from claude_tui.reports.telemetry import telemetry_report

        made["telemetry"] = telemetry_report(telemetry)
    return made


def unlogged_report(found: UnloggedShare) -> dict[str, Any]:
    """Return for JSON what of the cost is for calls that no log shows, the dearest first."""

    def rows(name: str, parts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
        dearest = sorted(parts.items(), key=lambda item: (-item[1], item[0]))
        return [{name: key, "source": source, "cost_nano": nano} for (source, key), nano in dearest]

    return {
        "cost_nano": found.nano,
        "days": [{"day": day.isoformat(), "cost_nano": nano} for day, nano in sorted(found.days.items())],
        "models": rows("model", found.models),
        "projects": rows("project", found.projects),
        "sessions": rows("session", found.sessions),
    }


def made_of(snapshot: Snapshot, sections: Sequence[Section] | Sequence[str]) -> list[Section]:
    """Return sections, those given by name made."""
    return [one if isinstance(one, Section) else sections_of(snapshot, [one])[0] for one in sections]


def json_row(row: Row) -> dict[str, Any]:
    """Return a row for JSON: what names it, then its sums."""
    return _KEYS_OF[type(row)](row) | flat(row.totals)


def label_of(row: Row) -> str:
    """Return what people read as the name of a row."""
    if isinstance(row, DayRow):
        return row.day.isoformat()
    return row.label if isinstance(row, ReportRow) else row.name


def csv_of(section: Section) -> Iterator[bytes]:
    """Yield a section as CSV: a heading and a line a row. What was left out has no line."""
    from claude_tui.reports.exports.export import csv_lines

    rows = map(json_row, section.rows)
    return csv_lines(rows, (*KEYS[section.name], *FLAT))


def unpriced_models(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the models without a price, with their usage."""
    return [
        {
            "model": row.key,
            "source": row.source,
            "responses": row.totals.unpriced_responses,
            "tokens": row.totals.unpriced_tokens,
        }
        for row in snapshot.models
        if row.totals.unpriced_responses or row.totals.unpriced_tokens
    ]


KEYS: Final = {
    "days": ("day",), "weeks": ("week", "first_day", "last_day"), "months": ("month", "first_day", "last_day"),
    "hours": ("hour",), "models": ("model", "source"), "projects": ("project", "source", "sessions"),
    "repos": ("repo", "projects"), "accounts": ("account", "source"),
    "sessions": ("session", "source", "name", "project", "models", "agents"), "hosts": ("host",),
    "users": ("user",), "teams": ("team",),
}  # fmt: skip
"""What names the rows of each section."""


def _weeks(snapshot: Snapshot) -> list[ReportRow]:
    """Return ISO weeks, which begin on Monday."""

    def keys(monday: date) -> dict[str, Any]:
        year, week, _ = monday.isocalendar()
        last = monday + timedelta(days=6)
        return {"week": f"{year}-W{week:02d}", "first_day": monday.isoformat(), "last_day": last.isoformat()}

    return _longer(snapshot, week_start, keys)


def _months(snapshot: Snapshot) -> list[ReportRow]:
    def keys(first: date) -> dict[str, Any]:
        return {"month": f"{first:%Y-%m}", "first_day": first.isoformat(), "last_day": month_end(first).isoformat()}

    return _longer(snapshot, lambda day: day.replace(day=1), keys)


def _longer(
    snapshot: Snapshot, first_of: Callable[[date], date], keys: Callable[[date], dict[str, Any]]
) -> list[ReportRow]:
    """Return the days added up by the first day of the longer period each is in."""
    found: dict[date, list[Totals]] = {}
    for row in snapshot.days:
        found.setdefault(first_of(row.day), []).append(row.totals)
    made = [(keys(first), totals) for first, totals in sorted(found.items())]
    return [ReportRow(named, next(iter(named.values())), add(totals)) for named, totals in made]


def _accounts(accounts: Mapping[tuple[str, str], Totals]) -> list[ReportRow]:
    made = [
        ReportRow({"account": account, "source": source}, display_name(account), totals)
        for (source, account), totals in accounts.items()
    ]
    return sorted(made, key=lambda row: (-row.totals.cost_nano, -row.totals.tokens, row.label))


def _hours(hours: Mapping[str, Totals]) -> list[ReportRow]:
    return [ReportRow({"hour": hour}, hour.replace("T", " ") + ":00", totals) for hour, totals in hours.items()]


def _named(kind: str, sums: Mapping[str, Totals]) -> list[ReportRow]:
    """Return the rows of machines, users or teams, the dearest first."""
    dearest = sorted(sums.items(), key=lambda item: (-item[1].cost_nano, -item[1].tokens, item[0]))
    return [ReportRow({kind: name}, display_name(name) or "(none)", totals) for name, totals in dearest]


def _repos(snapshot: Snapshot) -> list[ReportRow]:
    """Return repositories with what was done in any of their folders by any client. A named project stays one."""
    from claude_tui.engine.queries.repositories import repository_on_disk

    found: dict[str, list[ProjectRow]] = {}
    for row in snapshot.projects:
        found.setdefault(repository_on_disk(row.key), []).append(row)
    made = [
        ReportRow(
            {"repo": repo, "projects": len({row.key for row in rows})},
            display_name(repo) or "(unknown)",
            add(row.totals for row in rows),
        )
        for repo, rows in found.items()
    ]
    return sorted(made, key=lambda row: (-row.totals.cost_nano, -row.totals.tokens, row.label))


_ROWS: Final[Mapping[str, Callable[[Snapshot], Sequence[Row]]]] = {
    "days": lambda snapshot: snapshot.days, "weeks": _weeks, "months": _months,
    "models": lambda snapshot: snapshot.models, "projects": lambda snapshot: snapshot.projects, "repos": _repos,
    "sessions": lambda snapshot: snapshot.sessions,
}  # fmt: skip

_KEYS_OF: Final[Mapping[type, Callable[[Any], dict[str, Any]]]] = {
    DayRow: lambda row: {"day": row.day.isoformat()},
    ModelRow: lambda row: {"model": row.key, "source": row.source},
    ProjectRow: lambda row: {"project": row.key, "source": row.source, "sessions": row.sessions},
    SessionRow: lambda row: {
        "session": row.key, "source": row.source, "name": row.name, "project": row.project, "models": row.models,
        "agents": len(row.agents),
    },
    ReportRow: lambda row: row.keys,
}  # fmt: skip
"""What names a row, by its kind."""

_SUMMED_ROWS: Final[Mapping[str, Callable[[Mapping[str, Totals]], list[ReportRow]]]] = {
    "hours": _hours, "hosts": partial(_named, "host"), "users": partial(_named, "user"),
    "teams": partial(_named, "team"),
}  # fmt: skip
