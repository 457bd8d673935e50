"""The ledger as every action meets it: opened, and what was written to it in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_tui.cli import exits
from claude_tui.figures import many

if TYPE_CHECKING:
    from claude_tui.engine.ledger import Ledger


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
