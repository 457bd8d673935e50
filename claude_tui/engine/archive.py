"""Why responses were made whose logs are gone: what the ledger keeps of it. Must not read logs, nor divide any cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claude_tui.engine.queries.causes.known.book import Archive


def archive_of(ledger_file: Path | None) -> Archive | None:
    """Return what finds in a ledger why responses were made whose logs are gone; None without one. Loads no ledger
    before it is asked. What was written in a newer format is not known."""
    if ledger_file is None:
        return None

    def look(names: Collection[tuple[str, str]]) -> Mapping[str, bytes]:
        from claude_tui.engine.ledger import Ledger
        from claude_tui.engine.ledger.causes import recall_causes
        from claude_tui.sources.causes_archive import READABLE

        kept = recall_causes(Ledger.open(ledger_file), names)
        return {path: one.data for (_, path), one in kept.items() if one.stamp.format in READABLE}

    return look
