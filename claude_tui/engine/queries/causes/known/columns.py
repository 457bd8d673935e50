"""What one transcript says of its responses, as columns: some forty bytes each. Names are numbers of `CauseNames`.

Must not know rows of other files, or prices.
"""

from __future__ import annotations

from array import array
from typing import Final

from claude_tui.engine.state.rows.interner import Numbers
from claude_tui.sources.causes import STARTERS, Caused, FileCauses, Repeat

LIFETIMES: Final = ("", "5m", "1h")


class CauseNames:
    """The names that columns of all files share, by number. Number 0 is "" and no call."""

    def __init__(self) -> None:
        self.calls: Numbers[tuple[str, ...]] = Numbers()
        self.texts: Numbers[str] = Numbers()
        self.calls.of(())
        self.texts.of("")


class FileCalls:
    """The responses of one file in the order of their first rows.

    `rows` are their rows in the table, -1 where they are not counted. `failed` has the positions of calls that failed;
    `starts` the sub-agents' calls by id, each with its response and the type it names. `is_shared`: some response is
    in other files, too; `is_new`: nothing has been made of it yet.
    `added` and `wrote` are there where sizes were asked for.
    """

    __slots__ = (
        "added", "agent_type", "agents", "asked_ms", "boundary", "branch", "calls", "failed", "has_calls_only",
        "interrupted", "is_new", "is_shared", "keys", "lifetime", "path", "plugin", "reason", "repeats", "rows",
        "skill", "started", "started_by", "starts", "thinking", "thread", "time_ms", "version", "wrote",
    )  # fmt: skip

    def __init__(self, path: str, found: FileCauses, names: CauseNames, *, with_sizes: bool = False) -> None:
        self.path = path
        self.agent_type = found.agent_type
        self.started_by = found.started_by
        self.started = found.started
        self.has_calls_only = found.has_calls_only
        self.rows = array("i")
        self.is_shared = False
        self.is_new = True
        responses, text = found.responses, names.texts.of
        self.keys = array("q", [one.key for one in responses])
        self.thread = array("H", [min(one.thread, 0xFFFF) for one in responses])
        self.time_ms = array("q", [one.time_ms for one in responses])
        self.asked_ms = array("q", [one.asked_ms for one in responses])
        self.calls = array("i", [_calls(one, names) for one in responses])
        self.skill = array("i", [text(one.skill) for one in responses])
        self.plugin = array("i", [text(one.plugin) for one in responses])
        self.agents = array("i", [text(one.agent_type) for one in responses])
        self.branch = array("i", [text(one.branch) for one in responses])
        self.version = array("i", [text(one.version) for one in responses])
        self.reason = array("i", [text(one.reason) for one in responses])
        self.boundary = array("i", [text(one.boundary) for one in responses])
        self.lifetime = bytes(LIFETIMES.index(one.lifetime) if one.lifetime in LIFETIMES else 0 for one in responses)
        self.thinking = {at: one.thinking for at, one in enumerate(responses) if one.thinking}
        self.interrupted = {at for at, one in enumerate(responses) if one.is_interrupted}
        self.repeats: dict[int, list[Repeat]] = {at: one.repeats for at, one in enumerate(responses) if one.repeats}
        self.added = [one.added for one in responses] if with_sizes else []
        self.wrote = [one.wrote for one in responses] if with_sizes else []
        self.failed: dict[int, tuple[int, ...]] = {}
        self.starts: dict[str, tuple[int, str]] = {}
        for at, one in enumerate(responses):
            if any(call.is_failed for call in one.calls):
                self.failed[at] = tuple(number for number, call in enumerate(one.calls) if call.is_failed)
            self.starts.update((call.id, (at, call.kind)) for call in one.calls if call.kind or call.name in STARTERS)


def _calls(one: Caused, names: CauseNames) -> int:
    return names.calls.of(tuple(call.name for call in one.calls)) if one.calls else 0
