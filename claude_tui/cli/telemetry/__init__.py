"""`claude-top telemetry`: receives what clients say about each call, shows what arrives, switches it on in clients."""

from __future__ import annotations

from typing import Final

from claude_tui.cli.command_list import Command, add_actions
from claude_tui.cli.parser import CommandParser, example

ACTIONS: Final = (
    Command("run", "receive without a screen, until interrupted", "telemetry.receiving:add_run"),
    Command("status", "who receives, what arrived and what was refused", "telemetry.receiving:add_status"),
    Command("install", "switch telemetry on in a client, or undo it", "telemetry.install"),
)


def add_arguments(parser: CommandParser) -> None:
    """Add the actions."""
    parser.description = (
        "Receive what the clients themselves say about each response over OpenTelemetry: calls that are in no log\n"
        "(titles, compaction, side questions), and outputs of which the log has only the beginning. Numbers and names\n"
        "are kept, no text of prompts, replies or commands. One process at a time receives: the screen or `serve`, if\n"
        "the settings have [telemetry] on = true, or `telemetry run`; when it ends, the next one takes over."
    )
    parser.epilog = example(
        "claude-top telemetry install --dry-run", "claude-top telemetry install --service",
        "claude-top telemetry status",
    )  # fmt: skip
    add_actions(parser, ACTIONS)
