"""Every command by name: what it is for and which module runs it. A module is loaded when its command is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final, NamedTuple

from claude_tui.cli.parser import CommandParser


class Command(NamedTuple):
    """A command: one line of help, and what adds its options, as "module:function" below claude_tui.cli.

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


class Group(NamedTuple):
    """Commands the help lists together, with an example of one of them."""

    title: str
    example: str
    commands: tuple[Command, ...]


GROUPS: Final = (
    Group(
        "numbers",
        "claude-top report --by model --since 2026-11-01",
        (
            Command("report", "totals by day, model, project and session", "commands.report"),
            Command("export", "every response, day or session, one per line", "commands.export"),
            Command("explain", "where a number comes from, and why others' differ", "commands.explain"),
            Command("price", "price usage records given on stdin", "commands.price"),
            Command("prices", "which prices are in use; `prices refresh` fetches newer ones", "commands.prices"),
        ),
    ),
    Group(
        "watching and limits",
        "claude-top check --budget-day 20 && start-the-big-job",
        (
            Command(
                "statusline", "a line for Claude Code's statusline; `statusline install` sets it up", "statusline.line"
            ),
            Command("check", "an exit code for scripts: budgets and reported limits", "commands.check"),
            Command("serve", "live numbers over HTTP, or the screen in a browser", "serve"),
        ),
    ),
    Group(
        "looking after it",
        "claude-top doctor",
        (
            Command("doctor", "what was found, what was skipped, how sure the numbers are", "commands.doctor"),
            Command("ledger", "history that outlives its logs: status, export, import, merge", "commands.ledger"),
            Command("config", "every setting with its default; `config check` finds mistakes", "commands.config"),
            Command("verify", "recount everything by the plain definition and compare", "commands.verify"),
            Command("bench", "how fast your own logs are counted, and that every way agrees", "commands.bench"),
            Command("completions", "completion scripts for bash, zsh and fish", "generated.completions"),
            Command("manual", "the manual page", "generated.manual"),
        ),
    ),
    Group(
        "as ccusage prints it",
        "claude-top claude daily --json --since 20261101",
        (
            Command("daily", "all clients by day", "ccusage.reports:add_report", ("daily",)),
            Command("weekly", "all clients by week", "ccusage.reports:add_report", ("weekly",)),
            Command("monthly", "all clients by month", "ccusage.reports:add_report", ("monthly",)),
            Command("session", "all clients by session", "ccusage.reports:add_report", ("session",)),
            Command("blocks", "five-hour blocks of Claude", "ccusage.reports:add_report", ("blocks",)),
            Command("claude", "the same of Claude Code alone, and blocks", "ccusage.reports:add_client", ("claude",)),
            Command("codex", "the same of Codex", "ccusage.reports:add_client", ("codex",)),
            Command("gemini", "the same of Gemini CLI", "ccusage.reports:add_client", ("gemini",)),
            Command("opencode", "the same of OpenCode", "ccusage.reports:add_client", ("opencode",)),
        ),
    ),
)
"""In the order the help lists them."""

PARTS: Final = (Command("statusline-install", "", "statusline.install"),)
"""What other commands run; the help is silent about them."""

COMMANDS: Final = (*(command for group in GROUPS for command in group.commands), *PARTS)


def listing() -> str:
    """Return every command with its summary, as the help shows them."""
    width = max(len(command.name) for group in GROUPS for command in group.commands)
    lines = []
    for group in GROUPS:
        lines += [f"{group.title}:", *(f"  {one.name:{width}}  {one.summary}" for one in group.commands)]
        lines += [f"    $ {group.example}", ""]
    return "\n".join([*lines, "claude-top COMMAND --help says more about each."])
