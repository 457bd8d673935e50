"""`claude-top ledger adopt`: the history of a folder that moved, under its new path. Must not move a file."""

from __future__ import annotations

import os
from argparse import Namespace

from claude_tui.cli import exits, streams
from claude_tui.cli.ledger.book import changes, opened
from claude_tui.cli.parser import CommandParser, example
from claude_tui.figures import many


def add_arguments(parser: CommandParser) -> None:
    """Add the options of adopt."""
    parser.set_defaults(run=_adopt)
    parser.description = (
        "Carry over the history of this machine's logs below the folder OLD: it is merged under the same paths below\n"
        "NEW, where the logs are now. The history under OLD stays, and running this again changes nothing. The exit\n"
        "code is 3 if the ledger has no history of OLD. `claude-top ledger status` lists folders that moved."
    )
    parser.epilog = example("claude-top ledger adopt /old/home/.claude/projects ~/.claude/projects")
    parser.add_argument("old", metavar="OLD", help="former path of the folder")
    parser.add_argument("new", metavar="NEW", help="present path of the folder")


def _adopt(options: Namespace) -> int:
    from claude_tui.engine.ledger import LedgerError, adopt

    ledger = opened()
    old, new = (os.path.abspath(os.path.expanduser(folder)) for folder in (options.old, options.new))
    try:
        done = adopt(ledger, old, new)
    except LedgerError as error:
        raise exits.CommandError(f"stopped, nothing more was carried over: {error}") from None
    if ledger.status:
        raise exits.CommandError(f"{ledger.path}: {ledger.status}")
    if not done.files:
        raise exits.CommandError(f"the ledger has no history of this machine's files below {old}", exits.NO_LOGS)
    streams.narrate(f"carried over: {many(done.files, 'file')}; {changes(*done.change)}")
    return exits.OK
