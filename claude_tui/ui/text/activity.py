"""What a session is doing, as a glyph and as many words as there is room for. Pure.

Each state has a glyph and a word of its own, so that colour is never all that tells two apart.
"""

from __future__ import annotations

from typing import Final

from claude_tui import moments
from claude_tui.model import Activity, SessionState
from claude_tui.sources.values.display import display_name
from claude_tui.widths import width as width_of

SIGNS: Final[dict[SessionState, tuple[str, str]]] = {
    SessionState.BLOCKED: ("◆", "bad"),
    SessionState.WORKING: ("●", "good"),
    SessionState.RETRYING: ("↺", "warn"),
    SessionState.LIMITED: ("⊘", "warn"),
    SessionState.FAILED: ("✗", "bad"),
    SessionState.FINISHED: ("✓", ""),
    SessionState.SUSPENDED: ("‖", "warn"),
    SessionState.IDLE: ("○", ""),
    SessionState.DONE: ("·", "faint"),
}
"""Glyph and style of every state of a session."""

MENU: Final = ("◇", "")
"""A menu that the user opened: nobody needs to be called."""

_FIRST: Final = {SessionState.BLOCKED: 0, SessionState.WORKING: 1, SessionState.RETRYING: 1}
_LAST: Final = {SessionState.SUSPENDED: 3, SessionState.IDLE: 4}
_DONE: Final = 5
_AGENTS_WORD: Final = {"subagent": "sub-agent"}


def sign(activity: Activity) -> tuple[str, str]:
    """The glyph of an activity and the name of its style."""
    is_menu = activity.state is SessionState.BLOCKED and not activity.is_waiting_for_you
    return MENU if is_menu else SIGNS[activity.state]


def rank(activity: Activity | None) -> int:
    """How far up an activity belongs: what waits for a person first, then what works, what ended, what rests."""
    if activity is None:
        return len(SIGNS)
    if activity.state is SessionState.DONE:
        return _DONE  # thousands are
    if activity.state is SessionState.BLOCKED and not activity.is_waiting_for_you:
        return 2
    return _FIRST.get(activity.state, _LAST.get(activity.state, 2))


def words(activity: Activity, now_ms: int, width: int) -> str:
    """What is being done and since when, in at most `width` cells; the less room there is, the less is said.

    What is not certain keeps its question mark as long as there is room for anything.
    """
    has_since = activity.since_ms and not activity.until_ms and activity.state is not SessionState.DONE
    since = f" {moments.age(activity.since_ms, now_ms)}" if has_since else ""
    state, doubt = activity.state.value, "" if activity.is_certain else "?"
    short, long = _what(activity, now_ms)
    options = [
        f"{long}{doubt}{since}",
        f"{long}{doubt}",
        f"{short}{doubt}{since}",
        f"{short}{doubt}",
        f"{state}{doubt}",
    ]
    least = [f"{doubt}{since}", doubt] if doubt else [since.strip()]
    return next((text for text in (*options, *least) if width_of(text) <= width), "")


def sentence(activity: Activity, now_ms: int) -> str:
    """Everything that is known of an activity."""
    tool = display_name(f"{activity.tool}: {activity.argument}" if activity.argument else activity.tool)
    _, long = _what(activity, now_ms)
    said = [f"{activity.state.value}" + (f" ({long})" if long != activity.state.value else "")]
    if tool and activity.argument:
        said.append(tool)
    if activity.is_in_agent:
        said.append("in a sub-agent")
    if not activity.is_certain:
        said.append("or it already runs" if activity.state is SessionState.BLOCKED else "or it waits for you")
    if activity.since_ms and activity.state is not SessionState.DONE:
        said.append(f"since {moments.age(activity.since_ms, now_ms)}")
    return ", ".join(said)


def _what(activity: Activity, now_ms: int) -> tuple[str, str]:
    """What is being done, in a word or two and in a few more."""
    state, tool = activity.state, display_name(activity.tool)
    left = moments.countdown((activity.until_ms - now_ms) / 1000) if activity.until_ms > now_ms else ""
    if state is SessionState.BLOCKED:
        why = "menu" if activity.why == "dialog" else activity.why
        return why, f"{why} {tool}" if tool and why == "permission" else why
    if state is SessionState.WORKING:
        if activity.doing == "tool" and tool:
            return tool, tool
        doing = _AGENTS_WORD.get(activity.doing, activity.doing)
        return doing or state.value, doing or state.value
    if state is SessionState.RETRYING:
        attempt = f"retry {activity.attempt}/{activity.attempts}" if activity.attempts else "retrying"
        return attempt, f"{attempt} in {left}" if left else attempt
    if state is SessionState.LIMITED:
        return f"limited {moments.duration((activity.until_ms - now_ms) / 1000)}", f"limited, {left} left"
    if state is SessionState.FAILED:
        return state.value, f"{state.value} {display_name(activity.error)}" if activity.error else state.value
    if activity.background:
        runs = "+".join(_AGENTS_WORD.get(name, name) for name in activity.background)
        return state.value, f"{state.value} +{runs}"
    return state.value, state.value
