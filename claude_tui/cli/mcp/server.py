"""The tools an agent can call over MCP. Each runs a command of claude-top and answers with the JSON it prints, so that
an agent reads the numbers that a person reads. Must not count anything itself.

Needs the `mcp` extra, which takes 390 ms to import: only `claude-top mcp` imports this.
"""

from __future__ import annotations

import json
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL, PIPE
from typing import Annotated, Final, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

import claude_tui
from claude_tui.waiting import in_time

LONGEST_S: Final = 300.0
"""Longest time a command may take, in seconds."""

ANSWERS: Final = (0, 4, 10, 11, 20, 30)
"""Exit codes of commands that printed what was asked: all but 1, 2, 3 and signals."""

INSTRUCTIONS: Final = (
    "Tokens and cost of AI coding agents on this machine, counted from their local logs. Costs are in nanodollars "
    "(1e-9 USD) at API list prices, not the user's bill. Days are local days."
)

Section = Literal["day", "week", "month", "hour", "model", "project", "session"]
Since = Annotated[str, Field(description="first day: YYYY-MM-DD, today, yesterday, 7d or 2026-W48")]
Until = Annotated[str, Field(description="last day, as since")]
Top = Annotated[int, Field(ge=0, description="only so many rows, and one for the rest; 0 for all")]
Project = Annotated[str, Field(description="a folder, or the end of it")]
Session = Annotated[str, Field(description="a session id, or the beginning of it")]
Key = Annotated[str, Field(description="one response by its key, msg_...; then nothing else")]


def serve() -> None:
    """Serve on stdin and stdout until stdin ends."""
    server = MCPServer("claude-top", version=claude_tui.__version__, instructions=INSTRUCTIONS, log_level="WARNING")
    for tool in (report, explain, check):
        server.tool(annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False), structured_output=False)(
            tool
        )
    server.run("stdio")


async def report(by: Section = "day", since: Since = "", until: Until = "", top: Top = 20) -> str:
    """Tokens and cost by day, week, month, hour, model, project or session, with the total."""
    return await answer("report", by=by, since=since, until=until, top=str(top or ""))


async def explain(
    since: Since = "", until: Until = "", model: str = "", project: Project = "", session: Session = "", key: Key = ""
) -> str:
    """Where a number comes from: rows read and dropped, prices used, lower bounds, what no log contains."""
    return await answer("explain", since=since, until=until, model=model, project=project, session=session, key=key)


async def check() -> str:
    """Compare spending with the user's budgets, and usage with the limits of the plan."""
    return await answer("check")


async def answer(command: str, **options: str) -> str:
    """Return the JSON that a command prints. Options that are empty are left out.

    Raises ToolError with the command's own line if it fails.
    """
    given = [f"--{name}={value}" for name, value in options.items() if value]
    running = await create_subprocess_exec(
        sys.executable, "-m", "claude_tui", command, "--json", *given, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    try:
        printed, said = await in_time(running.communicate(), LONGEST_S)
    finally:
        if running.returncode is None:
            running.kill()
    if running.returncode not in ANSWERS:
        raise ToolError(said.decode("utf-8", "replace").strip() or f"{command} ended with {running.returncode}")
    return json.dumps(json.loads(printed), separators=(",", ":"))
