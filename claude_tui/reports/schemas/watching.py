"""Schemas of what the commands for now print: serve, check, sessions, telemetry; and what the statusline reads."""

from __future__ import annotations

from typing import Final

from claude_tui.model import SessionState
from claude_tui.reports.schemas.sums import SUMS
from claude_tui.reports.schemas.terms import (
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    NANO,
    NUMBER,
    TEXT,
    TEXTS,
    Schema,
    maybe,
    named,
    one_of,
    record,
    rows,
)

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
    "files": record({"folder": TEXT, "days": rows(DAY), "bytes": COUNT, "keep_days": COUNT, "overdue": COUNT}),
})  # fmt: skip
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
