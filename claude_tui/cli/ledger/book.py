"""The ledger as every action meets it: opened, and what was written to it in words."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from typing import TYPE_CHECKING

from claude_tui.cli import exits
from claude_tui.figures import many

if TYPE_CHECKING:
    from claude_tui.engine.ledger import Ledger
    from claude_tui.engine.ledger.pieces import KnownFile
    from claude_tui.reports.findings.ledger import MovedFolder
    from claude_tui.sources.protocol import SourceConfig


def opened() -> Ledger:
    """Return the ledger. Raises CommandError with exit code 3 if there is none."""
    from claude_tui.engine.ledger import Ledger

    ledger = Ledger.open()
    if not ledger.path.exists():
        message = f"no ledger yet; the screen (claude-top) and `serve` write it to {ledger.path}"
        raise exits.CommandError(message, exits.NO_LOGS)
    return ledger


def changes(added: int, updated: int, unchanged: int) -> str:
    """Return what was written, in words."""
    return f"{many(added, 'response')} added, {updated:,} updated, {unchanged:,} unchanged"


def not_counted(files: Iterable[KnownFile], config: SourceConfig | None = None) -> list[MovedFolder]:
    """Return the folders of this machine's files that a count does not look in, by default one without options."""
    from claude_tui.cli.options.places import source_config
    from claude_tui.engine.ledger import moved_in
    from claude_tui.engine.scan.discovery import roots_of
    from claude_tui.reports.findings.ledger import MovedFolder

    return [MovedFolder(*one) for one in moved_in(files, roots_of(config or source_config(Namespace())))]


def tell_not_counted(ledger: Ledger, config: SourceConfig | None = None) -> None:
    """Say on stderr what the ledger holds of folders that a count does not look in."""
    from claude_tui.cli.streams import narrate
    from claude_tui.reports.findings.ledger import moved_lines

    for line in moved_lines(not_counted(ledger.recall().files, config)):
        narrate(line)
