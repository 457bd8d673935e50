"""`claude-top price`: prices usage records read from stdin. Must not know a price."""

from __future__ import annotations

import sys
from argparse import Namespace

from claude_tui.cli import exits, streams
from claude_tui.cli.counting.setup import pricer
from claude_tui.cli.parser import CommandParser, example


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the command."""
    parser.set_defaults(run=run)
    parser.description = (
        'Read records {"model", "ts", "usage", "source"?} from stdin, one JSON object per line, and write\n'
        '{"nano", "status", "flags"} for each, in the same order. `usage` has the format of the client\'s log.'
    )
    parser.epilog = example(
        'echo \'{"model": "claude-opus-5-5", "ts": "2026-11-01T12:00:00Z", '
        '"usage": {"output_tokens": 9}}\' | claude-top price --json'
    )
    parser.add_argument("-j", "--json", action="store_true", help="write JSON (the only format)")


def run(options: Namespace) -> int:
    """Price every line and return the exit code."""
    from claude_tui.pricing.batch import price_lines

    streams.write_lines(line.rstrip(b"\n") for line in price_lines(sys.stdin.buffer, pricer()))
    return exits.OK
