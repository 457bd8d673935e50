"""An agent asks `claude-top mcp` over its pipe, and reads what the commands print."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters, stdio_client

from claude_tui.cli import main
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000


async def call(*calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """Start the server, make the calls, and return their results."""
    command = StdioServerParameters(command=sys.executable, args=["-m", "claude_tui", "mcp"], env=dict(os.environ))
    async with stdio_client(command) as pipes, ClientSession(*pipes) as session:
        await session.initialize()
        return [await session.call_tool(name, given) for name, given in calls]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    main([*arguments, "--json"])
    return json.loads(capsys.readouterr().out)


async def test_every_tool_answers_what_its_command_prints(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        claude_home.append(assistant(f"msg_{number}", NOON + number, usage(input=1, output=2)))
    by_model, explained, checked = await call(
        ("report", {"by": "model", "since": "2026-11-01"}), ("explain", {"key": "msg_1"}), ("check", {})
    )
    assert json.loads(by_model.content[0].text) == printed(
        capsys, "report", "--by", "model", "--since", "2026-11-01", "--top", "20"
    )
    assert json.loads(explained.content[0].text) == printed(capsys, "explain", "--key", "msg_1")
    assert json.loads(checked.content[0].text)["status"] == "no data"


async def test_what_a_command_refuses_is_an_error_in_its_words(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2)))
    refused, unknown, injected = await call(
        ("report", {"since": "no day"}), ("report", {"by": "moon"}), ("explain", {"model": "--key=msg_1 --against"})
    )
    assert refused.is_error and "no day" in refused.content[0].text
    assert unknown.is_error
    assert injected.is_error and "--against" in injected.content[0].text
