"""What a session is doing and how full its context is, judged from its log and its process. Must not read files."""

from __future__ import annotations

from typing import Final, NamedTuple

from claude_tui.model import SessionState
from claude_tui.pricing import Pricer
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.values.instants import AHEAD_MS
from claude_tui.units import HOUR_MS, MINUTE_MS

WORKING_MS: Final = 10 * MINUTE_MS
"""A turn without a new line for this long no longer looks like work."""
IDLE_MS: Final = HOUR_MS
"""A session without a new line for this long is over, as far as its log can tell."""
BASE_WINDOW: Final = 200_000
LONG_WINDOW: Final = 1_000_000


class Presence(NamedTuple):
    """What is known of a session's process.

    `is_alive`: found running. `status` as in `RegistryEntry`, "" where it does not say. `since_ms`: when that began,
    or when the end of the process was noticed.
    """

    is_alive: bool
    status: str = ""
    since_ms: int = 0
    pid: int = 0


def session_state(facts: FileFacts | None, last_ms: int, now_ms: int, presence: Presence | None = None) -> SessionState:
    """Judge a session by its process where one is known, else by its newest line (`last_ms`).

    By its line, a prompt or a tool result is being worked on and an answer waits. A running process knows better
    whether it works or waits, and its session is never over; an ended one leaves nothing but what came after it.
    """
    if last_ms > now_ms + AHEAD_MS:
        last_ms = 0  # a wrong clock: nothing says when that was
    if presence is None or (not presence.is_alive and last_ms > presence.since_ms):
        return _state_of_line(facts, now_ms - last_ms)
    if not presence.is_alive:
        return SessionState.DONE
    if presence.status == "busy":
        return SessionState.WORKING
    if presence.status == "waiting":
        return SessionState.WAITING
    age_ms = now_ms - max(last_ms, presence.since_ms)
    if presence.status:
        return SessionState.WAITING if age_ms < WORKING_MS else SessionState.IDLE
    state = _state_of_line(facts, age_ms)
    return SessionState.IDLE if state is SessionState.DONE else state


def _state_of_line(facts: FileFacts | None, age_ms: int) -> SessionState:
    if age_ms >= IDLE_MS:
        return SessionState.DONE
    kind = facts.last_kind if facts else ""
    if kind in ("user", "tool_result", "tool_use") and age_ms < WORKING_MS:
        return SessionState.WORKING
    if kind == "assistant" and age_ms < WORKING_MS:
        return SessionState.WAITING
    return SessionState.IDLE


def context_window(pricer: Pricer, facts: FileFacts) -> int:
    """Return the context window a session seems to have; 0 where its model is unknown.

    Models that always have the long window have it; others show 200k until any prompt has passed that, because
    the logs do not say which was asked for.
    """
    if not facts.context_model:
        return 0
    known = pricer.context_window(facts.context_model)
    if not known or pricer.is_native_1m(facts.context_model):
        return known
    if known >= LONG_WINDOW and max(facts.largest_prompt, facts.context_tokens, facts.compacted_tokens) <= BASE_WINDOW:
        return BASE_WINDOW
    return known
