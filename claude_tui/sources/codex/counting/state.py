"""What must be remembered of a rollout from one line to the next, and between two reads. Must not count."""

from __future__ import annotations

from dataclasses import dataclass, field

from claude_tui.sources.codex.counting.records import Tokens


@dataclass(slots=True)
class State:
    """What is remembered from line to line, simple enough for JSON.

    `previous` is the running total seen last, `epoch` how often it fell, `told` whether a record has already counted
    the response of its next change; `alone` is the response logged last without a total, `window`
    what the client said last of its model's context window. `leading` is set while a fork
    may still be repeating its parents' history; `is_copying` once the meta of another thread stood in it, which
    comes with such history. `dated_ms` is the time of the last line that must be looked at. `terms`
    name the requested service tier, which applies until other settings are applied.
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
    window: int = 0
    is_copying: bool = False
