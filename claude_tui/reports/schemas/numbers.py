"""Schemas of what the commands for numbers print: report, export, explain and its comparisons, price, prices."""

from __future__ import annotations

from typing import Final

from claude_tui.model import PriceStatus
from claude_tui.reports.schemas.sums import COVERAGE, SUMS
from claude_tui.reports.schemas.terms import (
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

KEYS: Final[dict[str, dict[str, Schema]]] = {
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


REPORT: Final = record(
    {
        **named("report@1"), "timezone": TEXT, "since": maybe(DAY), "until": maybe(DAY), "prices": TEXT,
        "totals": record(SUMS), "problems": _KINDS, "unpriced": rows(_UNPRICED),
    },
    **{name: rows(record({**keys, **SUMS})) for name, keys in KEYS.items()},
    left_out={"type": "object", "additionalProperties": record({"rows": COUNT, **SUMS})},
    telemetry=record(COVERAGE),
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
    "telemetry": maybe(record(COVERAGE)),
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
        "table": maybe(TEXT), "record": maybe(TEXT),
    })),
    "why": maybe(TEXT), "problem": maybe(TEXT), "never_logged": TEXTS,
})  # fmt: skip

_DOUBTS: Final[dict[str, Schema]] = dict.fromkeys(
    ("unpriced_responses", "lower_bound", "flagged", "unpriced_tokens"), COUNT
)
_CAUSED: Final[dict[str, Schema]] = {
    "name": maybe(TEXT), "label": TEXT, "project": maybe(TEXT), "cost_nano": NANO, **_DOUBTS, "share": NUMBER,
    **dict.fromkeys(("responses", "calls", "failed_calls", "agents"), COUNT), **_USAGE["properties"],
    "last": maybe(INSTANT),
}  # fmt: skip
_RESULTS: Final = {"results_tokens_est": maybe(COUNT), "carried_nano": maybe(NANO)}
_N_COST: Final = record({"n": COUNT, "cost_nano": NANO, **_DOUBTS})
CAUSES: Final = record(
    {
        **named("causes@1"), "by": TEXT, "convention": TEXT, "timezone": TEXT, "since": maybe(DAY),
        "until": maybe(DAY), "project": maybe(TEXT), "session": maybe(TEXT), "prices": TEXT, "total_cost_nano": NANO,
        **_DOUBTS, "responses": COUNT,
        "rows": rows(record(
            _CAUSED, tokens_est=COUNT, **_RESULTS, each_nano=NANO, models=TEXTS, lost_caches=COUNT,
            lost_caches_nano=NANO, tools=rows(record(_CAUSED, **_RESULTS)),
            started=record({"agents": COUNT, "cost_nano": NANO}),
        )),
        "of_which": record({
            "cache_misses": record({
                "n": COUNT, "cost_nano": NANO, **_DOUBTS,
                "by": rows(record({
                    "cause": TEXT, "n": COUNT, "lost_tokens": COUNT, "cost_nano": NANO, **_DOUBTS, "last": INSTANT,
                    "last_project": TEXT, "last_branch": TEXT, "last_lost_tokens": COUNT, "last_cost_nano": NANO,
                })),
            }),
            "failed_calls": _N_COST, "interrupted": _N_COST,
            "repeated_reads": record({"n": COUNT, "tokens_est": COUNT, "cost_nano_est": NANO}),
        }),
        "notes": TEXTS,
    },
    left_out=record({"rows": COUNT, "cost_nano": NANO, **_DOUBTS}),
)  # fmt: skip

WASTE: Final = record({
    **named("waste@1"), "since": maybe(DAY), "until": maybe(DAY), "model": maybe(TEXT), "project": maybe(TEXT),
    "session": maybe(TEXT), "total_cost_nano": NANO, **_DOUBTS,
    "waste": rows(record({
        "what": TEXT, "title": TEXT, "n": COUNT, "paid_nano": NANO, "otherwise_nano": NANO, "saved_nano": NANO,
        "otherwise": TEXT, "is_estimate": FLAG, **_DOUBTS,
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


PRICES: Final = record({**named("prices@1"), "origin": TEXT, "digest": TEXT, "problems": TEXTS})

PRICE: Final = record(
    {"nano": maybe(NANO), "status": one_of(*(status.value for status in PriceStatus)), "flags": TEXTS}, error=TEXT
)
