"""Single responses, days and sessions as lines: JSON Lines, CSV, and flat JSON Lines whose rows all have one schema.

The lines of any export sum to the totals. Must not read files or sum.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from claude_tui.model import UNLOGGED, Response, Snapshot, Totals
from claude_tui.moments import instant
from claude_tui.reports.columns import FLAT, flat

if TYPE_CHECKING:
    from claude_tui.engine.queries.causes.costs.misses import CacheMiss
    from claude_tui.engine.queries.causes.tables import Facts
    from claude_tui.engine.queries.logged import LoggedFacts

RESPONSE_FIELDS: Final = (
    "key", "source", "time", "session", "agent", "project", "model", "input", "output", "cache_write_5m",
    "cache_write_1h", "cache_read", "web_search", "cost_nano", "premium_milli", "status", "flags",
    "output_lower_bound", "origin", "query_source", "effort", "speed", "client_cost_nano", "prices",
)  # fmt: skip
"""The fields of an exported response, in order."""

PLACE_FIELDS: Final = ("file", "offset", "account", "host")
"""Where the counted row is, if asked for: "" and 0 for what no log shows; the client's folder, and the machine."""

LOGGED_FIELDS: Final = ("service_tier", "geo", "request_id", "client_version", "reasoning")
"""What the counted row itself says, if asked for; `reasoning` are tokens of the output, null if it is not logged."""

DIGEST_DIGITS: Final = 12
"""How much of a price digest a row has."""

IDS: Final = frozenset({"key", "session", "agent", "request_id"})
"""Columns that name a thing of the client's, and are never changed."""

FIELDS: Final = {
    "responses": RESPONSE_FIELDS,
    "days": ("day", "timezone", *FLAT),
    "breakdown": ("day", "timezone", "project", "source", "model", *FLAT),
    "sessions": (
        "session", "source", "name", "project", "branch", "version", "models", "agents", "compactions", *FLAT,
    ),
    "models": ("model", "source", *FLAT),
    "projects": ("project", "source", "sessions", *FLAT),
}  # fmt: skip
"""The columns of each kind of row, in order."""


def response_row(response: Response, prices: str) -> dict[str, Any]:
    """Return one response (or one extra of it). `cost_nano` is null if there is no price, `client_cost_nano` if the
    client said no cost of its own; premium requests of a plan are in thousandths.

    `prices` is the digest of the prices in use: rows with the same digits were priced alike.
    """
    usage, price = response.usage, response.price
    return {
        "key": response.key,
        "source": response.source,
        "time": instant(response.time_ms),
        "session": response.session,
        "agent": response.agent,
        "project": response.project,
        "model": response.model,
        "input": usage.input,
        "output": usage.output,
        "cache_write_5m": usage.cache_write_5m,
        "cache_write_1h": usage.cache_write_1h,
        "cache_read": usage.cache_read,
        "web_search": usage.web_search,
        "cost_nano": price.nano,
        "premium_milli": price.premium_milli,
        "status": price.status.value,
        "flags": list(price.flags),
        "output_lower_bound": response.is_lower_bound,
        "origin": "client_total" if response.extra == UNLOGGED else response.origin,
        "query_source": response.kind,
        "effort": response.effort,
        "speed": response.speed or ("fast" if response.is_fast else ""),
        "client_cost_nano": response.client_nano,
        "prices": prices[:DIGEST_DIGITS],
    }


def place_of(response: Response, account: str, host: str) -> dict[str, Any]:
    """Return the fields that say where the counted row of a response is."""
    return {"file": response.path, "offset": response.offset, "account": account, "host": host}


def logged_row(response: Response, known: Mapping[tuple[str, int], LoggedFacts]) -> dict[str, Any]:
    """Return what the counted row of a response says beside its counters; an extra has what its response has."""
    from claude_tui.engine.queries.logged import LoggedFacts

    return known.get((response.path, response.offset), LoggedFacts())._asdict()


CAUSE_FIELDS: Final = (
    "tools", "failed_calls", "skill", "plugin", "agent_type", "branch", "thinking", "is_interrupted", "cache_miss",
    "cache_lost_tokens", "cache_lost_nano", "causes_problem",
)  # fmt: skip
"""The fields that say what a response was made for, in order, if they are asked for."""


