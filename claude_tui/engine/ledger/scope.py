"""Which records of a ledger belong to a count. Must not know what is in them."""

from __future__ import annotations

from collections.abc import Sequence

from claude_tui.clients import TELEMETRY
from claude_tui.engine.ledger.file.book import FileKey
from claude_tui.paths import telemetry_folder
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import SourceConfig


class LedgerScope(NamedTuple):
    """What is counted: this machine's files in `places`, (source, folder) pairs, and other machines' of `imported`.

    The folders of other machines cannot be compared, so for their files only the client decides.
    """

    places: Sequence[tuple[str, str]]
    imported: frozenset[str]

    def covers(self, key: FileKey, host: str) -> bool:
        """Whether a file belongs to the count. `host` is this machine."""
        if key.host != host:
            return key.source in self.imported
        return any(
            key.source == source and (key.path == place or key.path.startswith(place.rstrip("/") + "/"))
            for source, place in self.places
        )


def scope_of(config: SourceConfig, roots: Sequence[tuple[str, str]]) -> LedgerScope:
    """Return what belongs to a count of the logs in `roots`.

    What telemetry once said counts with them even if it is off and its files are gone, as logs that are gone do.
    """
    if config.explicit:
        return LedgerScope(roots, frozenset(config.sources) - config.explicit.keys())
    spool = (TELEMETRY, str(telemetry_folder(config.env)))
    return LedgerScope([*roots, spool], frozenset({*config.sources, TELEMETRY}))


def clean_host(name: str) -> str:
    """Return a machine's name in stored form: short, plain characters."""
    return name.encode("ascii", "backslashreplace").decode()[:64]
