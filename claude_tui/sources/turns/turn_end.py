"""What the last rows of a log say of the turn that is under way, in words that all clients share.

Must not know any client's rows, nor judge what a session is doing.
"""

from __future__ import annotations

from typing import Final, Protocol

from claude_tui.records import NamedTuple

MAX_ARGUMENT: Final = 120
"""Characters of a tool's input that are kept: what there is room for in a row."""


class OpenTool(NamedTuple):
    """A tool that was asked for and has no result yet. `argument` is the beginning of what it was given."""

    name: str
    since_ms: int
    argument: str = ""
    needs_approval: bool = False


class TurnEnd(NamedTuple):
    """The turn at the end of a log.

    `asked_ms` is the instant of the newest prompt or tool result, `over_ms` that of the newest row that ends a turn.
    `is_closed`: that row is the client's own account of the whole turn. `tools` are in the order they were asked for.
    `error` is the client's word for what ended the turn, `until_ms` when a limit that did is lifted. `attempt` of
    `attempts` failed at `failed_ms` and the next comes at `until_ms`. `compacted_ms`
    is the newest compaction, `newest_ms` the newest row of all these.
    """

    asked_ms: int = 0
    over_ms: int = 0
    is_closed: bool = False
    tools: tuple[OpenTool, ...] = ()
    error: str = ""
    until_ms: int = 0
    attempt: int = 0
    attempts: int = 0
    failed_ms: int = 0
    compacted_ms: int = 0
    newest_ms: int = 0

    @property
    def is_over(self) -> bool:
        """Whether a turn came to its end and no other began."""
        return bool(self.over_ms) and self.over_ms >= self.asked_ms


NOTHING: Final = TurnEnd()


class TurnReader(Protocol):
    """Follows the rows of one log, given in file order."""

    def see(self, row: dict[str, object]) -> None:
        """Take in one row. What makes no sense is passed over."""

    def end(self) -> TurnEnd:
        """Return what the rows so far say."""
