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


COMMANDS: Final = (
    Command("report", "totals by day, model, project and session", "report"),
    Command("export", "every response, day or session, one per line", "export"),
    Command("price", "price usage records given on stdin", "price"),
    Command("prices", "which prices are in use; `prices refresh` fetches newer ones", "prices"),
    Command("check", "an exit code for scripts: budgets and reported limits", "check"),
    Command("doctor", "what was found, what was skipped, how sure the numbers are", "doctor"),
    Command("ledger", "history that outlives its logs: status, export, import, merge", "ledger"),
    Command("serve", "live numbers over HTTP, or the screen in a browser", "serve"),
    Command("bench", "how fast your own logs are counted, and that every way agrees", "bench"),
    Command("explain", "where a number comes from, and why others' differ", "explain"),
    Command("completions", "completion scripts for bash, zsh and fish", "completions"),
    Command("manual", "the manual page", "manual"),
    Command("statusline", "one line for Claude Code's statusline; `statusline install` sets it up", "statusline"),
    Command("statusline-install", "", "statusline_install"),
    Command("daily", "all clients by day (as ccusage prints it)", "ccusage:add_report", ("daily",)),
    Command("weekly", "all clients by week", "ccusage:add_report", ("weekly",)),
    Command("monthly", "all clients by month", "ccusage:add_report", ("monthly",)),
    Command("session", "all clients by session", "ccusage:add_report", ("session",)),
    Command("blocks", "five-hour blocks of Claude", "ccusage:add_report", ("blocks",)),
    Command("claude", "Claude Code's own daily, weekly, monthly, session, blocks", "ccusage:add_client", ("claude",)),
    Command("codex", "the same reports for Codex", "ccusage:add_client", ("codex",)),
    Command("gemini", "the same reports for Gemini CLI", "ccusage:add_client", ("gemini",)),
    Command("opencode", "the same reports for OpenCode", "ccusage:add_client", ("opencode",)),
)
"""In the order the help lists them."""
