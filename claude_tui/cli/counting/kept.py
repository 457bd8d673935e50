"""The ledger, brought up to date before a command goes on. Must not know what for."""

from __future__ import annotations

import asyncio
from argparse import Namespace

from claude_tui import runtime
from claude_tui.cli.counting.setup import setup
from claude_tui.cli.exits import CommandError
from claude_tui.cli.progress import Bar
from claude_tui.engine.keep import KeepResult, keep
from claude_tui.engine.setup import Setup


def kept(options: Namespace) -> tuple[Setup, KeepResult]:
    """Count all logs and write to the ledger what it does not hold. Raises CommandError if that is not possible."""
    runtime.counting()
    wanted = setup(options)
    with Bar("reading logs") as bar:
        done = asyncio.run(keep(wanted, bar.show))
    if done.error:
        raise CommandError(f"{wanted.ledger_file}: {done.error}")
    return wanted, done
