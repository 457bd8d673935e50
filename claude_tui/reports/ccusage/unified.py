"""The reports over all agents: one row a period, with what each agent has in it where asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from claude_tui.clients import CLIENTS
from claude_tui.moments import instant
from claude_tui.reports.ccusage.lines import UsageLine
from claude_tui.reports.ccusage.others import Metadata
from claude_tui.reports.ccusage.periods import by_period, by_session
from claude_tui.reports.ccusage.sums import Counts, GroupSums, totals

KINDS: Final = ("daily", "weekly", "monthly", "session")
LABELS: Final = {**{client.name: client.label for client in CLIENTS.values()}, "claude": "Claude", "all": "All"}

Row = tuple[str, str, GroupSums, dict[str, GroupSums]]
"""(period or session id, agent, sums, each agent's sums)."""


def unified_rows(lines: Sequence[UsageLine], kind: str, order: str = "asc") -> list[Row]:
    """Return the rows of one report. Weeks begin on Monday here; sessions are by cost, whatever `order` says."""
    if kind == "session":
        return [(session, agent, group, {}) for (agent, _, session), group in by_session(lines)]
    agents: dict[str, list[UsageLine]] = {}
    for line in lines:
        agents.setdefault(line.agent, []).append(line)
    periods: dict[str, dict[str, GroupSums]] = {}
    for agent in sorted(agents):
        for period, group in by_period(agents[agent], kind, "monday").items():
            periods.setdefault(period, {})[agent] = group
    rows = [(period, "all", _sum(groups), groups) for period, groups in periods.items()]
    return sorted(rows, key=lambda row: row[0], reverse=order == "desc")


def unified_report(
    sections: dict[str, list[Row]], kind: str, *, with_agents: bool = False, metadata: Metadata | None = None
) -> dict[str, Any]:
    """Return one report, or several sections of it; the totals are those of `kind`.

    `metadata` is what sessions have beside their sums; without, it is when they were last used.
    """
    made: dict[str, Any] = {
        section: [_row(row, section, metadata, with_agents=with_agents) for row in rows]
        for section, rows in sections.items()
    }
    made["totals"] = totals(row[2] for row in sections.get(kind, ()))
    return made


def _row(row: Row, kind: str, metadata: Metadata | None, *, with_agents: bool) -> dict[str, Any]:
    name, agent, group, agents = row
    if kind == "session":
        made = {"period": name, "agent": agent, **group.full_row()}
        beside = {"lastActivity": instant(group.last_ms)} if metadata is None else metadata.get((agent, name))
        return {**made, "metadata": beside} if beside else made
    made = {"period": name, "agent": agent, **group.full_row(sorted(group.models))}
    made["metadata"] = {"agents": sorted(agents)}
    if with_agents:
        made["agents"] = [{"agent": own, **agents[own].full_row(_names(agents[own], kind))} for own in sorted(agents)]
    return made


def _names(group: GroupSums, kind: str) -> Iterable[str]:
    return group.models if kind == "daily" else sorted(group.models)


def _sum(groups: dict[str, GroupSums]) -> GroupSums:
    whole = GroupSums()
    for group in groups.values():
        for model in group.models:
            whole.models.setdefault(model, Counts())
        whole.merge(group)
    return whole
