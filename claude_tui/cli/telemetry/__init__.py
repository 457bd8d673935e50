"""`claude-top telemetry`: receives what clients say about each call, shows what arrives, switches it on in clients."""

from __future__ import annotations

from argparse import Namespace

from claude_tui.cli.parser import CommandParser, example, port


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
    actions = parser.add_subparsers(
        title="actions", metavar="ACTION", dest="action", parser_class=CommandParser, required=True
    )
    actions.add_parser("run", help="receive without a screen, until interrupted", fill=_add_run)
    actions.add_parser("status", help="who receives, what arrived and what was refused", fill=_add_status)
    actions.add_parser("install", help="switch telemetry on in a client, or undo it", fill=_add_install)


def _add_run(parser: CommandParser) -> None:
    parser.set_defaults(run=_run)
    parser.description = (
        "Receive without a screen, until interrupted. If another process receives, wait and take over when it ends.\n"
        "`claude-top telemetry install --service` has the system start this at every login."
    )
    parser.epilog = example("claude-top telemetry run", "claude-top telemetry run --port 4318")
    parser.add_argument("--port", type=port, metavar="N", help="port to listen on (default: that of the settings)")


def _add_status(parser: CommandParser) -> None:
    parser.set_defaults(run=_status)
    parser.description = (
        "Show who receives, which clients are set up, what arrived, what was refused and why, and where it is kept.\n"
        "The exit code is 1 if nobody receives or what arrives cannot be kept."
    )
    parser.epilog = example("claude-top telemetry status", "claude-top telemetry status --json | jq .refused")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON (schema claude-top/telemetry@1)")


def _add_install(parser: CommandParser) -> None:
    from claude_tui.cli.telemetry import install

    install.add_arguments(parser)


def _run(options: Namespace) -> int:
    from claude_tui.cli.telemetry.receiving import run

    return run(options)


def _status(options: Namespace) -> int:
    from claude_tui.cli.telemetry.receiving import status

    return status(options)
