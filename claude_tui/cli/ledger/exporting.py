"""`claude-top ledger export`: all responses of the ledger as JSON Lines. Must not know what a line holds."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from claude_tui.cli import exits, streams
from claude_tui.cli.ledger.book import opened
from claude_tui.cli.parser import CommandParser, example

if TYPE_CHECKING:
    from claude_tui.engine.ledger import Ledger


def add_arguments(parser: CommandParser) -> None:
    """Add the options of export."""
    parser.set_defaults(run=_export)
    parser.description = (
        "Write all responses of the ledger as JSON Lines, one response per line, with its machine as `host`. Lines\n"
        "may be removed, sorted and joined with others before they are imported."
    )
    parser.epilog = example("claude-top ledger export > history.jsonl", "claude-top ledger export -o history.jsonl")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE, replacing it once everything is written")


def _export(options: Namespace) -> int:
    lines = _lines(opened())
    if options.output:
        streams.replace_file(options.output, lines)
    else:
        streams.write_lines(lines)
    return exits.OK


def _lines(ledger: Ledger) -> Iterator[bytes]:
    from claude_tui.engine.ledger import export_jsonl

    for line in export_jsonl(ledger):
        yield line.rstrip(b"\n")
    for error_text in filter(None, (ledger.status, ledger.notice)):
        # Nobody may take the part that could be read for the whole.
        raise exits.CommandError(f"{ledger.path}: {error_text}", exits.FAILED if ledger.status else exits.PARTIAL)
