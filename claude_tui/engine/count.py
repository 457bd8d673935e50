"""One count of everything, for reports and exports. Must not watch, keep or draw anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from claude_tui.engine.scan.reading import Task, is_more
from claude_tui.engine.setup import Setup
from claude_tui.engine.start import Opening
from claude_tui.engine.state.batch import Packed
from claude_tui.engine.state.rows.table import ResponseTable
from claude_tui.engine.state.store import UNUSABLE, Store
from claude_tui.model import Progress
from claude_tui.native.library import is_asked_for, is_ruled_out

if TYPE_CHECKING:
    from claude_tui.engine.scan.ahead import Ahead
    from claude_tui.engine.scan.scan import OnProgress
    from claude_tui.engine.unchanged import Unchanged

UNSAVED_BYTES: Final = 1 << 20
"""So much may be read again by the next start before saving it is worth its while."""


FEW_BYTES: Final = 1 << 20
"""So much is read here: it is too little for other processes, and for a bar, which need not even be loaded."""


Meanwhile = Callable[[Callable[[], object]], object]
"""Does something while the caller goes on."""


class NoLogsError(Exception):
    """Nothing to count was found; `places` are the folders that were looked in."""

    def __init__(self, places: list[str]) -> None:
        super().__init__("no logs found")
        self.places = places


def count(
    setup: Setup,
    *,
    keep_names: bool = False,
    on_progress: OnProgress | None = None,
    processes: int | None = None,
    meanwhile: Meanwhile | None = None,
    keep: Callable[[object], None] | None = None,
    unchanged: Unchanged | None = None,
) -> Store:
    """Read every log that the cache does not cover and return the store. Raises NoLogsError if there is none.

    `processes` is the number of worker processes; None chooses by the size of the work. The ledger is never written
    here. Where it cannot be read `on_progress` is shown why. `meanwhile` is given what writes the cache, to be called
    in another thread, and nothing may be taken into the store before that is done; without it that is done here. `keep`
    is given what else was made on the way: those who end soon need not free it. `unchanged` may have found the files,
    and is told if nothing of what was saved had changed.
    """
    opening = Opening(setup, keep_names=keep_names)
    if processes is None and not len(opening.files_seen) and is_ruled_out():
        from claude_tui.engine.scan.ahead import Ahead

        with Ahead(opening.reader) as ahead:
            tasks = opening.discover(ahead.found)
            ahead.all_found()
            _read(opening, tasks, on_progress, processes, ahead)
    else:
        tasks = opening.discover(known=unchanged.found if unchanged is not None else None)
        _read(opening, tasks, on_progress, processes)
    if not opening.recall():
        tasks = opening.all_tasks()
        _read(opening, tasks, on_progress, processes)
        opening.recall()
    if opening.head_start is not None:
        opening.head_start.end()  # another process may have saved meanwhile all that was to be read
    if opening.history_status and on_progress is not None:
        on_progress(Progress(history=opening.history_status))
    if unchanged is not None and not (tasks or opening.is_stale or opening.history_status or setup.pricer.problems):
        unchanged.read_nothing(opening.files)
    places = {place for _, place in opening.roots}
    if places.issuperset(file.path for file in opening.files) and not _has_anything(opening.store):
        raise NoLogsError([place for _, place in opening.roots])  # a place is among the files if it cannot be listed
    if opening.is_stale or is_more(tasks, UNSAVED_BYTES):
        if meanwhile is None:
            opening.save()
        else:
            meanwhile(opening.prepared_save())
    if keep is not None:
        keep((opening, tasks))
    loader = opening.store.table_loader
    if loader is not None:

        def load() -> ResponseTable:
            try:
                return loader()
            except UNUSABLE:
                opening.cache.discard()
                again = count(setup, processes=0)
                opening.store.clear()
                opening.store.restore(
                    again.owners, again.models, again.cells.all, again.facts, again.problem_log, again.cells.unlogged
                )
                opening.store.remembered_days |= again.remembered_days
                opening.store.unlogged = again.unlogged
                return again.table

        opening.store.table_loader = load
    return opening.store


def _has_anything(store: Store) -> bool:
    """Whether anything counts. What only telemetry tells does so when it has been settled that no log has it."""
    with store.lock:
        store.settle()
        return bool(len(store.cells))


def _read(
    opening: Opening,
    tasks: list[Task],
    on_progress: OnProgress | None,
    processes: int | None,
    ahead: Ahead | None = None,
) -> None:
    """Do the tasks, some of which may have been begun."""
    if not tasks:
        return

    def take_in(found: Packed) -> None:
        opening.store.take_in(found)
        opening.note(found.outcomes)

    if processes in (None, 0) and not is_more(tasks, FEW_BYTES) and not is_asked_for():
        for task in tasks:
            take_in(opening.reader.read_all([task]))
    else:
        from claude_tui.engine.scan.scan import Scan

        scan = Scan(tasks, opening.reader, processes=processes, ahead=ahead, head_start=opening.head_start)
        scan.run_here(take_in, on_progress or (lambda progress: None))
