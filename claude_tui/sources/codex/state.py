"""What must be remembered of a rollout from one line to the next, and between two reads. Must not count."""

from __future__ import annotations

from dataclasses import dataclass, field

from claude_tui.sources.codex.records import Tokens


@dataclass(slots=True)
class State:
    """What is remembered from line to line, plain enough for JSON.

    `previous` is the running total last seen, `epoch` how often it fell, `told` whether a record has told the
    response of its next change; `alone` the response last told without a total. `leading` holds while a fork may still
    be repeating its parents' history. `dated_ms` is when the last line was written that has to be looked at. `terms`
    name the service tier that was asked for, which holds until other settings are applied.
    """

    thread: str = ""
    root: str = ""
    parents: list[str] = field(default_factory=list)
    is_subagent: bool = False
    agent_type: str = ""
    cwd: str = ""
    branch: str = ""
    version: str = ""
    started_ms: int = 0
    model: str = ""
    turns: dict[str, str] = field(default_factory=dict)
    previous: Tokens | None = None
    epoch: int = 0
    told: bool = False
    leading: bool = False
    context: int = 0
    compactions: int = 0
    alone: str = ""
    dated_ms: int = 0
    terms: str = ""
