"""What a session is doing and how full its context is, judged from its log and its process. Must not read files."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from claude_tui.engine.queries.activity import SILENT_MS, WORKING_MS
from claude_tui.model import Activity, SessionState
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.values.instants import AHEAD_MS

BASE_WINDOW: Final = 200_000
_ASKED_FOR: Final = "[1m]"
"""How a name of a model says that the long window was asked for."""
_DONE: Final = Activity(SessionState.DONE)


class Presence(NamedTuple):
    """What is known of a session that runs, or ran while we looked.

    `activity` is what it is doing; an ended one is DONE since its end was noticed. `pid` is 0 if only a log tells.
    `name`, `cwd` and `version` are what the process says of itself, "" if it does not.
    """

    activity: Activity
    pid: int = 0
    name: str = ""
    cwd: str = ""
    version: str = ""

    @property
    def is_alive(self) -> bool:
        """Whether it was found running."""
        return self.activity.state is not SessionState.DONE


def session_activity(facts: FileFacts | None, last_ms: int, now_ms: int, presence: Presence | None = None) -> Activity:
    """Judge a session by its process if one is known, else by its newest line (`last_ms`).

    By its line, a prompt or a tool result is being worked on and an answer ends a turn. A running process knows better,
    and its session is never over; an ended one leaves nothing but what came after it.
    """
    if last_ms > now_ms + AHEAD_MS:
        last_ms = 0  # a wrong clock: nothing says when that was
    if presence is None or (not presence.is_alive and last_ms > presence.activity.since_ms):
        return _activity_of_line(facts, last_ms, now_ms - last_ms)
    return presence.activity


def _activity_of_line(facts: FileFacts | None, last_ms: int, age_ms: int) -> Activity:
    if age_ms >= SILENT_MS:
        return _DONE
    kind = facts.last_kind if facts else ""
    if kind in ("user", "tool_result", "tool_use") and age_ms < WORKING_MS:
        doing = "tool" if kind == "tool_use" else "model"
        return Activity(SessionState.WORKING, doing=doing, since_ms=last_ms, is_certain=doing == "model")
    if kind == "assistant" and age_ms < WORKING_MS:
        return Activity(SessionState.FINISHED, since_ms=last_ms)
    return Activity(SessionState.IDLE, since_ms=last_ms)


def context_window(pricer: Pricer, facts: FileFacts, *, is_short: bool = False) -> int:
    """Return the context window a session has by its log, else the one it seems to have; 0 if its model is unknown.

    Models with one window have it; others show 200k until any prompt has passed that, because the logs seldom say
    which was asked for. No model has more if the client `is_short`, because it was told to do without.
    """
    model = facts.context_model
    if not model:
        return 0
    if facts.context_window:
        return facts.context_window
    least, most = _windows(pricer, model)
    if is_short:
        return min(least, BASE_WINDOW)
    if least == most or max(facts.largest_prompt, facts.context_tokens, facts.compacted_tokens) > least:
        return most
    return least


@lru_cache(maxsize=256)
def _windows(pricer: Pricer, model: str) -> tuple[int, int]:
    """Return the context window that sessions of a model have at least, and the one they may have."""
    known = pricer.context_window(model)
    if known <= BASE_WINDOW or pricer.has_one_window(model) or _ASKED_FOR in model.lower():
        return known, known
    return BASE_WINDOW, known
