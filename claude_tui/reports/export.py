"""Single responses, days and sessions as lines: JSON Lines, CSV, and JSON Lines every row of which has one schema.

The lines of any export sum to the totals.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from claude_tui.figures import instant
from claude_tui.model import UNLOGGED, Response, Snapshot
from claude_tui.reports.columns import FLAT, flat

RESPONSE_FIELDS: Final = (
    "key", "source", "time", "session", "agent", "project", "model", "input", "output", "cache_write_5m",
    "cache_write_1h", "cache_read", "web_search", "cost_nano", "status", "flags", "output_lower_bound", "origin",
)  # fmt: skip
"""The fields of an exported response, in order."""


FIELDS: Final = {
    "responses": RESPONSE_FIELDS,
    "days": ("day", "timezone", *FLAT),
    "sessions": (
        "session", "source", "name", "project", "branch", "version", "models", "agents", "compactions", *FLAT,
    ),
}  # fmt: skip
"""The columns of each kind of row, in order."""


def response_row(response: Response) -> dict[str, Any]:
    """Return one response (or one extra of it). `cost_nano` is null where there is no price."""
    usage, price = response.usage, response.price
    return {
        "key": response.key,
        "source": response.source,
        "time": instant(response.time_ms),
        "session": response.session,
        "agent": response.agent or None,
        "project": response.project,
        "model": response.model,
        "input": usage.input,
        "output": usage.output,
        "cache_write_5m": usage.cache_write_5m,
        "cache_write_1h": usage.cache_write_1h,
        "cache_read": usage.cache_read,
        "web_search": usage.web_search,
        "cost_nano": price.nano,
        "status": price.status.value,
        "flags": list(price.flags),
        "output_lower_bound": response.is_lower_bound,
        "origin": "client_total" if response.extra == UNLOGGED else "log",
    }


def day_rows(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield one row a local day, in order."""
    for row in snapshot.days:
        yield {"day": row.day.isoformat(), "timezone": snapshot.timezone, **flat(row.totals)}


def session_rows(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield one row a session, in order of their first response."""
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


def json_line(row: Mapping[str, Any]) -> bytes:
    """Return a row as one line of JSON in UTF-8, without a newline; half characters of broken names escaped."""
    try:
        return orjson.dumps(row)
    except TypeError:
        # orjson takes neither lone surrogates, which broken paths hold, nor integers beyond 64 bits.
        return json.dumps(row, ensure_ascii=True, separators=(",", ":")).encode()


def flat_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as column stores want it: no lists, every field of one type in every row.

    Lists become space-separated text. An unpriced cost stays null, which a nullable integer column takes.
    """
    return {name: " ".join(value) if isinstance(value, list) else value for name, value in row.items()}


def csv_lines(rows: Iterable[Mapping[str, Any]], fields: Iterable[str]) -> Iterator[bytes]:
    """Yield a heading and one line a row, RFC 4180 but for the line ends, which the writer adds.

    Text that a spreadsheet would run as a formula is prefixed with an apostrophe. null is an empty field.
    """
    names = list(fields)
    yield _csv(names)
    for row in rows:
        values = flat_row(row)
        yield _csv([_cell(values[name]) for name in names])


def _csv(values: list[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
    return value
