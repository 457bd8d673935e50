"""The one place where responses are de-duplicated, attributed, priced and summed.

Thread-safe. Idempotent: applying a file twice changes nothing. Order-independent: any order of files gives the
same numbers. Sums are kept per cell (local day, owner, model), so what a change costs does not depend on the
length of the history. Must not read files or draw.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from claude_tui.engine.state.batch import FileColumns, FileOutcome, Packed, pack
from claude_tui.engine.state.doubtful import date_undated
from claude_tui.engine.state.facts import FactBook, SessionKey
from claude_tui.engine.state.problems import ProblemLog
from claude_tui.engine.state.rows.interner import Numbers
from claude_tui.engine.state.rows.recent_rows import RecentRows
from claude_tui.engine.state.rows.table import Entry, FileRef, Names, Table
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cellbook import CellBook
from claude_tui.engine.state.sums.cells import CellKey, Sums, file_cells
from claude_tui.engine.state.unlogged.by_session import SOURCE as TOTALLED
from claude_tui.engine.state.unlogged.by_session import Unlogged, mark_of
from claude_tui.engine.state.unlogged.remainder import Mark, Remainder
from claude_tui.model import Price, Problem, Totals, Usage
from claude_tui.pricing import Pricer
from claude_tui.sources.columns import COPY, LOWER_BOUND, Columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import FileFacts, LogFile

UNUSABLE: Final = (OSError, ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What loading single responses may raise where those that were saved are damaged."""


class Owner(NamedTuple):
    """Who responses belong to. `cwd` is the rows' own folder, used where the session's own is unknown."""

    source: str
    session: str
    agent: str
    cwd: str


class Changes(NamedTuple):
    """What changed since changes were last taken: cells with their sums before, and sessions whose facts did.

    `moved` says that sums made from cells must be made anew: something left a cell, or changed its project.
    """

    cells: dict[CellKey, tuple[int, ...]]
    sessions: set[SessionKey]
    moved: bool


