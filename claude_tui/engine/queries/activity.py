"""The rule by which a session's activity follows from its registry entry, its process, its logs and our hook.

Pure: it must not read files or clocks. The registry entry is the client's own word and decides where it has a status;
the logs say at what, since when, and how a turn ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from claude_tui.model import Activity, SessionState
from claude_tui.records import NamedTuple
from claude_tui.sources.claude.running.hook_marks import HookMarks
from claude_tui.sources.claude.running.registry import RegistryEntry
from claude_tui.sources.claude.running.turn_end import AGENTS, PLAN, QUESTION
from claude_tui.sources.turns.turn_end import NOTHING, OpenTool, TurnEnd
from claude_tui.units import HOUR_MS, MINUTE_MS

WORKING_MS: Final = 10 * MINUTE_MS
"""A turn without a new line for this long no longer looks like work."""
SILENT_MS: Final = HOUR_MS
"""A log without a new line for this long is of a session that is over, as far as a log can tell."""
SHELL_STARTS_MS: Final = 1_500
"""A shell command that is allowed has a process by then."""
STAMP_MS: Final = 1_000
"""A tool that asks is logged up to so long after the status that says so."""

_WHY: Final = {QUESTION: "question", PLAN: "plan"}


class Process(NamedTuple):
    """What the system says of a session's process.

    `is_stopped`: it is suspended, as was noticed at `noticed_ms`. `runs_shell`: a command of its Bash tool runs; None
    where that cannot be seen.
    """

    is_alive: bool = True
    is_stopped: bool = False
    noticed_ms: int = 0
    runs_shell: bool | None = None


def activity_of(
    entry: RegistryEntry,
    process: Process,
    main: TurnEnd,
    agents: Sequence[TurnEnd],
    marks: HookMarks,
    now_ms: int,
) -> Activity:
    """Return what a session is doing. `agents` are the ends of its sub-agents' logs."""
    if not process.is_alive:
        return Activity(SessionState.DONE, since_ms=process.noticed_ms)
    if process.is_stopped:
        return Activity(SessionState.SUSPENDED, since_ms=process.noticed_ms)
    # What an earlier process of the session left open, nobody will finish.
    main = _since(main, entry.started_ms)
    agents = [end for end in (_since(one, entry.started_ms) for one in agents) if end.newest_ms >= entry.started_ms]
    if entry.status == "waiting":
        return _blocked(entry, main, agents)
    if entry.status in ("idle", "shell"):
        return _over(entry, main, now_ms)
    if entry.status:
        return _busy(entry, main, agents, marks)
    return _untold(process, main, agents, marks, now_ms)


def activity_of_log(end: TurnEnd, now_ms: int) -> Activity:
    """Return what a session is doing, by its log alone, where a call that needs approval says so in its input.

    The same log stands there while an approved call runs, so that is not certain.
    """
    age_ms = now_ms - end.newest_ms
    if age_ms >= SILENT_MS:
        return Activity(SessionState.DONE)
    if end.is_over:
        return _ended(end, end.over_ms, now_ms)
    asked = next((tool for tool in end.tools if tool.needs_approval), None)
    if asked is not None:
        return Activity(
            SessionState.BLOCKED, "permission", tool=asked.name, argument=asked.argument, since_ms=asked.since_ms,
            is_certain=False,
        )  # fmt: skip
    return _working(end, 0) if age_ms < WORKING_MS else Activity(SessionState.IDLE, since_ms=end.newest_ms)


def _since(end: TurnEnd, started_ms: int) -> TurnEnd:
    if all(tool.since_ms >= started_ms for tool in end.tools):
        return end
    return end._replace(tools=tuple(tool for tool in end.tools if tool.since_ms >= started_ms))


def _own_tool(end: TurnEnd) -> OpenTool | None:
    """Return the first open tool that does something itself."""
    return next((tool for tool in end.tools if tool.name not in AGENTS), None)


def _blocked(entry: RegistryEntry, main: TurnEnd, agents: Sequence[TurnEnd]) -> Activity:
    since_ms = entry.status_ms
    if entry.waiting_for == "dialog open":
        return Activity(SessionState.BLOCKED, "dialog", since_ms=since_ms)
    # In one log the first that is open asks, those behind it wait for their turn. Of several logs it is the one whose
    # tool was logged last before the question was put: what was there longer runs.
    asking = [
        (tool.since_ms <= since_ms + STAMP_MS, tool.since_ms, is_agent, tool)
        for is_agent, end in [(False, main), *((True, end) for end in agents)]
        if (tool := _own_tool(end)) is not None
    ]
    _, _, is_agent, tool = max(asking, key=lambda one: one[:3], default=(True, 0, False, OpenTool("", 0)))
    why = _WHY.get(tool.name, "question" if entry.waiting_for == "input needed" else "permission")
    return Activity(
        SessionState.BLOCKED, why, tool=tool.name, argument=tool.argument, is_in_agent=is_agent, since_ms=since_ms
    )


