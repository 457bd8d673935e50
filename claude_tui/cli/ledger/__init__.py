"""`claude-top ledger`: shows, exports, imports and merges the history that outlives its logs."""

from __future__ import annotations

from typing import Final

from claude_tui.cli.command_list import Command, add_actions
from claude_tui.cli.parser import CommandParser, example

ACTIONS: Final = (
    Command("status", "check the ledger and list what it holds, by machine", "ledger.status"),
    Command("keep", "write what the logs say now, without a screen", "ledger.keeping"),
    Command("export", "write all responses as JSON Lines", "ledger.exporting"),
    Command("import", "read lines written by export", "ledger.importing"),
    Command("merge", "merge another machine's ledger.db", "ledger.merging"),
    Command("adopt", "carry over the history of a folder that moved", "ledger.adopting"),
)


def add_arguments(parser: CommandParser) -> None:
    """Add the actions."""
    parser.description = (
        "Manage the ledger, the history that outlives its logs. The screen and `serve` write it while they run, and\n"
        "`ledger keep` writes it once; every command counts what it holds.\n"
        "Ledgers of several machines merge exactly: a response that is in two of them counts once."
    )
    parser.epilog = example(
        "claude-top ledger status", "ssh desk claude-top ledger export | claude-top ledger import -"
    )
    add_actions(parser, ACTIONS)
