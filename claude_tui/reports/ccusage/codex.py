"""The reports of Codex in the shape ccusage has for them alone: `costUSD`, reasoning, and a session a rollout.

Must not know our own JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from claude_tui.figures import usd
from claude_tui.moments import instant
from claude_tui.reports.ccusage.lines import UsageLine
from claude_tui.reports.ccusage.periods import KEYS, period_of
from claude_tui.reports.ccusage.sums import Counts
from claude_tui.sources.codex.discovery import FOLDERS


@dataclass(slots=True)
class CodexSums:
    """Sums of Codex lines with each model's own."""

    counts: Counts = field(default_factory=Counts)
    reasoning: int = 0
    last_ms: int = 0
    models: dict[str, CodexSums] = field(default_factory=dict)

    def take(self, line: UsageLine, *, with_model: bool = True) -> None:
        """Add a line."""
        self.counts.add_line(line)
        self.reasoning += line.reasoning
        self.last_ms = max(self.last_ms, line.time_ms)
        if with_model and line.model:
            self.models.setdefault(line.model, CodexSums()).take(line, with_model=False)

    def tokens(self) -> dict[str, Any]:
        """Return the counters of a row."""
        return {**self.counts.row(), "reasoningOutputTokens": self.reasoning, "totalTokens": self.counts.tokens}

    def row(self) -> dict[str, Any]:
        """Return the counters of a row, its cost and its models."""
        models = {
            name: {**tally.tokens(), "isFallback": False, **({"missingPricing": True} if tally.is_unpriced else {})}
            for name, tally in self.models.items()
        }
        return {**self.tokens(), "costUSD": usd(self.counts.nano), "models": models}

    @property
    def is_unpriced(self) -> bool:
        """Whether something in it has no price."""
        return self.counts.has_unpriced


def report(lines: Iterable[UsageLine], kind: str, order: str = "asc") -> dict[str, Any]:
    """Return the daily, monthly or session report."""
    whole = CodexSums()
    groups: dict[str, CodexSums] = {}
    name = period_of(kind, "sunday")
    for line in lines:
        whole.take(line)
        groups.setdefault(session_id(line.path) if kind == "session" else name(line.day), CodexSums()).take(line)
    totals = {**whole.tokens(), "costUSD": usd(whole.counts.nano)}
    unpriced = sorted(model for model, tally in whole.models.items() if tally.is_unpriced)
    if unpriced:
        totals["unpricedModels"] = unpriced
    if kind == "session":
        return {"sessions": [_session(one, groups[one]) for one in sorted(groups)], "totals": totals}
    ordered = sorted(groups.items(), reverse=order == "desc")
    return {kind: [{KEYS[kind]: period, **tally.row()} for period, tally in ordered], "totals": totals}


def _session(session: str, tally: CodexSums) -> dict[str, Any]:
    folder, _, file = session.rpartition("/")
    return {
        **tally.row(),
        "sessionId": session,
        "sessionFile": file,
        "directory": folder,
        "lastActivity": instant(tally.last_ms),
    }


def session_id(path: str) -> str:
    """Return what a rollout is named by: its path below the folder of sessions, without its ending."""
    parts = PurePath(path).parts
    at = max((number for number, part in enumerate(parts) if part in FOLDERS), default=-1)
    name = "/".join(parts[at + 1 :]) if at >= 0 else PurePath(path).name
    return name.removesuffix(".zst").removesuffix(".jsonl")
