"""JSON Schemas (2020-12) of everything claude-top prints as JSON, and of what its statusline reads.

What the number after the @ promises: keys stay, with their meaning, type and unit. New keys may come at any time, so
readers must pass over what they do not know; anything else makes it another number. Must not make any report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from claude_tui.model import PriceStatus, ProblemKind, SessionState
from claude_tui.reports.columns import COUNTS
from claude_tui.reports.schema_terms import (
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    NANO,
    NUMBER,
    SIGNED,
    TEXT,
    TEXTS,
    Schema,
    counts_by,
    maybe,
    named,
    one_of,
    record,
    rows,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

SUMS: Final[dict[str, Schema]] = {
    **{name: NANO if name.endswith("nano") else COUNT for name in COUNTS},
    "tokens": COUNT, "first": maybe(INSTANT), "last": maybe(INSTANT),
}  # fmt: skip
"""What every sum has: the counters of its responses, the sum of their tokens, the first and last instant."""

_KEYS: Final[dict[str, dict[str, Schema]]] = {
    "days": {"day": DAY},
    "weeks": {"week": TEXT, "first_day": DAY, "last_day": DAY},
    "months": {"month": TEXT, "first_day": DAY, "last_day": DAY},
    "hours": {"hour": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d$", "description": "local"}},
    "hosts": {"host": TEXT}, "users": {"user": TEXT}, "teams": {"team": TEXT},
    "models": {"model": TEXT, "source": TEXT},
    "projects": {"project": TEXT, "source": TEXT, "sessions": COUNT},
    "repos": {"repo": TEXT, "projects": COUNT},
    "accounts": {"account": TEXT, "source": TEXT},
    "sessions": {
        "session": TEXT, "source": TEXT, "name": TEXT, "project": TEXT, "models": TEXTS, "agents": COUNT,
    },
}  # fmt: skip
_UNPRICED: Final = record({"model": TEXT, "source": TEXT, "responses": COUNT, "tokens": COUNT})
_KINDS: Final = record({"total": COUNT, "by_kind": counts_by("kind of problem")})

_TELEMETRY: Final[dict[str, Schema]] = {
    **dict.fromkeys(("logged", "covered", "only_told", "raised"), COUNT),
    "days": rows(record({"day": DAY, "logged": COUNT, "covered": COUNT, "only_told": COUNT})),
    "kinds": rows(record({"source": TEXT, "kind": TEXT, **SUMS})),
}

REPORT: Final = record(
    {
        **named("report@1"), "timezone": TEXT, "since": maybe(DAY), "until": maybe(DAY), "prices": TEXT,
        "totals": record(SUMS), "problems": _KINDS, "unpriced": rows(_UNPRICED),
    },
    **{name: rows(record({**keys, **SUMS})) for name, keys in _KEYS.items()},
    left_out={"type": "object", "additionalProperties": record({"rows": COUNT, **SUMS})},
    telemetry=record(_TELEMETRY),
    unlogged=record({
        "cost_nano": NANO, "days": rows(record({"day": DAY, "cost_nano": NANO})),
        **{
            f"{name}s": rows(record({name: TEXT, "source": TEXT, "cost_nano": NANO}))
            for name in ("model", "project", "session")
        },
    }),
)  # fmt: skip

RESPONSE: Final = record(
    {
        "key": TEXT, "source": TEXT, "time": INSTANT, "session": TEXT, "agent": TEXT, "project": TEXT, "model": TEXT,
        "input": COUNT, "output": COUNT, "cache_write_5m": COUNT, "cache_write_1h": COUNT, "cache_read": COUNT,
        "web_search": COUNT, "cost_nano": maybe(NANO), "premium_milli": COUNT,
        "status": one_of(*(status.value for status in PriceStatus)),
        "flags": TEXTS, "output_lower_bound": FLAG, "origin": one_of("log", "telemetry", "both", "client_total"),
        "query_source": TEXT, "effort": TEXT, "speed": TEXT, "client_cost_nano": maybe(NANO),
        "prices": {**TEXT, "description": "first digits of the digest of the prices in use"},
    },
    file=TEXT, offset=COUNT, account=TEXT, host=TEXT,
    service_tier=TEXT, geo=TEXT, request_id=TEXT, client_version=TEXT, reasoning=maybe(COUNT),
    tools=TEXTS, failed_calls=COUNT, skill=TEXT, plugin=TEXT, agent_type=TEXT, branch=TEXT, thinking=COUNT,
    is_interrupted=FLAG, cache_miss=TEXT, cache_lost_tokens=COUNT, cache_lost_nano=COUNT, causes_problem=TEXT,
)  # fmt: skip

STATE: Final = record({
    **named("state@1"), "revision": COUNT, "time": INSTANT, "newest": maybe(INSTANT), "phase": TEXT,
    "totals": record(SUMS), "today": record(SUMS),
    "burn_nano_per_hour": record({"5m": NANO, "15m": NANO, "60m": NANO}), "active_sessions": COUNT, "problems": COUNT,
}, waiting_sessions=COUNT)  # fmt: skip

CHECK: Final = record({
    **named("check@1"), "status": one_of("ok", "near", "over", "waiting", "indeterminate", "no data"),
    "exit_code": {"enum": [0, 10, 11, 12, 20, 30]},
    "checks": rows(record({"name": TEXT, "status": TEXT, "percent": maybe(NUMBER), "detail": TEXT})),
})  # fmt: skip

_SESSION: Final[dict[str, Schema]] = {
    "session": TEXT, "source": TEXT, "name": TEXT, "project": TEXT, "branch": TEXT, "version": TEXT,
    "state": one_of(*(state.value for state in SessionState)), "waits_for_you": FLAG, "certain": FLAG,
    "why": one_of("", "permission", "question", "plan", "dialog"),
    "doing": one_of("", "model", "tool", "subagent", "compacting"), "tool": TEXT, "in_subagent": FLAG,
    "background": rows(one_of("shell", "subagent")), "since": maybe(INSTANT), "until": maybe(INSTANT), "error": TEXT,
    "attempt": COUNT, "attempts": COUNT, "models": TEXTS, "context_tokens": COUNT, "context_window": COUNT,
    "tokens": COUNT, "cost_nano": NANO, "cost_is_lower_bound": FLAG, "last": maybe(INSTANT), "resume": TEXT,
}  # fmt: skip
SESSIONS: Final = record({
    **named("sessions@1"), "time": INSTANT, "waiting": COUNT, "sessions": rows(record(_SESSION)),
})  # fmt: skip
SESSION_LINE: Final = record({**named("session@1"), "time": INSTANT, **_SESSION})

_SHARE: Final[dict[str, Schema]] = {"responses": COUNT, "share": {"type": "number", "minimum": 0, "maximum": 1}}
_PROBLEM: Final = record({
    "kind": one_of(*(kind.value for kind in ProblemKind)), "path": TEXT, "offset": COUNT, "detail": TEXT,
})  # fmt: skip
_TEXT_BY_NAME: Final[Schema] = {"type": "object", "additionalProperties": TEXT}

DOCTOR: Final = record({
    **named("doctor@1"), "version": TEXT,
    "roots": rows(record({
        "source": TEXT, "path": TEXT, "state": one_of("found", "empty", "missing", "unreadable"), "files": COUNT,
        "bytes": COUNT, "is_polled": FLAG, "oldest": maybe(INSTANT), "newest": maybe(INSTANT),
    })),
    "clients": rows(record({
        "source": TEXT, "counted": maybe(TEXT), "not_logged": TEXTS, "told_by_telemetry": TEXTS, "not_run": TEXTS,
        "checked": maybe(record({"versions": TEXT, "sets": COUNT, "responses": COUNT})),
    })),
    "client_versions": TEXTS, "responses": COUNT, "lower_bound": record(_SHARE), "estimated": record(_SHARE),
    "unpriced": record({**_SHARE, "tokens": COUNT}),
    "problems": record({"by_kind": counts_by("kind of problem"), "listed": rows(_PROBLEM)}),
    "prices": record({"in_use": TEXT, "problems": TEXTS}), "cache": TEXT, "ledger": TEXT, "ledger_notes": TEXTS,
    "remembered": record({"responses": COUNT, "files": COUNT}), "watcher": TEXTS, "telemetry": TEXTS,
    "limits": TEXT,
    "retention": rows(record({"settings": TEXT, "days": COUNT, "is_set": FLAG})), "terminal": _TEXT_BY_NAME,
    "system": _TEXT_BY_NAME, "telemetry_coverage": maybe(record(_TELEMETRY)),
})  # fmt: skip

_TALLY: Final = record({"count": COUNT, "last": maybe(INSTANT)})
_TALLIES: Final[Schema] = {"type": "object", "additionalProperties": _TALLY}
TELEMETRY: Final = record({
    **named("telemetry@1"), "state": one_of("off", "on", "away", "failing"),
    "receiver": maybe(record({
        "role": TEXT, "pid": COUNT, "port": COUNT, "since": maybe(INSTANT), "trouble": maybe(TEXT),
    })),
    "settings": record({"on": FLAG, "port": COUNT, "resource": TEXTS}), "clients": TEXTS,
    "kept": _TALLIES, "posts": _TALLY,
    "repeated": _TALLY, "refused": _TALLIES, "lost": _TALLY, "failing": maybe(TEXT),
    "files": record({"folder": TEXT, "days": rows(DAY), "bytes": COUNT}),
})  # fmt: skip

_REMEMBERED: Final[dict[str, Schema]] = {
    "files": COUNT, "responses": COUNT, "first": maybe(INSTANT), "last": maybe(INSTANT),
}  # fmt: skip
LEDGER: Final = record({
    **named("ledger@1"), "path": TEXT, "bytes": COUNT, **_REMEMBERED,
    "hosts": rows(record({"host": TEXT, **_REMEMBERED})), "trouble": maybe(TEXT),
    "left_out": rows(record({"host": TEXT, "path": TEXT, "number": COUNT, "why": TEXT})),
    "moved": rows(record({"old": TEXT, "new": TEXT, "files": COUNT, "responses": COUNT, "command": TEXT})),
})  # fmt: skip

FLEET: Final = record({
    **named("fleet@1"), "responses": COUNT, "disagreements": TEXTS,
    "machines": rows(record({
        "user": TEXT, "team": TEXT, "host": TEXT, "pushes": COUNT, "files": COUNT, "responses": COUNT,
        "last_push": INSTANT, "is_silent": FLAG,
    })),
})  # fmt: skip

_USAGE: Final = record({
    "input": COUNT, "output": COUNT, "cache_write_5m": COUNT, "cache_write_1h": COUNT, "cache_read": COUNT,
    "web_search": COUNT,
})  # fmt: skip
_RATES: Final = record(dict.fromkeys(("input", "output", "write_5m", "write_1h", "cache_read"), COUNT))
_ABOUT: Final = {
    "anyOf": [
        record({"key": TEXT, "model": TEXT, "session": TEXT, "path": TEXT}),
        record({
            "since": maybe(DAY), "until": maybe(DAY), "model": maybe(TEXT), "project": maybe(TEXT),
            "session": maybe(TEXT),
        }),
    ]
}  # fmt: skip
_CLIENT_SESSION: Final[dict[str, Schema]] = {
    "session": TEXT, "project": TEXT, "client_nano": NANO, "responses": COUNT, "logged_nano": NANO,
    "uncovered": COUNT, "unlogged_nano": NANO, "unlogged_tokens": COUNT, "estimated_output": COUNT,
    "is_lower_bound": FLAG, "notes": TEXTS,
}  # fmt: skip
EXPLANATION: Final = record({
    **named("explanation@1"), "about": _ABOUT, "is_complete": FLAG,
    "looked_at": record(dict.fromkeys(("responses", "of", "files", "of_files"), COUNT)),
    "responses": COUNT, "extras": counts_by("kind"), "cost_nano": NANO, "unlogged_nano": NANO,
    "telemetry": maybe(record(_TELEMETRY)),
    "client_totals": rows(record(_CLIENT_SESSION)), "lower_bounds": COUNT,
    "estimates": counts_by("flag"), "flags": counts_by("flag"),
    "logs": record({
        **dict.fromkeys(("files", "files_gone", "lines", "bytes", "usage_rows", "counted_rows", "passed_over"), COUNT),
        "dropped": rows(record({"reason": TEXT, "meaning": TEXT, "rows": COUNT})),
    }),
    "prices": record({
        "in_use": TEXT,
        "rates": rows(record({
            "model": TEXT, "from": maybe(DAY), "to": maybe(DAY), "above_prompt_tokens": COUNT, "is_fast": FLAG,
            "pico_per_token": _RATES, "responses": COUNT, "cost_nano": NANO,
        })),
        "unpriced": rows(record({"model": TEXT, "responses": COUNT, "tokens": COUNT})), "reported": COUNT,
        "free": COUNT,
    }),
    "rows": rows(record({
        "path": TEXT, "line": COUNT, "offset": COUNT, "time": maybe(INSTANT), "session": TEXT, "agent": TEXT,
        "usage": _USAGE, "reason": TEXT, "meaning": TEXT, "is_owner": FLAG,
    })),
    "why": maybe(TEXT), "problem": maybe(TEXT), "never_logged": TEXTS,
})  # fmt: skip

_CAUSED: Final[dict[str, Schema]] = {
    "name": maybe(TEXT), "label": TEXT, "project": maybe(TEXT), "cost_nano": NANO, "share": NUMBER,
    **dict.fromkeys(("responses", "calls", "failed_calls", "agents"), COUNT), **_USAGE["properties"],
    "last": maybe(INSTANT),
}  # fmt: skip
_N_COST: Final = record({"n": COUNT, "cost_nano": NANO})
CAUSES: Final = record(
    {
        **named("causes@1"), "by": TEXT, "convention": TEXT, "timezone": TEXT, "since": maybe(DAY),
        "until": maybe(DAY), "project": maybe(TEXT), "session": maybe(TEXT), "prices": TEXT, "total_cost_nano": NANO,
        "responses": COUNT,
        "rows": rows(record(
            _CAUSED, tokens_est=COUNT, carried_nano=NANO, tools=rows(record(_CAUSED)),
            started=record({"agents": COUNT, "cost_nano": NANO}),
        )),
        "of_which": record({
            "cache_misses": record({
                "n": COUNT, "cost_nano": NANO,
                "by": rows(record({
                    "cause": TEXT, "n": COUNT, "lost_tokens": COUNT, "cost_nano": NANO, "last": INSTANT,
                })),
            }),
            "failed_calls": _N_COST, "interrupted": _N_COST,
            "repeated_reads": record({"n": COUNT, "tokens_est": COUNT, "cost_nano_est": NANO}),
        }),
        "notes": TEXTS,
    },
    left_out=record({"rows": COUNT, "cost_nano": NANO}),
)  # fmt: skip

WASTE: Final = record({
    **named("waste@1"), "since": maybe(DAY), "until": maybe(DAY), "model": maybe(TEXT), "project": maybe(TEXT),
    "session": maybe(TEXT), "total_cost_nano": NANO,
    "waste": rows(record({
        "what": TEXT, "title": TEXT, "n": COUNT, "paid_nano": NANO, "otherwise_nano": NANO, "saved_nano": NANO,
        "otherwise": TEXT, "is_estimate": FLAG,
        "proofs": rows(record({
            "time": INSTANT, "session": TEXT, "agent": TEXT, "project": TEXT, "model": TEXT, "path": TEXT,
            "offset": COUNT, "paid_nano": NANO, "otherwise_nano": NANO, "detail": TEXT,
        })),
    })),
})  # fmt: skip

_FIGURES: Final[dict[str, Schema]] = {
    **dict.fromkeys(("entries", "input", "output", "cache_write", "cache_read", "tokens"), SIGNED), "cost_nano": NANO,
}  # fmt: skip
_PLACES: Final = rows(record({"path": TEXT, "offset": COUNT}))
EXPLAIN: Final = record({
    **named("explain@1"), "against": {"const": "ccusage"}, "ours": record(_FIGURES), "theirs": record(_FIGURES),
    "rules": rows(record({"rule": TEXT, "meaning": TEXT, **_FIGURES, "examples": _PLACES})),
    "prices": record({
        "web_searches": COUNT, "web_search_nano": NANO, "theirs_cost_nano": NANO,
        "causes": rows(record({
            "cause": TEXT, "meaning": TEXT, "entries": COUNT, "cost_nano": NANO, "examples": _PLACES,
        })),
    }),
})  # fmt: skip

AGAINST_CLIENT: Final = record({
    **named("against-client@1"), "against": {"const": "client"},
    "totals": record({
        "client_nano": NANO, "responses": COUNT, "logged_nano": NANO, "unlogged_nano": NANO, "unlogged_tokens": COUNT,
        "difference_nano": NANO,
    }),
    "sessions": rows(record({**_CLIENT_SESSION, "difference_nano": NANO})),
    "prices": rows(record({
        "key": TEXT, "session": TEXT, "model": TEXT, "time": INSTANT, "cost_nano": maybe(NANO),
        "client_cost_nano": NANO, "cause": TEXT,
    })),
})  # fmt: skip

VERIFY: Final = record({
    **named("verify@1"), "equal": FLAG, "settled": FLAG,
    "ways": rows(record({"name": TEXT, "seconds": NUMBER, **SUMS})), "differing": COUNT, "differences": TEXTS,
})  # fmt: skip

_MEASURED: Final[dict[str, Schema]] = {
    "name": TEXT, "runs": COUNT, "wall_s": NUMBER, "cpu_s": NUMBER, "peak_bytes": maybe(COUNT), "files_per_s": NUMBER,
    "bytes_per_s": NUMBER, "messages_per_s": NUMBER, "agrees": FLAG,
    "messages": COUNT, "cost_nano": NANO, "tokens": COUNT, "projects": COUNT, "models": COUNT, "sessions": COUNT,
}  # fmt: skip
BENCH: Final = record({
    **named("bench@1"), "files": COUNT, "bytes": COUNT, "agree": FLAG, "logs_changed": FLAG,
    "native_core": TEXT, "ways": rows(record(_MEASURED)), "sweep": rows(record({"processes": COUNT, **_MEASURED})),
})  # fmt: skip

PRICES: Final = record({**named("prices@1"), "origin": TEXT, "digest": TEXT, "problems": TEXTS})

PRICE: Final = record(
    {"nano": maybe(NANO), "status": one_of(*(status.value for status in PriceStatus)), "flags": TEXTS}, error=TEXT
)

_LOOSE_NUMBER: Final[Schema] = {"type": ["number", "string", "null"]}
_WINDOW: Final[Schema] = {
    "type": ["object", "null"], "properties": {"used_percentage": _LOOSE_NUMBER, "resets_at": _LOOSE_NUMBER},
}  # fmt: skip
STATUSLINE: Final = {
    "type": "object",
    "description": "what Claude Code gives a statusline on stdin, as far as it is read; all may be absent",
    "properties": {
        "session_id": TEXT, "transcript_path": TEXT, "cwd": TEXT,
        "model": record({}, id=TEXT, display_name=TEXT), "effort": record({}, level=TEXT),
        "cost": record({}, total_cost_usd=_LOOSE_NUMBER),
        "context_window": record(
            {}, total_input_tokens=_LOOSE_NUMBER, context_window_size=_LOOSE_NUMBER, used_percentage=_LOOSE_NUMBER,
            current_usage={"type": ["object", "null"]},
        ),
        "rate_limits": {"type": "object", "additionalProperties": _WINDOW},
        "prompt_cache": {"type": "object"},
    },
}  # fmt: skip

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
    "export-models": record({**_KEYS["models"], **SUMS}),
    "export-projects": record({**_KEYS["projects"], **SUMS}),
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