def cause_row(response: Response, known: Mapping[str, tuple[Facts, CacheMiss | None]]) -> dict[str, Any]:
    """Return what a response was made for; an extra has what its response has, but no lost cache."""
    from claude_tui.engine.queries.turns import response_key

    facts, miss = known.get(response_key(response), known_of_nothing())
    miss = None if response.extra else miss
    return {
        "tools": list(facts.tools),
        "failed_calls": facts.failed_calls,
        "skill": facts.skill,
        "plugin": facts.plugin,
        "agent_type": facts.agent_type,
        "branch": facts.branch,
        "thinking": facts.thinking,
        "is_interrupted": facts.is_interrupted,
        "cache_miss": miss.cause if miss else "",
        "cache_lost_tokens": miss.lost_tokens if miss else 0,
        "cache_lost_nano": miss.cost_nano if miss else 0,
        "causes_problem": facts.problem,
    }


def known_of_nothing() -> tuple[Facts, None]:
    """Return what is known of what no log shows."""
    from claude_tui.engine.queries.causes.tables import NOT_LOGGED, Facts

    return Facts(problem=NOT_LOGGED), None


def day_rows(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield one row per local day, in order."""
    for row in snapshot.days:
        yield {"day": row.day.isoformat(), "timezone": snapshot.timezone, **flat(row.totals)}


def breakdown_rows(sums: Mapping[tuple[str, str, str, str], Totals], timezone: str) -> Iterator[dict[str, Any]]:
    """Yield one row per local day, project, client and model, in that order; `sums` are by these four."""
    for (day, project, source, model), totals in sums.items():
        yield {"day": day, "timezone": timezone, "project": project, "source": source, "model": model, **flat(totals)}


def session_rows(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield one row per session, ordered by first response."""
    for row in sorted(snapshot.sessions, key=lambda row: (row.totals.first_ms, row.source, row.key)):
        yield {
            "session": row.key,
            "source": row.source,
            "name": row.name,
            "project": row.project,
            "branch": row.branch,
            "version": row.version,
            "models": list(row.models),
            "agents": len(row.agents),
            "compactions": row.compactions,
            **flat(row.totals),
        }


def model_rows(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield one row a model, the dearest first."""
    for row in snapshot.models:
        yield {"model": row.key, "source": row.source, **flat(row.totals)}


def project_rows(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield one row a project, the dearest first."""
    for row in snapshot.projects:
        yield {"project": row.key, "source": row.source, "sessions": row.sessions, **flat(row.totals)}


ROWS: Final[Mapping[str, Callable[[Snapshot], Iterator[dict[str, Any]]]]] = {
    "days": day_rows, "sessions": session_rows, "models": model_rows, "projects": project_rows,
}  # fmt: skip
"""What makes the rows of each kind but responses."""


def json_line(row: Mapping[str, Any]) -> bytes:
    """Return a row as one line of JSON in UTF-8, without a newline; lone surrogates in broken names are escaped."""
    try:
        return orjson.dumps(row)
    except TypeError:
        # orjson takes neither lone surrogates, which broken paths hold, nor integers beyond 64 bits.
        return json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode()


def flat_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row in the form column stores need: no lists, and every field of one type in all rows.

    Lists become space-separated text. An unpriced cost stays null, which a nullable integer column accepts.
    """
    return {name: " ".join(value) if isinstance(value, (list, tuple)) else value for name, value in row.items()}


def csv_lines(rows: Iterable[Mapping[str, Any]], fields: Iterable[str]) -> Iterator[bytes]:
    """Yield a header and one line per row, as RFC 4180 says except for the line ends, which the writer adds.

    Text that a spreadsheet would run as a formula is prefixed with an apostrophe; ids stay as JSON has them, so that
    both can be joined. null is an empty field.
    """
    names = list(fields)
    yield _csv(names)
    for row in rows:
        values = flat_row(row)
        yield _csv([_cell(values[name], is_id=name in IDS) for name in names])


def _csv(values: list[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(values)  # which quotes a line break only if it ends lines with one
    return line.getvalue().removesuffix("\r\n").encode("utf-8", "backslashreplace")


def _cell(value: Any, *, is_id: bool) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and not is_id:
        return "'" + value if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
    return value
