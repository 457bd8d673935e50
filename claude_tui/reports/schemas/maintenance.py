"""Schemas of what the commands that look after things print: doctor, ledger, fleet, verify, bench."""

from __future__ import annotations

from typing import Final

from claude_tui.model import ProblemKind
from claude_tui.reports.schemas.sums import COVERAGE, SUMS
from claude_tui.reports.schemas.terms import (
    COUNT,
    FLAG,
    INSTANT,
    NANO,
    NUMBER,
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
    "system": _TEXT_BY_NAME, "telemetry_coverage": maybe(record(COVERAGE)),
})  # fmt: skip
_REMEMBERED: Final[dict[str, Schema]] = {
    "files": COUNT, "responses": COUNT, "events": COUNT, "first": maybe(INSTANT), "last": maybe(INSTANT),
}  # fmt: skip
LEDGER: Final = record({
    **named("ledger@1"), "path": TEXT, "bytes": COUNT, **_REMEMBERED,
    "hosts": rows(record({"host": TEXT, **_REMEMBERED})), "trouble": maybe(TEXT),
    "left_out": rows(record({"host": TEXT, "path": TEXT, "number": COUNT, "why": TEXT})),
    "moved": rows(record({
        "source": TEXT, "old": TEXT, "new": TEXT, "files": COUNT, "responses": COUNT, "is_there": FLAG,
        "command": maybe(TEXT),
    })),
})  # fmt: skip
FLEET: Final = record({
    **named("fleet@1"), "responses": COUNT, "disagreements": TEXTS, "left_out": TEXTS, "held_sessions": COUNT,
    "machines": rows(record({
        "user": TEXT, "team": TEXT, "host": TEXT, "pushes": COUNT, "files": COUNT, "responses": COUNT,
        "last_push": INSTANT, "is_silent": FLAG,
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
