"""JSON Schemas (2020-12) of everything claude-top prints as JSON, and of what its statusline reads.

What the number after the @ promises: keys stay, with their meaning, type and unit. New keys may come at any time, so
readers must pass over what they do not know; anything else makes it another number. Must not make any report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from claude_tui.reports.schemas.maintenance import BENCH, DOCTOR, FLEET, LEDGER, VERIFY
from claude_tui.reports.schemas.numbers import (
    AGAINST_CLIENT,
    CAUSES,
    EXPLAIN,
    EXPLANATION,
    KEYS,
    PRICE,
    PRICES,
    REPORT,
    RESPONSE,
    WASTE,
)
from claude_tui.reports.schemas.sums import SUMS
from claude_tui.reports.schemas.terms import COUNT, DAY, TEXT, TEXTS, Schema, record
from claude_tui.reports.schemas.watching import CHECK, SESSION_LINE, SESSIONS, STATE, STATUSLINE, TELEMETRY

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: Final[Mapping[str, Schema]] = {
    "report": REPORT,
    "causes": CAUSES,
    "export-responses": RESPONSE,
    "export-days": record({"day": DAY, "timezone": TEXT, **SUMS}),
    "export-breakdown": record({
        "day": DAY, "timezone": TEXT, "project": TEXT, "source": TEXT, "model": TEXT, **SUMS,
    }),
    "export-sessions": record({
        "session": TEXT, "source": TEXT, "name": TEXT, "project": TEXT, "branch": TEXT, "version": TEXT,
        "models": TEXTS, "agents": COUNT, "compactions": COUNT, **SUMS,
    }),
    "export-models": record({**KEYS["models"], **SUMS}),
    "export-projects": record({**KEYS["projects"], **SUMS}),
    "stats": REPORT,
    "state": STATE,
    "events": STATE,
    "sessions": SESSIONS,
    "sessions-watch": SESSION_LINE,
    "check": CHECK,
    "doctor": DOCTOR,
    "ledger": LEDGER,
    "telemetry": TELEMETRY,
    "fleet": FLEET,
    "explanation": EXPLANATION,
    "waste": WASTE,
    "explain": EXPLAIN,
    "against-client": AGAINST_CLIENT,
    "verify": VERIFY,
    "bench": BENCH,
    "prices": PRICES,
    "price": PRICE,
    "statusline": STATUSLINE,
}  # fmt: skip
"""Every schema by the name it is printed under. Exports, price and events have one for a line each."""
TITLES: Final[Mapping[str, str]] = {
    "report": "claude-top report --json",
    "causes": "claude-top report --by tool --json, and by all else that money goes for",
    "export-responses": "a line of claude-top export",
    "export-days": "a line of claude-top export --what days",
    "export-breakdown": "a line of claude-top export --what breakdown",
    "export-sessions": "a line of claude-top export --what sessions",
    "export-models": "a line of claude-top export --what models",
    "export-projects": "a line of claude-top export --what projects",
    "stats": "/api/stats of claude-top serve",
    "state": "the state file of claude-top serve",
    "events": "the data of an event of /api/events",
    "sessions": "claude-top sessions --json",
    "sessions-watch": "a line of claude-top sessions --json --watch",
    "check": "claude-top check --json",
    "doctor": "claude-top doctor --json",
    "ledger": "claude-top ledger status --json",
    "telemetry": "claude-top telemetry status --json",
    "fleet": "claude-top fleet status --json",
    "explanation": "claude-top explain --json",
    "waste": "claude-top explain waste --json",
    "explain": "claude-top explain --against ccusage --json",
    "against-client": "claude-top explain --against client --json",
    "verify": "claude-top verify --json",
    "bench": "claude-top bench --json",
    "prices": "claude-top prices --json",
    "price": "a line of claude-top price",
    "statusline": "what claude-top statusline reads on stdin",
}


def document(name: str) -> Schema:
    """Return a schema as a document of its own."""
    return {"$schema": DIALECT, "title": TITLES[name], **SCHEMAS[name]}
