"""`claude-top ledger merge`: everything that another ledger holds. Must not change the other ledger."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from claude_tui.cli import exits, streams
from claude_tui.cli.ledger.book import changes, tell_not_counted
from claude_tui.cli.parser import CommandParser, example
from claude_tui.figures import many


def add_arguments(parser: CommandParser) -> None:
    """Add the options of merge."""
    parser.set_defaults(run=_merge)
    parser.description = (
        "Merge everything that another ledger holds. The other file is not changed. Invalid rows are left out and\n"
        "counted, and the exit code is 4. If the file is not a ledger, nothing is merged and the exit code is 1."
    )
    parser.epilog = example("claude-top ledger merge /mnt/laptop/.local/share/claude-top/ledger.db")
    parser.add_argument("file", metavar="FILE", help="ledger.db of another machine, or a backup of this machine's")


def _merge(options: Namespace) -> int:
    from claude_tui.engine.ledger import Doubt, Ledger, LedgerError
    from claude_tui.sources.values.display import display_name

    doubts: list[Doubt] = []
    ledger = Ledger.open()
    try:
        change = ledger.merge(Path(options.file), doubts.append)
    except LedgerError as error:
        raise exits.CommandError(f"nothing was merged: {error}") from None
    streams.narrate(f"merged: {changes(*change)}")
    tell_not_counted(ledger)
    if doubts:
        number = sum(doubt.number for doubt in doubts)
        first = display_name(f"{doubts[0].key.path}: {doubts[0].why}")
        streams.narrate(f"left out: {many(number, 'invalid row')}, the first in {first}")
    return exits.PARTIAL if doubts else exits.OK
