"""One count of everything, for reports and exports. Must not watch, keep or draw anything."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from claude_tui.engine.reading import FileColumns, FileReader, Task, discover, roots_of
from claude_tui.engine.scan import OnProgress, Scan
from claude_tui.engine.store import Store
from claude_tui.pricing import Pricer
from claude_tui.sources.protocol import SourceConfig


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
    processes: int | None = None,
) -> Store:
    """Read every log once and return the store. Raises NoLogsError where there is none.

    `processes` is the number of worker processes; None chooses by the size of the work.
    """
    files = discover(config)
    if not files:
        raise NoLogsError([place for _, place in roots_of(config)])
    store = Store(pricer, zone)
    scan = Scan([Task(file) for file in files], FileReader(pricer, zone, keep_names=keep_names), processes=processes)

    def take_in(found: Sequence[FileColumns]) -> None:
        for one in found:
            store.take_in(one)

    scan.run_here(take_in, on_progress or (lambda progress: None))
    return store
