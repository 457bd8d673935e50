"""What a session is doing: the word for it and what goes with the word. Must not know how it is found out."""

from __future__ import annotations

from enum import Enum

from claude_tui.records import NamedTuple


class SessionState(str, Enum):
    """What a session is doing.

    BLOCKED: it goes on only if a person answers. FINISHED: its turn is over and the prompt is free. FAILED: the turn
    ended with an error. LIMITED: the plan's limit is reached, until some instant. SUSPENDED: its process is stopped.
    IDLE: nothing was asked yet, or nothing happened for long. DONE: no process, or a log that has been silent for long.
    """

    BLOCKED = "blocked"
    WORKING = "working"
    RETRYING = "retrying"
    FINISHED = "finished"
    FAILED = "failed"
    LIMITED = "limited"
    SUSPENDED = "suspended"
    IDLE = "idle"
    DONE = "done"


class NamedActivity(NamedTuple):
    """What a session is called, and what it is doing."""

    name: str
    activity: Activity


class Activity(NamedTuple):
    """What a session is doing, at what, since when.

    `why` of BLOCKED: "permission", "question", "plan", or "dialog" for a menu the user opened. `doing` of WORKING:
    "model", "tool", "subagent" or "compacting". `tool` is the one that runs or is asked for, `argument` the beginning
    of what it was given. `is_in_agent`: a sub-agent asks. `since_ms` is 0 if it is not known. `until_ms` is when a
    limit ends or the next attempt begins. `error` is the client's own word. `attempt` of `attempts` is the one that is
    waited for. `background` says what still runs though the turn is over: "shell", "subagent". `is_certain`: False
    where the same signs can also mean that the tool runs.
    """

    state: SessionState
    why: str = ""
    doing: str = ""
    tool: str = ""
    argument: str = ""
    is_in_agent: bool = False
    since_ms: int = 0
    until_ms: int = 0
    error: str = ""
    attempt: int = 0
    attempts: int = 0
    background: tuple[str, ...] = ()
    is_certain: bool = True

    @property
    def is_waiting_for_you(self) -> bool:
        """Whether nothing goes on until a person answers what was not opened by that person."""
        return self.state is SessionState.BLOCKED and self.why != "dialog"
