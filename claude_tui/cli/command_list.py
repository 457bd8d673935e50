"""Every command by name: what it does and which module runs it. A module is loaded when its command is used.

Must not import a command.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Final

from claude_tui.cli.parser import CommandParser
from claude_tui.clients import CLIENTS
from claude_tui.records import NamedTuple


class Command(NamedTuple):
    """A command: one line of help, and the function that adds its options, as "module:function" below claude_tui.cli.

    The function takes the parser and `arguments`, and sets `run`, which returns the exit code.
    """

    name: str
    summary: str
    adds: str
    arguments: tuple[str, ...] = ()

    def fill(self, parser: CommandParser) -> None:
        """Add the command's options to its parser."""
        module, _, function = self.adds.partition(":")
        getattr(import_module(f"claude_tui.cli.{module}"), function or "add_arguments")(parser, *self.arguments)


def add_actions(parser: CommandParser, actions: Iterable[Command]) -> None:
    """Add the actions of a command, of which one must be named."""
    named = parser.add_subparsers(
        title="actions", metavar="ACTION", dest="action", parser_class=CommandParser, required=True
    )
    for action in actions:
        named.add_parser(action.name, help=action.summary, fill=action.fill)


class CommandGroup(NamedTuple):
    """Commands that the help lists together, with one example."""

    title: str
    example: str
    commands: tuple[Command, ...]


GROUPS: Final = (
    CommandGroup(
        "numbers",
        "claude-top report --by model --since 2026-11-01",
        (
            Command("report", "totals by day, model, project and session", "commands.numbers.report"),
            Command("export", "all responses, days or sessions, one per line", "commands.numbers.export"),
            Command(
                "explain", "where a number comes from, and why it differs from ccusage", "commands.numbers.explain"
            ),
            Command("price", "price usage records read from stdin", "commands.numbers.price"),
            Command("prices", "the prices in use; `prices refresh` fetches newer ones", "commands.numbers.prices"),
        ),
    ),
    CommandGroup(
        "watching and limits",
        "claude-top check --budget-day 20 && start-the-big-job",
        (
            Command(
                "statusline", "a line for Claude Code's statusline; `statusline install` sets it up", "statusline.line"
            ),
            Command(
                "sessions",
                "what the running sessions are doing; `--json --watch` for scripts",
                "commands.watching.sessions",
            ),
            Command(
                "hooks",
                "`hooks install` has Claude Code report compactions and permission prompts",
                "commands.watching.hooks",
            ),
            Command("check", "compare budgets and limits; an exit code for scripts", "commands.watching.check"),
            Command("serve", "live numbers over HTTP, or the screen in a browser", "serve"),
            Command("telemetry", "receive OpenTelemetry from the clients: run, status, install", "telemetry"),
            Command("mcp", "answer an agent's questions over the Model Context Protocol", "mcp"),
        ),
    ),
    CommandGroup(
        "maintenance",
        "claude-top doctor",
        (
            Command(
                "doctor", "what was found and skipped, and how exact the numbers are", "commands.maintenance.doctor"
            ),
            Command("ledger", "history that outlives its logs: status, export, import, merge", "ledger"),
            Command("fleet", "one exact total over many machines: push, merge, status", "fleet"),
            Command(
                "config", "every setting with its default; `config check` finds mistakes", "commands.maintenance.config"
            ),
            Command("verify", "recount everything the slow, plain way and compare", "commands.maintenance.verify"),
            Command("bench", "how fast your logs are counted, by every way of counting", "commands.maintenance.bench"),
            Command("schema", "JSON Schemas of what the commands print", "commands.maintenance.schema"),
            Command("completions", "completion scripts for bash, zsh and fish", "generated.completions"),
            Command("manual", "the manual page", "generated.manual"),
        ),
    ),
    CommandGroup(
        "reports in ccusage's format",
        "claude-top claude daily --json --since 20261101",
        (
            Command("daily", "all clients by day", "ccusage.reports:add_report", ("daily",)),
            Command("weekly", "all clients by week", "ccusage.reports:add_report", ("weekly",)),
            Command("monthly", "all clients by month", "ccusage.reports:add_report", ("monthly",)),
            Command("session", "all clients by session", "ccusage.reports:add_report", ("session",)),
            Command("blocks", "5-hour blocks of Claude Code", "ccusage.reports:add_report", ("blocks",)),
            Command("claude", "the same reports and blocks for Claude Code", "ccusage.reports:add_client", ("claude",)),
            *(
                Command(name, f"the same reports for {client.label}", "ccusage.reports:add_client", (name,))
                for name, client in sorted(CLIENTS.items())
                if name != "claude"
            ),
            Command("ccusage", "a drop-in replacement for ccusage 20 (or 18)", "ccusage.dropin"),
            Command("shim", "`shim install` puts a `ccusage` command on PATH that runs claude-top", "ccusage.shim"),
        ),
    ),
)
"""In the order of the help."""

PARTS: Final = (Command("statusline-install", "", "statusline.install"),)
"""Commands that other commands run; the help does not list them."""

COMMANDS: Final = (*(command for group in GROUPS for command in group.commands), *PARTS)


def listing() -> str:
    """Return every command with its summary, as the help shows it."""
    width = max(len(command.name) for group in GROUPS for command in group.commands)
    lines = []
    for group in GROUPS:
        lines += [f"{group.title}:", *(f"  {one.name:{width}}  {one.summary}" for one in group.commands)]
        lines += [f"    $ {group.example}", ""]
    return "\n".join([*lines, "Run claude-top COMMAND --help for details of a command."])