def _over(entry: RegistryEntry, main: TurnEnd, now_ms: int) -> Activity:
    background = ("shell",) if entry.status == "shell" else ()
    if main.newest_ms or background:
        return _ended(main, entry.status_ms, now_ms)._replace(background=background)
    return Activity(SessionState.IDLE, since_ms=entry.status_ms)


def _ended(end: TurnEnd, since_ms: int, now_ms: int) -> Activity:
    """Return how a turn ended."""
    if not end.error:
        return Activity(SessionState.FINISHED, since_ms=since_ms)
    if end.until_ms > now_ms:
        return Activity(SessionState.LIMITED, since_ms=since_ms, until_ms=end.until_ms, error=end.error)
    return Activity(SessionState.FAILED, since_ms=since_ms, error=end.error)


def _busy(entry: RegistryEntry, main: TurnEnd, agents: Sequence[TurnEnd], marks: HookMarks) -> Activity:
    since_ms = entry.status_ms
    if marks.compacting_ms > max(main.asked_ms, main.compacted_ms):
        return Activity(SessionState.WORKING, doing="compacting", since_ms=marks.compacting_ms)
    is_over = main.is_over and main.over_ms > since_ms and not main.tools
    # The client's account comes after its hooks at the end of a turn; before that, an agent must be seen to work.
    if is_over and (main.is_closed or any(not end.is_over for end in agents)):
        return Activity(SessionState.FINISHED, since_ms=main.over_ms, background=("subagent",))
    return _working(main, since_ms)


def _working(end: TurnEnd, since_ms: int) -> Activity:
    """Return at what a session works, not longer than since an instant."""
    tool = _own_tool(end) or next(iter(end.tools), None)
    if end.attempt or end.failed_ms:
        return Activity(
            SessionState.RETRYING, since_ms=end.failed_ms, until_ms=end.until_ms, attempt=end.attempt,
            attempts=end.attempts,
        )  # fmt: skip
    if tool is None:
        return Activity(SessionState.WORKING, doing="model", since_ms=max(since_ms, end.asked_ms))
    doing = "subagent" if tool.name in AGENTS else "tool"
    # A tool that had to be allowed runs since that moment.
    return Activity(
        SessionState.WORKING, doing=doing, tool=tool.name, argument=tool.argument,
        since_ms=max(since_ms, tool.since_ms),
    )  # fmt: skip


def _untold(process: Process, main: TurnEnd, agents: Sequence[TurnEnd], marks: HookMarks, now_ms: int) -> Activity:
    """Return the activity of a process that does not say its status, as up to version 2.1.138."""
    asking = [(is_agent, tool) for is_agent, end in [*((True, end) for end in agents), (False, main)]
              if not end.is_over and (tool := _own_tool(end)) is not None]  # fmt: skip
    for is_agent, tool in asking:
        is_asked = marks.permission_tool == tool.name and marks.permission_ms >= tool.since_ms
        is_stuck = tool.name == "Bash" and process.runs_shell is False and now_ms - tool.since_ms > SHELL_STARTS_MS
        if tool.name in _WHY or is_asked or is_stuck:
            return Activity(
                SessionState.BLOCKED, _WHY.get(tool.name, "permission"), tool=tool.name, argument=tool.argument,
                is_in_agent=is_agent, since_ms=marks.permission_ms if is_asked else tool.since_ms,
                is_certain=tool.name in _WHY or is_asked,
            )  # fmt: skip
    if marks.compacting_ms > max(main.asked_ms, main.compacted_ms):
        return Activity(SessionState.WORKING, doing="compacting", since_ms=marks.compacting_ms)
    if main == NOTHING:
        return Activity(SessionState.IDLE)
    if main.is_over:
        return _ended(main, main.over_ms, now_ms)
    if not main.tools and now_ms - main.newest_ms >= WORKING_MS:
        return Activity(SessionState.IDLE, since_ms=main.newest_ms)  # a turn that was interrupted may leave no trace
    found = _working(main, 0)
    is_certain = found.doing != "tool" or process.runs_shell is True
    return found._replace(is_certain=is_certain)
