"""One count of everything, for reports and exports. Must not watch, keep or draw anything."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from claude_tui.engine.reading import batches, discover, read_batch, roots_of
from claude_tui.engine.store import Store
from claude_tui.pricing import Pricer
from claude_tui.sources.protocol import SourceConfig

OnProgress = Callable[[int, int, int, int], None]
"""Takes files done, files in all, bytes done, bytes in all."""


class NoLogsError(Exception):
    """Nothing to count was found; `places` are the folders that were looked in."""

    def __init__(self, places: list[str]) -> None:
        super().__init__("no logs found")
        self.places = places


def count(
    config: SourceConfig,
    pricer: Pricer,
    zone: ZoneInfo,
    *,
    keep_names: bool = False,
    on_progress: OnProgress | None = None,
) -> Store:
    """Read every log once and return the store. Raises NoLogsError where there is none."""
    files = discover(config)
    if not files:
        raise NoLogsError([place for _, place in roots_of(config)])
    store = Store(pricer, zone)
    total_bytes = sum(file.size for file in files)
    files_done = bytes_done = 0
    for batch in batches(files):
        for found in read_batch(batch, keep_names):
            store.apply(found.file.path, found.columns, found.facts, found.problems)
        files_done += len(batch)
        bytes_done += sum(file.size for file in batch)
        if on_progress is not None:
            on_progress(files_done, len(files), bytes_done, total_bytes)
    return store
