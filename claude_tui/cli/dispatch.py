"""Turns arguments into a running command, and any error into one line and an exit code.

Must not know what a command does.
"""

from __future__ import annotations

from argparse import SUPPRESS, Namespace
from collections.abc import Sequence
from typing import Any

from claude_tui import __version__, runtime
from claude_tui.cli import exits, streams
from claude_tui.cli.command_list import COMMANDS, listing
from claude_tui.cli.parser import CommandParser
from claude_tui.clients import CLIENTS

DESCRIPTION = "A live terminal monitor for what Claude Code costs and does. Without a command it opens the screen."


def run(arguments: Sequence[str]) -> int:
    """Run the command the arguments name and return the exit code."""
    streams.prepare()
    return streams.ended(_code_of(arguments))


def _code_of(arguments: Sequence[str]) -> int:
    try:
        options = parse(arguments)
        runtime.started()
        code: int = options.run(options)
    except exits.CommandError as error:
        streams.narrate(f"claude-top: {error.message}")
        return error.code
    except OSError as error:
        return streams.failed(error)
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else exits.OK if done.code is None else exits.FAILED
    return code


def parse(arguments: Sequence[str]) -> Namespace:
    """Parse the arguments. Exits as argparse does for help, version and usage errors."""
    arguments = modern(arguments)
    first = arguments[0] if arguments else ""
    if first == "ccusage" and arguments[1:2] not in (["-h"], ["--help"]):
        from claude_tui.cli.ccusage import dropin

        return dropin.parse(arguments[1:])
    parser = build(first)
    if first and not first.startswith("-") and ":" not in first and first not in _names():
        from difflib import get_close_matches  # 5 ms, for mistakes alone

        near = get_close_matches(first, _names(), 1)
        parser.error(f"unknown command {first!r}" + (f"; did you mean {near[0]}?" if near else ""))
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        # Known to be wrong only here, so the parser that complains is not the command's own.
        meant = _meant(parser, options.command or "", unknown[0])
        parser.prog += f" {options.command}" if options.command else ""
        parser.error(
            f"unknown option {unknown[0]!r}{meant}"
            if unknown[0].startswith("-")
            else f"unexpected argument {unknown[0]!r}"
        )
    found: Namespace = options
    return found


def _meant(parser: CommandParser, command: str, option: str) -> str:
    """Return which option of a command, or of none, was probably meant."""
    from difflib import get_close_matches

    of_command = next((action.choices for action in parser._actions if action.dest == "command"), None)
    chosen = of_command[command] if isinstance(of_command, dict) and command else parser
    near = get_close_matches(option.partition("=")[0], chosen._option_string_actions, 1)
    return f"; did you mean {near[0]}?" if near else ""


def _names() -> list[str]:
    return [command.name for command in COMMANDS]


def build(only: str = "") -> CommandParser:
    """Return the parser of all commands, or of one command only if `only` names it.

    The options of a command are added when it is used.
    """
    # Where a command is named what follows is its own, and nobody asks for the screen's options.
    fill = None if only in _names() else _add_top
    parser = CommandParser(prog="claude-top", description=DESCRIPTION, fill=fill, listing=listing())
    parser.usage = "%(prog)s [OPTION ...]\n       %(prog)s COMMAND [OPTION ...]"
    parser.add_argument("-v", "--version", action="version", version=f"claude-top {__version__}")
    commands = parser.add_subparsers(
        metavar="COMMAND", dest="command", prog="claude-top", parser_class=CommandParser, help=SUPPRESS
    )
    for command in [command for command in COMMANDS if command.name == only] or COMMANDS:
        # A command without a summary is a part of another and stays out of the help.
        shown: dict[str, Any] = {"help": command.summary} if command.summary else {}
        commands.add_parser(command.name, fill=command.fill, **shown)
    return parser


def _add_top(parser: CommandParser) -> None:
    from claude_tui.cli.commands.watching import top

    top.add_arguments(parser)


def modern(arguments: Sequence[str]) -> list[str]:
    """Rewrite `claude:daily` as `claude daily`, and add `daily` if a client is named without a report."""
    first, *rest = [*arguments] or [""]
    client, colon, report = first.partition(":")
    if colon and client in CLIENTS and report.isalpha():
        return [client, report, *rest]
    if first in CLIENTS and not (rest and (rest[0] in ("-h", "--help") or not rest[0].startswith("-"))):
        return [first, "daily", *rest]
    return list(arguments)
