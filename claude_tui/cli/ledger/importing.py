"""`claude-top ledger import`: lines that export wrote, from any machine. Must not judge a line: the ledger does."""

from __future__ import annotations

import os
import stat
import sys
from argparse import Namespace
from typing import BinaryIO

from claude_tui.cli import exits, streams
from claude_tui.cli.ledger.book import changes, tell_not_counted
from claude_tui.cli.parser import CommandParser, example
from claude_tui.figures import many


def add_arguments(parser: CommandParser) -> None:
    """Add the options of import."""
    parser.set_defaults(run=_import)
    parser.description = (
        "Import lines written by `claude-top ledger export`, from any machine, in any order and as often as you\n"
        "like. A response is added if it is new, updated if the line has more of it, or left unchanged. Invalid\n"
        "lines are left out and counted, and the exit code is 4. FILE must be a regular file; use - to read a pipe\n"
        "on stdin."
    )
    parser.epilog = example("claude-top ledger import history.jsonl", "zcat history.gz | claude-top ledger import -")
    parser.add_argument("file", metavar="FILE", help="file to import; - for stdin")


def _import(options: Namespace) -> int:
    from claude_tui.engine.ledger import Ledger, LedgerError, import_jsonl, read_lines

    ledger = Ledger.open()
    bad: list[str] = []

    def on_bad(number: int, why: str) -> None:
        if not bad:
            bad.append(f"the first is line {number:,}: {why}")

    try:
        with sys.stdin.buffer if options.file == "-" else _open_regular(options.file) as file:
            done = import_jsonl(ledger, read_lines(file), on_bad)
    except LedgerError as error:
        raise exits.CommandError(f"import stopped, nothing more was imported: {error}") from None
    except OSError as error:
        raise exits.CommandError(f"{options.file}: {error.strerror}") from None
    streams.narrate(f"imported: {changes(*done[:3])}")
    tell_not_counted(ledger)
    if done.bad:
        streams.narrate(f"left out: {many(done.bad, 'line')} that `claude-top ledger export` did not write; {bad[0]}")
    return exits.PARTIAL if done.bad else exits.OK


def _open_regular(name: str) -> BinaryIO:
    """Open a regular file, without blocking on a pipe. Raises OSError."""
    descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise exits.CommandError(f"{name}: not a regular file; pipe its lines into `claude-top ledger import -`")
    return os.fdopen(descriptor, "rb")
