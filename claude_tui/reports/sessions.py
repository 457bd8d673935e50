"""The sessions that run and what each is doing, as dictionaries and as lines. Must not print anything."""

from __future__ import annotations

from typing import Any, Final

from claude_tui.clients import CLIENTS
from claude_tui.figures import short, written_cost
from claude_tui.model import SessionRow, SessionState, Snapshot
from claude_tui.moments import age, instant, instant_or_none
from claude_tui.reports.table import TextColumn, TextTable
from claude_tui.sources.values.display import display_name

SCHEMA: Final = "claude-top/sessions@1"
LINE_SCHEMA: Final = "claude-top/session@1"


def running(snapshot: Snapshot) -> list[SessionRow]:
    """Return the sessions that are not over, those that wait for a person first, then by their newest line."""
    rows = [row for row in (*snapshot.unanswered, *snapshot.sessions) if row.state is not SessionState.DONE]
    return sorted(rows, key=lambda row: (not row.activity.is_waiting_for_you, -row.totals.last_ms, row.source, row.key))


def record(row: SessionRow) -> dict[str, Any]:
    """Return what is known of a session. Nothing of prompts or of a tool's input is in it."""
    activity, totals = row.activity, row.totals
    return {
        "session": row.key,
        "source": row.source,
        "name": row.name,
        "project": row.project,
        "branch": row.branch,
        "version": row.version,
        "state": activity.state.value,
        "waits_for_you": activity.is_waiting_for_you,
        "certain": activity.is_certain,
        "why": activity.why,
        "doing": activity.doing,
        "tool": display_name(activity.tool),
        "in_subagent": activity.is_in_agent,
        "background": list(activity.background),
        "since": instant_or_none(activity.since_ms),
        "until": instant_or_none(activity.until_ms),
        "error": display_name(activity.error),
        "attempt": activity.attempt,
        "attempts": activity.attempts,
        "models": list(row.models),
        "context_tokens": row.context_tokens,
        "context_window": row.context_window,
        "tokens": totals.tokens,
        "cost_nano": totals.cost_nano,
        "cost_is_lower_bound": bool(totals.unpriced_tokens or totals.lower_bound),
        "last": instant_or_none(totals.last_ms),
        "resume": resume_command(row),
    }


def report(snapshot: Snapshot) -> dict[str, Any]:
    """Return the sessions that are not over."""
    rows = running(snapshot)
    return {
        "schema": SCHEMA,
        "time": instant(snapshot.taken_ms),
        "waiting": sum(row.activity.is_waiting_for_you for row in rows),
        "sessions": [record(row) for row in rows],
    }


def line(record: dict[str, Any], taken_ms: int) -> dict[str, Any]:
    """Return a session's record as a line of its own."""
    return {"schema": LINE_SCHEMA, "time": instant(taken_ms), **record}


def resume_command(row: SessionRow) -> str:
    """Return the shell command that resumes a session, "" if its client has none."""
    return CLIENTS[row.source].resumes(row.key, row.project)


def table(snapshot: Snapshot) -> TextTable:
    """Return the sessions as a table for people."""
    columns = (
        TextColumn("session", is_text=True, may_shrink=True), TextColumn("state", is_text=True),
        TextColumn("since", is_text=True),
        TextColumn("project", is_text=True, may_shrink=True, priority=1, has_folders=True),
        TextColumn("model", is_text=True, priority=2), TextColumn("context", priority=3), TextColumn("cost"),
    )  # fmt: skip
    rows = tuple(
        (
            row.name, said(row), age(row.activity.since_ms, snapshot.taken_ms), row.project_name,
            ", ".join(row.models), short(row.context_tokens) if row.context_tokens else "", written_cost(row.totals),
        )
        for row in running(snapshot)
    )  # fmt: skip
    return TextTable(f"Sessions ({len(rows)})", columns, rows)


def said(row: SessionRow) -> str:
    """Return what a session is doing in a few words."""
    activity = row.activity
    detail = [activity.why or activity.doing or activity.error, *(f"+{name}" for name in activity.background)]
    if activity.tool and activity.why in ("", "permission"):
        detail.append(display_name(activity.tool))
    doubt = "" if activity.is_certain else "?"
    return " ".join([activity.state.value, *filter(None, detail)]) + doubt


def waiting_for(row: SessionRow, now_ms: int) -> str:
    """Return what a session waits for, since when and where."""
    return f"{said(row)}, since {age(row.activity.since_ms, now_ms) or 'now'}, in {row.project_name or 'no folder'}"
