"""What ccusage shows of clients other than Claude Code and Codex: names of models, and which rows say when.

Must not sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from claude_tui.moments import instant
from claude_tui.reports.ccusage.codex import session_id
from claude_tui.reports.ccusage.lines import UsageLine
from claude_tui.reports.ccusage.sums import GroupSums, totals

Metadata = dict[tuple[str, str], dict[str, Any] | None]

WITH_ACTIVITY: Final = ("claude", "copilot", "pi", "qwen")
"""Clients whose sessions say where they were, from when and until when."""


def session_report(lines: Iterable[UsageLine], client: str) -> dict[str, Any]:
    """Return the sessions of one client, by id."""
    sessions: dict[str, GroupSums] = {}
    projects: dict[str, str] = {}
    for line in lines:
        sessions.setdefault(line.session, GroupSums()).take(line)
        projects.setdefault(line.session, line.project)
    rows = []
    for session, group in sorted(sessions.items()):
        row = {**group.full_row(), "sessionId": session}
        if client in WITH_ACTIVITY:
            row["projectPath"] = projects[session]
            row["firstActivity"], row["lastActivity"] = instant(group.first_ms), instant(group.last_ms)
        rows.append(row)
    return {"sessions": rows, "totals": totals(sessions.values())}


WITH_METADATA: Final = (*WITH_ACTIVITY, "codex", "opencode")
"""Clients whose sessions say when they were last used in the report over all clients."""


def named_as_there(lines: Iterable[UsageLine]) -> list[UsageLine]:
    """Return lines with models and sessions named as ccusage names them, those of other clients than Claude by time."""
    ordered = sorted(lines, key=lambda line: (line.agent != "claude", 0 if line.agent == "claude" else line.time_ms))
    return [_named(line) for line in ordered]


def _named(line: UsageLine) -> UsageLine:
    if line.agent == "opencode":
        return line._replace(model=line.model.partition("/")[2] or line.model)
    return line._replace(session=session_id(line.path)) if line.agent == "codex" else line


def metadata(lines: Iterable[UsageLine]) -> Metadata:
    """Return what the sessions of all clients have beside their sums, by client and id; None for nothing."""
    last: dict[tuple[str, str], int] = {}
    reasoning: dict[tuple[str, str], int] = {}
    for line in lines:
        key = line.agent, line.session
        last[key] = max(last.get(key, 0), line.time_ms)
        reasoning[key] = reasoning.get(key, 0) + line.reasoning
    return {key: _metadata(key[0], last[key], reasoning[key]) for key in last}


def _metadata(agent: str, last_ms: int, reasoning: int) -> dict[str, Any] | None:
    if agent not in WITH_METADATA:
        return None
    more = {"reasoningOutputTokens": reasoning} if agent == "codex" else {}
    return {"lastActivity": instant(last_ms), **more}
