"""What the results of tools brought into prompts, beside what their calls cost: from what prompts were made of.

Must not divide costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from claude_tui.engine.queries.causes.dimensions import NO_MCP
from claude_tui.engine.queries.causes.known.facts import mcp_of
from claude_tui.engine.queries.causes.tables import CauseRow, CauseTable

RESULT: Final = "result "
"""What the part of a prompt begins with that is the results of a tool; its name follows."""

NOTE: Final = "results are estimated from sizes; carrying them is a part of the cost of the responses after them"


def with_results(table: CauseTable, context: CauseTable) -> CauseTable:
    """Return a table by tool or by MCP server whose rows also say what the results of their calls brought into prompts,
    as `context` estimates it for the same responses."""
    brought: Mapping[str, CauseRow] = {
        row.label.removeprefix(RESULT): row for row in context.rows if row.label.startswith(RESULT)
    }
    is_by_tool, of_mcp = table.by == "tool", {tool: mcp_of(tool) for tool in brought}
    rows = []
    for row in table.rows:
        of_parts = [
            [part.label] if is_by_tool else [tool for tool, mcp in of_mcp.items() if mcp == (row.name, part.label)]
            for part in row.parts
        ]
        if of_parts:
            tools = [tool for of_part in of_parts for tool in of_part]
        elif row.name is not None:
            tools = [row.name]
        else:
            tools = [tool for tool, mcp in of_mcp.items() if mcp is None] if row.label == NO_MCP else []
        parts = tuple(_with(part, of_part, brought) for part, of_part in zip(row.parts, of_parts, strict=True))
        rows.append(_with(row, tools, brought)._replace(parts=parts))
    return table._replace(rows=tuple(rows), has_results=True, notes=(*table.notes, NOTE))


def _with(row: CauseRow, tools: Iterable[str], brought: Mapping[str, CauseRow]) -> CauseRow:
    found = [brought[tool] for tool in tools if tool in brought]
    return row._replace(
        tokens_est=sum(one.tokens_est for one in found), carried_nano=sum(one.carried_nano for one in found)
    )
