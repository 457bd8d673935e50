"""`claude-top mcp`: an MCP server on stdin and stdout, for an agent that wants to know its own cost."""

from __future__ import annotations

from argparse import Namespace

from claude_tui.cli import exits
from claude_tui.cli.parser import CommandParser, example


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command, of which there are none."""
    parser.set_defaults(run=run)
    parser.description = (
        "Answer report, explain and check to an agent over the Model Context Protocol, on stdin and stdout. Each\n"
        "answer is the JSON of the command of that name. It only reads, and listens on no port. Needs the mcp extra:\n"
        "pip install 'claude-top-tui[mcp]'."
    )
    parser.epilog = example("claude mcp add claude-top -- claude-top mcp")


def run(options: Namespace) -> int:
    """Serve until stdin ends, and return the exit code."""
    from importlib.util import find_spec

    if find_spec("mcp") is None:
        raise exits.CommandError("mcp needs a package: pip install 'claude-top-tui[mcp]'")
    from claude_tui.cli.mcp.server import serve

    serve()
    return exits.OK
