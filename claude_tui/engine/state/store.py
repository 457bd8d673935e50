"""The one place where responses are de-duplicated, attributed, priced and summed: the books, and a lock over them.

Thread-safe. Idempotent: applying a file twice changes nothing. Order-independent: any order of files gives the
same numbers. Sums are kept per cell (local day, owner, model), so what a change costs does not depend on the
length of the history. Must not read files or draw.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from claude_tui.engine.state import intake, remembered
from claude_tui.engine.state.batch import FileColumns, FileOutcome, Packed, pack
from claude_tui.engine.state.books import Books
from claude_tui.engine.state.facts import FactBook, SessionKey
from claude_tui.engine.state.problems import ProblemLog
from claude_tui.engine.state.reconciling.cells import mend_cells
from claude_tui.engine.state.reconciling.telemetry import level_told
from claude_tui.engine.state.reconciling.unlogged import level_unlogged
from claude_tui.engine.state.rows.owner import Owner
from claude_tui.engine.state.rows.table import PAIRED
from claude_tui.engine.state.sums.cellbook import CellBook
from claude_tui.engine.state.sums.cells import CellKey, Sums, file_cells
from claude_tui.model import Problem, Totals
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import Columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import FileFacts, LogFile

__all__ = ["UNUSABLE", "Owner", "Store", "StoreChanges"]

UNUSABLE: Final = (OSError, ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What loading single responses may raise if those that were saved are damaged."""


class StoreChanges(NamedTuple):
    """What changed since changes were last taken: cells with their sums before, and sessions whose facts did.

    `moved` says that sums made from cells must be made anew: something left a cell, or changed its project.
    """

    cells: Mapping[CellKey, Sequence[int]]
    sessions: set[SessionKey]
    moved: bool


class Store(Books):
    """Everything counted so far, for any number of threads. A reader of several books holds `lock`."""

    def clear(self) -> None:
        """Forget everything. What was made of it must be made anew."""
        with self.lock:
            self._empty()

    def restore(
        self,
        owners: Sequence[Owner],
        models: Sequence[str],
        cells: dict[CellKey, Sums],
        facts: FactBook,
        problems: ProblemLog,
        unlogged: Mapping[CellKey, int] = MappingProxyType({}),
    ) -> None:
        """Take over sums and names counted before; `table_loader` must give the responses they are the sums of.

        `unlogged` is what of the sums no log shows (see `CellBook`).
        """
        with self.lock:
            self.take_names(owners, models)
            self.cells, self.facts, self.problem_log = CellBook(cells, unlogged), facts, problems
            self.is_moved = True
            self.revision += 1

    # -- what comes in -------------------------------------------------------------------------------------

    def take_in(self, found: Packed) -> bool:
        """Take in what reading files gave, as `intake` says. Returns whether anything changed."""
        with self.lock:
            before = self.revision
            intake.take_in(self, found)
            return self.revision != before

    def apply(
        self,
        path: str,
        columns: Columns,
        facts: Sequence[FileFacts] = (),
        problems: Iterable[Problem] = (),
        *,
        is_whole: bool = True,
    ) -> bool:
        """Take in what is known of one file, as `take_in` does."""
        file = LogFile(columns.source, path, "", 0, 0, 0, 0)
        outcome = FileOutcome(file, None, Problems(problems), None, is_whole, sessions=tuple(facts))
        return self.take_in(pack([FileColumns(outcome, columns, file_cells(columns, self.pricer, self.calendar))]))

    def remember(self, path: str, columns: Columns, facts: Sequence[FileFacts] = ()) -> bool:
        """Add what the ledger holds of a log, as `remembered` says. Returns whether anything changed."""
        with self.lock:
            before = self.revision
            remembered.remember(self, path, columns, facts)
            return self.revision != before

    def forget_remembered(self, source: str, path: str, facts: Sequence[FileFacts]) -> None:
        """Forget what the ledger said of the sessions of a file: the file says all of it."""
        with self.lock:
            remembered.forget(self, source, path, facts)

    def remember_files(self, paths: Collection[str]) -> None:
        """Mark the days of what was counted in files that are gone, and take back their problems."""
        with self.lock:
            self.forget_problems(paths)
            remembered.remember_files(self, paths)

    def forget_problems(self, paths: Iterable[str]) -> bool:
        """Take back the problems of files that are no longer there. Returns whether there were any."""
        with self.lock:
            found = [path for path in paths if self.problem_log.note(path, (), is_whole=True)]
            self.revision += len(found)
            return bool(found)

    def pack_keys(self) -> None:
        """Pack the keys of responses, in steps that hold nobody up."""
        is_more = True
        while is_more:
            with self.lock:
                is_more = self.table.row_of.seal_run()

    # -- what goes out -------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Level what the client counted and no log shows with all else, then the cells. Hold the lock."""
        level_told(self)
        level_unlogged(self)
        mend_cells(self)

    def take_changes(self) -> StoreChanges:
        """Return what changed since the last call. Call with the lock held."""
        self.settle()
        changes = StoreChanges(self.cells.take_changed(), self.facts.take_changed(), self.is_moved)
        self.is_moved = False
        return changes

    def newest_ms(self, until_ms: int) -> int:
        """Return the instant of the newest response or line up to an instant."""
        return max(self.cells.newest_ms(until_ms), self.facts.newest_until(until_ms))

    @property
    def problems(self) -> list[Problem]:
        """Everything skipped or doubted, by file."""
        with self.lock:
            return self.problem_log.all()

    def paths_with_problems(self) -> set[str]:
        """Return the logs of which anything was skipped or doubted."""
        with self.lock:
            return self.problem_log.paths()

    def day_totals(self, day: int) -> Totals:
        """Sum everything of a local day, given as its proleptic ordinal."""
        with self.lock:
            return self.cells.day_totals(day)

    def rows_between(self, since_ms: int, until_ms: int) -> Iterator[int]:
        """Yield the rows with an instant in (since_ms, until_ms], each once, in no order. Hold the lock.

        Nothing is yielded before the table has been loaded: recent figures must not delay the first picture.
        """
        if not self.is_table_loaded:
            return
        flags = self.table.flags
        yield from (row for row in self.recent.between(self.table.time, since_ms, until_ms) if not flags[row] & PAIRED)

    def sessions_between(self, since_ms: int, until_ms: int) -> set[SessionKey]:
        """Return the sessions with a line or a response in (since_ms, until_ms]. Hold the lock."""
        found = self.facts.seen_between(since_ms, until_ms)
        for row in self.rows_between(since_ms, until_ms):
            owner = self.owners[self.table.owner[row]]
            found.add((owner.source, owner.session))
        return found

    def has_responses(self, session: SessionKey) -> bool:
        """Whether anything was counted of a session."""
        return session in self.sessions