class Store:
    """Everything counted so far. `revision` moves whenever a number or a name may have changed."""

    def __init__(self, pricer: Pricer, zone: ZoneInfo, *, keep_names: bool = True) -> None:
        self.lock = threading.RLock()
        self.pricer = pricer
        self.calendar = Calendar(zone)
        self.revision = 0
        self._keep_names = keep_names
        self.clear()

    def clear(self) -> None:
        """Forget everything. What was made of it must be made anew."""
        with self.lock:
            self.revision += 1
            self.table_loader: Callable[[], Table] | None = None
            self._table: Table | None = None
            self._owners: Numbers[Owner] = Numbers()
            self._models: Numbers[str] = Numbers()
            self.cells = CellBook()
            self.facts = FactBook()
            self.problem_log = ProblemLog()
            self.unlogged = Unlogged()
            self.remembered_days: set[int] = set()
            self._recent = RecentRows()
            self._moved = True
            self._sessions: set[SessionKey] = set()
            self._file_numbers: dict[FileRef, int] = {}

    @property
    def owners(self) -> list[Owner]:
        """Owners by number."""
        return self._owners.names

    @property
    def models(self) -> list[str]:
        """Model ids by number."""
        return self._models.names

    @property
    def is_table_loaded(self) -> bool:
        """Whether single responses can be had at once."""
        return self._table is not None or self.table_loader is None

    @property
    def table(self) -> Table:
        """Every response; loaded when first needed where it was restored. Raises as the loader does."""
        if self._table is None:
            loader = self.table_loader
            self._table = loader() if loader is not None else Table(keep_names=self._keep_names)
            self.table_loader = None  # only now: where it raised, the next one must not be given an empty table
            self._file_numbers = {ref: number for number, ref in enumerate(self._table.files)}
        return self._table

    def pack_keys(self) -> None:
        """Pack the keys of responses, in steps that hold nobody up."""
        is_more = True
        while is_more:
            with self.lock:
                is_more = self.table.row_of.seal_run()

    def restore(
        self,
        owners: Sequence[Owner],
        models: Sequence[str],
        cells: dict[CellKey, Sums],
        facts: FactBook,
        problems: ProblemLog,
    ) -> None:
        """Take over sums and names counted before; `table_loader` must give the responses they are the sums of."""
        with self.lock:
            for owner in owners:
                self.owner_number(owner)
            for model in models:
                self._models.of(model)
            self.cells, self.facts, self.problem_log = CellBook(cells), facts, problems
            self._moved = True
            self.revision += 1

    # -- what comes in -------------------------------------------------------------------------------------

    def take_in(self, found: Packed) -> bool:
        """Take in what reading files gave: all they say, or their newest lines. Returns whether anything changed.

        The problems of a file are added to those known of it, or where the whole file was read replace them.
        """
        source = found.columns.source
        with self.lock:
            before = self.revision
            for outcome in found.outcomes:
                path, is_whole = outcome.file.path, outcome.is_whole
                for facts in outcome.every_fact:
                    changed, moved = self.facts.learn(source, path, facts, is_whole=is_whole)
                    self._moved |= not moved.isdisjoint(self._sessions)
                    self.revision += changed
                    self._learn_totals(source, facts)
                if outcome.checkpoint is not None or outcome.problems or is_whole:  # else nobody looked at the file
                    self.revision += self.problem_log.note(path, outcome.problems, is_whole=is_whole)
            self._add_files(found)
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

    def _add_files(self, found: Packed) -> None:
        """Add responses: those of many files at once, up to a file that shares some with what is known."""
        columns, table = found.columns, self.table
        if columns.source == TOTALLED:
            self.unlogged.touched.update(owner.session for owner in columns.owners)
        owners = [self.owner_number(Owner(columns.source, *owner)) for owner in columns.owners]
        models = [self._models.of(model) for model in columns.models]
        files = array("i")
        for outcome, start, end in found.spans():
            file = self._file_number(FileRef(columns.source, outcome.file.path))
            keys = columns.key[start.row : end.row]
            if len(set(keys)) == len(keys) and table.row_of.is_disjoint(keys):
                table.row_of.extend(keys, len(table) + len(files))
                files.extend([file] * len(keys))
                for (day, owner, model), sums in found.cells_of(start, end):
                    self.cells.merge(CellKey(day, owners[owner], models[model]), sums)
            else:
                self._extend(columns.cut(start.row - len(files), start.row), files, owners, models)
                files = array("i")
                own = slice(start.owner, end.owner), slice(start.model, end.model)
                self._merge(found.columns_of(start, end), file, owners[own[0]], models[own[1]])
        self._extend(columns.cut(len(columns) - len(files), len(columns)), files, owners, models)

    def _extend(self, columns: Columns, files: array[int], owners: list[int], models: list[int]) -> None:
        """Add responses whose keys and sums have been added already."""
        if columns:
            self._recent.extend(columns.time, len(self.table))
            self.table.extend(columns, files, owners, models)
            self.revision += 1

    def _merge(self, columns: Columns, file: int, owners: list[int], models: list[int]) -> None:
        """Add the responses of a file of which some are known, or that names some twice."""
        table, names = self.table, Names(self.owners, self.models)
        fresh: dict[int, int] = {}
        again = []
        is_merged = False
        for entry, key in enumerate(columns.key):
            row = table.row_of.get(key)
            if row is None:
                if fresh.setdefault(key, entry) != entry:
                    again.append(entry)
                continue
            found = Entry(columns, entry, file, owners[columns.owner[entry]], models[columns.model[entry]])
            if columns.source == TOTALLED and self._is_membership_new(row, found):
                # Which file of a session says so first is no news to anybody else.
                sessions = self.owners[found.owner].session, self.owners[table.owner[row]].session
                is_merged |= self.unlogged.has_totals_of(sessions)
                self._note_membership(row, found)
            if table.would_change(row, found, names):
                is_merged = True
                self._touch(row)
                time_ms = table.time[row]
                self._add(row, -1)
                table.merge(row, found, names)
                self._add(row, 1)
                if table.time[row] != time_ms:
                    self._recent.add(row, table.time[row])
        self.revision += is_merged
        others = columns.pick(list(fresh.values()))
        for (day, owner, model), sums in file_cells(others, self.pricer, self.calendar).items():
            self.cells.merge(CellKey(day, owners[owner], models[model]), sums)
        table.row_of.extend(others.key, len(table))
        self._extend(others, array("i", [file]) * len(others), owners, models)
        if again:
            self._merge(columns.pick(again), file, owners, models)

    def _learn_totals(self, source: str, facts: FileFacts) -> None:
        """Take in what the client said of a session, by all that is known of it."""
        if source == TOTALLED and facts.session:
            known = self.facts.sessions.get((source, facts.session))
            self.unlogged.learn(facts.session, known.client_totals if known is not None else "")
        if source == TOTALLED and facts.asked_models:
            self.unlogged.learn_asked(facts.session or facts.parent, facts.asked_models)

    def _is_membership_new(self, row: int, found: Entry) -> bool:
        """Whether it is news that the session of an entry holds a response."""
        owner, known = self.owners[found.owner], self.owners[self.table.owner[row]]
        if owner.session == known.session and row not in self.table.memberships.of_row:
            return False
        return self.table.memberships.would_note(row, known.session, owner.session, self._mark_of(found))

    def _note_membership(self, row: int, found: Entry) -> None:
        owner, known = self.owners[found.owner], self.owners[self.table.owner[row]]
        mark = mark_of(self.table, self.owners, row)
        self.table.memberships.note(row, known.session, mark, owner.session, self._mark_of(found))

    def _mark_of(self, found: Entry) -> Mark:
        columns, entry = found.columns, found.entry
        offset = -1 if self.owners[found.owner].agent else columns.offset[entry]
        return Mark(offset, bool(columns.flags[entry] & COPY))

    def _touch(self, row: int) -> None:
        """Take note that a response changed, for every session that holds it."""
        self.unlogged.touched.add(self.owners[self.table.owner[row]].session)
        self.unlogged.touched.update(self.table.memberships.of_row.get(row, ()))

    def _file_number(self, ref: FileRef) -> int:
        number = self._file_numbers.get(ref)
        if number is None:
            number = self._file_numbers[ref] = len(self.table.files)
            self.table.files.append(ref)
        return number

    def remember(self, path: str, columns: Columns, facts: Sequence[FileFacts] = ()) -> bool:
        """Add what the ledger holds of a log. The days of what no log has said so far are marked.

        Returns whether anything changed. What it holds of a file that can be read counts beside what that says.
        """
        if 0 in columns.time:
            columns = columns.cut(0, len(columns))
            date_undated(columns, path, max((one.last_ms for one in facts), default=0))
        file = FileColumns(
            FileOutcome(LogFile(columns.source, path, "", 0, 0, 0, 0), None, Problems(), None, is_whole=False),
            columns,
            file_cells(columns, self.pricer, self.calendar),
        )
        with self.lock:
            before = self.revision
            for one in facts:
                changed, moved = self.facts.learn(columns.source, path, one, is_remembered=True)
                self._moved |= not moved.isdisjoint(self._sessions)
                self.revision += changed
                self._learn_totals(columns.source, one)
            news = self._news(columns, path)
            days = {self.calendar.day_hour(columns.time[entry])[0] for entry in news}
            self.revision += not days <= self.remembered_days
            self.remembered_days |= days
            if news or self._holds_news(columns):
                self._add_files(pack([file]))
            return self.revision != before

    def _news(self, columns: Columns, path: str) -> list[int]:
        """Return the entries that would change anything."""
        file = self._file_number(FileRef(columns.source, path))
        owners = [self.owner_number(Owner(columns.source, *owner)) for owner in columns.owners]
        models = [self._models.of(model) for model in columns.models]
        names, would_add = Names(self.owners, self.models), self.table.would_add
        return [
            entry
            for entry in range(len(columns))
            if would_add(Entry(columns, entry, file, owners[columns.owner[entry]], models[columns.model[entry]]), names)
        ]

    def _holds_news(self, columns: Columns) -> bool:
        """Whether it is news of any response which session holds it."""
        if columns.source != TOTALLED:
            return False
        owners = [self.owner_number(Owner(columns.source, *owner)) for owner in columns.owners]
        rows = map(self.table.row_of.get, columns.key)
        entries = (Entry(columns, entry, -1, owners[columns.owner[entry]], -1) for entry in range(len(columns)))
        known = ((row, entry) for row, entry in zip(rows, entries, strict=True) if row is not None)
        return any(self._is_membership_new(row, entry) for row, entry in known)

    def remember_files(self, paths: Collection[str]) -> None:
        """Mark the days of what was counted in files that are gone."""
        with self.lock:
            self.forget_problems(paths)
            files = {number for number, ref in enumerate(self.table.files) if ref.path in paths}
            times = (self.table.time[row] for row, file in enumerate(self.table.file) if file in files)
            before = len(self.remembered_days)
            self.remembered_days.update(self.calendar.day_hour(time_ms)[0] for time_ms in times)
            self.revision += len(self.remembered_days) != before

    def forget_problems(self, paths: Iterable[str]) -> bool:
        """Take back the problems of files that are no longer there. Returns whether there were any."""
        with self.lock:
            found = [path for path in paths if self.problem_log.note(path, (), is_whole=True)]
            self.revision += len(found)
            return bool(found)

    # -- sums ----------------------------------------------------------------------------------------------

    def _add(self, row: int, sign: int) -> None:
        """Add a response to its cells, or take it out of them again."""
        table = self.table
        time_ms, owner = table.time[row], table.owner[row]
        day = self.calendar.day_hour(time_ms)[0]
        lower_bounds = sign if table.flags[row] & LOWER_BOUND else 0
        key = CellKey(day, owner, table.model[row])
        self.cells.add(key, time_ms, table.usage(row), self.price(row), sign, sign, lower_bounds)
        for number, extra in enumerate(table.extras.get(row, ())):
            key = CellKey(day, owner, self._models.of(extra.model))
            self.cells.add(key, time_ms, extra.usage, self.extra_price(row, number), sign, 0, 0)

    def price(self, row: int) -> Price:
        """Price a response without its extras."""
        table = self.table
        return self.pricer.price(
            table.files[table.file[row]].source,
            self.models[table.model[row]],
            table.time[row],
            table.usage(row),
            table.terms.get(row, ""),
            table.reported.get(row),
        )

    def extra_price(self, row: int, number: int) -> Price:
        """Price one extra of a response."""
        extra = self.table.extras[row][number]
        source = self.table.files[self.table.file[row]].source
        return self.pricer.price(source, extra.model, self.table.time[row], extra.usage, extra.terms)

    def take_changes(self) -> Changes:
        """Return what changed since the last call. Call with the lock held."""
        self.settle()
        changes = Changes(self.cells.take_changed(), self.facts.take_changed(), self._moved)
        self._moved = False
        return changes

    def settle(self) -> None:
        """Level what the client counted and no log shows with all else, then the cells. Hold the lock.

        Cells that lost their first or last instant are given it again; empty ones go.
        """
        self._level_unlogged()
        lost = self.cells.lost
        if not lost:
            return
        found: dict[CellKey, tuple[int, int]] = {}

        def see(row: int, model: int) -> None:
            time_ms = table.time[row]
            key = CellKey(self.calendar.day_hour(time_ms)[0], table.owner[row], model)
            if key in lost:
                first, last = found.get(key, (time_ms, time_ms))
                found[key] = (min(first, time_ms), max(last, time_ms))

        table = self.table
        groups = {(key.owner, key.model) for key in lost}
        for row, group in enumerate(zip(table.owner, table.model, strict=True)):
            if group in groups:
                see(row, group[1])
        for row, extras in table.extras.items():
            for extra in extras:
                see(row, self._models.of(extra.model))
        for session, remainder in self.unlogged.all.items():
            for key in self._keys_of_unlogged(session, remainder):
                if key in lost:
                    first, last = found.get(key, (remainder.time_ms, remainder.time_ms))
                    found[key] = min(first, remainder.time_ms), max(last, remainder.time_ms)
        self._moved |= self.cells.mend(found)

    def _level_unlogged(self) -> None:
        """Put what the client counted and no log shows in its cells, in place of what was there of it."""
        if not self.unlogged.touched:
            return
        changes = self.unlogged.level(self.table, self.owners, self.models, self.table.memberships)
        for session, before, after in changes:
            for sign, remainder in ((-1, before), (1, after)):
                if remainder is not None:
                    self._add_unlogged(session, remainder, sign)
        self.revision += bool(changes)

    def _add_unlogged(self, session: str, remainder: Remainder, sign: int) -> None:
        keys = self._keys_of_unlogged(session, remainder)
        for key, (model, usage) in zip(keys, remainder.models, strict=True):
            price = self.unlogged_price(remainder, model, usage)
            self.cells.add(key, remainder.time_ms, usage, price, sign, 0, 0)

    def _keys_of_unlogged(self, session: str, remainder: Remainder) -> list[CellKey]:
        """Return the cells a remainder is in, model by model."""
        if not remainder.models:
            return []
        day, owner = self.calendar.day_hour(remainder.time_ms)[0], self.owner_number(self.unlogged_owner(session))
        return [CellKey(day, owner, self._models.of(model)) for model, _ in remainder.models]

    def unlogged_owner(self, session: str) -> Owner:
        """Return whose it is what a session used beyond its log."""
        return Owner(TOTALLED, session, "", "")

    def unlogged_price(self, remainder: Remainder, model: str, usage: Usage) -> Price:
        """Price what is left of a model."""
        return self.pricer.price_of_sum(TOTALLED, model, remainder.time_ms, usage)

    # -- what goes out -------------------------------------------------------------------------------------

    def project_of(self, owner: Owner) -> str:
        """Return the folder a session was started in, else the folder its rows name."""
        return self.facts.project((owner.source, owner.session)) or owner.cwd

    def newest_ms(self, until_ms: int) -> int:
        """Return the instant of the newest response or line up to an instant."""
        return max(self.cells.newest_ms(until_ms), self.facts.newest_until(until_ms))

    @property
    def problems(self) -> list[Problem]:
        """Everything skipped or doubted, by file."""
        with self.lock:
            return self.problem_log.all()

    def paths_with_problems(self) -> set[str]:
        """Return the files of which anything was skipped or doubted."""
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
        yield from self._recent.between(self.table.time, since_ms, until_ms)

    def sessions_between(self, since_ms: int, until_ms: int) -> set[SessionKey]:
        """Return the sessions with a line or a response in (since_ms, until_ms]. Hold the lock."""
        found = self.facts.seen_between(since_ms, until_ms)
        for row in self.rows_between(since_ms, until_ms):
            owner = self.owners[self.table.owner[row]]
            found.add((owner.source, owner.session))
        return found

    def owner_number(self, owner: Owner) -> int:
        """Return the number of an owner."""
        self._sessions.add((owner.source, owner.session))
        return self._owners.of(owner)
