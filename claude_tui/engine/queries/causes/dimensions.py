"""The conventions: to what the cost of a response goes, in each dimension. Each of them gives away all of it.

Must not know how costs are made, or where facts come from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from claude_tui.engine.queries.causes.known.facts import DETACHED, NO_NAME, mcp_of
from claude_tui.engine.queries.causes.tables import NOT_LOGGED, CauseOf, Facts
from claude_tui.records import NamedTuple


class Target(NamedTuple):
    """What a part of a cost goes to: a name, or a label for what has none. `part` is a tool of an MCP server."""

    name: str | None
    label: str
    part: str = ""
    project: str = ""

    def is_of(self, row: CauseOf) -> bool:
        """Whether it is in a row of a table."""
        return (
            self.name == row.name
            and (self.name is not None or self.label == row.label)
            and row.project in ("", self.project)
        )


class Dimension(NamedTuple):
    """A way to divide costs. `convention` and `notes` are for people; `is_by_call`: evenly over the calls."""

    name: str
    convention: str
    notes: tuple[str, ...] = ()
    is_by_call: bool = False


DIMENSIONS: Final = {
    one.name: one
    for one in (
        Dimension(
            "tool",
            "evenly over the calls of each response",
            ("a call of a sub-agent has its own share only; what the sub-agent spent stands beside it",),
            is_by_call=True,
        ),
        Dimension(
            "mcp",
            "evenly over the calls of each response",
            ("sizes of tool definitions are not in the log",),
            is_by_call=True,
        ),
        Dimension("skill", "from the start of a skill or command to your next prompt"),
        Dimension("plugin", "the plugin of the skill or sub-agent that was running"),
        Dimension("agent", "by the type of sub-agent that made the response"),
        Dimension("branch", "by the branch the log names", ("a checkout counts from your next prompt on",)),
        Dimension("ticket", "by the ticket in the name of the branch", ("a checkout counts from your next prompt on",)),
        Dimension("kind", "tokens of each kind at their rate"),
        Dimension(
            "context",
            "by what prompts were made of: what was written, what was new, and what was carried along",
            ("estimated from sizes", "the start of the prompt is system, tools and all that this version does not log"),
        ),
        Dimension("cache", "what lost prompt caches cost beyond reading them, and everything else"),
    )
}  # fmt: skip

TITLES: Final = {
    "tool": "tool", "mcp": "MCP server", "skill": "skill or command", "plugin": "plugin", "agent": "sub-agent",
    "branch": "branch", "ticket": "ticket", "kind": "kind of token", "context": "part of the prompt",
    "cache": "lost cache",
}  # fmt: skip
"""What a row is, by dimension."""

NO_MCP: Final = "(no MCP)"
"""What calls of other tools go to, by MCP server."""
NO_ROW: Final = "calls without a row of their own (compaction, titles, inside of a web search) have no cause"


def named(name: str, none: str) -> Target:
    """Return the target of a name, which may be "": then `none` says what that means."""
    return Target(name, name) if name else Target(None, none)


def _tools(facts: Facts) -> list[Target]:
    targets = []
    for tool in facts.tools:
        mcp = mcp_of(tool)
        targets.append(Target(mcp[0], f"{mcp[0]} (MCP)", tool) if mcp else named(tool, NO_NAME))
    return targets or [Target(None, "(answer)")]


def _mcp(facts: Facts) -> list[Target]:
    found = (mcp_of(tool) for tool in facts.tools)
    targets = [Target(mcp[0], mcp[0], mcp[1]) if mcp else Target(None, NO_MCP) for mcp in found]
    return targets or [Target(None, NO_MCP)]


def _branch(facts: Facts) -> list[Target]:
    if facts.branch == DETACHED:
        return [Target(None, "(detached)")]
    return [named(facts.branch, "(no branch)")]


_WHOLE: Final[dict[str, Callable[[Facts], list[Target]]]] = {
    "tool": _tools,
    "mcp": _mcp,
    "skill": lambda facts: [named(facts.skill, "(none)")],
    "plugin": lambda facts: [named(facts.plugin, "(none)")],
    "branch": _branch,
}


def targets_of(by: str, facts: Facts, ticket: re.Pattern[str]) -> Sequence[Target]:
    """Return what a response goes to, evenly, by a dimension that names things; its facts are known or not."""
    if by == "agent":
        return [named(facts.agent_type, "(type not in the log)")]
    if facts.problem:
        return [Target(None, facts.problem)]
    if facts.has_calls_only and by != "tool":
        return [Target(None, NOT_LOGGED)]
    if by == "ticket":
        found = ticket.search(facts.branch)
        return [named(found[0] if found else "", "(no ticket)")]
    return _WHOLE[by](facts)
