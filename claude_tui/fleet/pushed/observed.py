"""What one machine has seen of a log file, and what of that may leave the machine: no titles, branches or texts.

What is kept is an allow-list. Must not know where or how it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from claude_tui.engine.ledger.file.record import FileKey
from claude_tui.fleet.paths_rule import digest
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import FileFacts

KEPT_FACTS: Final = (
    "session", "parent", "cwd", "version", "agent", "last_ms", "is_complete", "client_totals", "asked_models",
)  # fmt: skip
"""The facts of a file that leave a machine: its session and folder, and numbers."""


class Observed(NamedTuple):
    """A log file as one machine knows it. `user` and `team` say who pushed it; `seen` is the state of the object it
    was read from, "" if it was none, or changed meanwhile."""

    user: str
    team: str
    key: FileKey
    columns: Columns
    facts: tuple[FileFacts, ...]
    seen: str = ""


def kept(observed: Observed, folder: Callable[[str], str]) -> Observed:
    """Return what of a file may leave the machine: folders by a rule, its path as a hash, no titles and branches."""
    columns = observed.columns.cut(0, len(observed.columns))
    columns.owners = [owner._replace(cwd=folder(owner.cwd)) for owner in columns.owners]
    facts = tuple(
        FileFacts(**{name: getattr(one, name) for name in KEPT_FACTS})._replace(cwd=folder(one.cwd))
        for one in observed.facts
    )
    key = observed.key._replace(path=digest(observed.key.path))
    return Observed(observed.user, observed.team, key, columns, facts, observed.seen)
