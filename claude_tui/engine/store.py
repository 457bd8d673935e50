"""The one place where responses are de-duplicated, attributed, priced and summed.

Thread-safe. Idempotent: applying a file twice changes nothing. Order-independent: any order of files gives the
same numbers. Sums are kept per cell (local day, owner, model), so what a change costs does not depend on the
length of the history. Must not read files or draw.
"""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from claude_tui.engine.calendar import Calendar
from claude_tui.engine.listing import list_responses
from claude_tui.engine.table import FileRef, Table
from claude_tui.model import Price, Problem, Query, Response, Totals, Usage
from claude_tui.pricing import Pricer
from claude_tui.sources.columns import LOWER_BOUND, Columns
from claude_tui.sources.protocol import FileFacts, newer_facts

HOUR_MS: Final = 3_600_000
MAX_PROBLEMS_PER_FILE: Final = 1_000
"""More problems of one file than this are not kept: a file of garbage must not fill the memory."""
FIRST, LAST = 14, 15
"""Positions of the earliest and latest instant in a cell; every position before them is a plain sum."""

Sums = list[int]
"""The fields of `Totals`, in order."""


class Owner(NamedTuple):
    """Who responses belong to. `cwd` is the rows' own folder, used where the session's own is unknown."""

    source: str
    session: str
    agent: str
    cwd: str


class CellKey(NamedTuple):
    """What a cell sums over: local day (proleptic ordinal), owner number, model number."""

    day: int
    owner: int
    model: int


class Changes(NamedTuple):
    """What changed since changes were last taken: cells with their sums before, and sessions whose facts did.

    `moved` says that sums made from cells must be made anew: something left a cell, or changed its project.
    """

    cells: dict[CellKey, tuple[int, ...]]
    sessions: set[tuple[str, str]]
    moved: bool


class Store:
    """Everything counted so far. `revision` moves whenever a number or a name may have changed."""

    def __init__(self, pricer: Pricer, zone: ZoneInfo) -> None:
        self.lock = threading.RLock()
        self.pricer = pricer
        self.calendar = Calendar(zone)
        self.table = Table()
        self.revision = 0
        self.owners: list[Owner] = []
        self.models: list[str] = []
        self.cells: dict[CellKey, Sums] = {}
        self.facts: dict[tuple[str, str], FileFacts] = {}
        self.agent_facts: dict[tuple[str, str, str], FileFacts] = {}
        self.problem_counts: Counter[str] = Counter()
        self.hours: dict[int, array[int]] = {}
        self.newest_ms = 0
        self._cells_of_day: dict[int, set[CellKey]] = {}
        self._seen: dict[int, set[tuple[str, str]]] = {}
        self._changed: dict[CellKey, tuple[int, ...]] = {}
        self._changed_sessions: set[tuple[str, str]] = set()
        self._moved = False
        self._lost_first: set[CellKey] = set()
        self._lost_last: set[CellKey] = set()
        self._sessions: set[tuple[str, str]] = set()
        self._main_cwd: dict[tuple[str, str], tuple[str, str]] = {}
        self._owner_numbers: dict[Owner, int] = {}
        self._model_numbers: dict[str, int] = {}
        self._file_numbers: dict[FileRef, int] = {}
        self._problems: dict[str, list[Problem]] = {}

    # -- what comes in -------------------------------------------------------------------------------------

    def apply(
        self,
        path: str,
        columns: Columns,
        facts: FileFacts | None = None,
        problems: Sequence[Problem] = (),
        *,
        is_whole: bool = True,
    ) -> bool:
        """Take in what a file says: all of it, or its newest lines. Returns whether anything changed.

        `problems` are added to those known of the file, or where the whole file was read replace them.
        """
        with self.lock:
            before = self.revision
            if facts is not None:
                self._learn(columns.source, path, facts)
            known = [] if is_whole else self._problems.get(path, [])
            self._replace_problems(path, [*known, *problems])
            self._apply(FileRef(columns.source, path), columns)
            return self.revision != before

    def _apply(self, ref: FileRef, columns: Columns) -> None:
        file = self._file_numbers.get(ref)
        if file is None:
            file = self._file_numbers[ref] = len(self.table.files)
            self.table.files.append(ref)
        owners = [self._owner_number(Owner(columns.source, *owner)) for owner in columns.owners]
        models = [self._model_number(model) for model in columns.models]
        table, known = self.table, self.table.row_of
        fresh = []
        for entry, key in enumerate(columns.key):
            row = known.get(key)
            if row is None:
                fresh.append(entry)
            elif table.would_change(row, columns, entry, file):
                hour = table.time[row] // HOUR_MS
                self._add(row, -1)
                table.merge(row, columns, entry, file, owners[columns.owner[entry]], models[columns.model[entry]])
                self._add(row, 1)
                if table.time[row] // HOUR_MS != hour:
                    self._index_hour(row)
        if fresh:
            start = len(table)
            table.append(columns, fresh, file, owners, models)
            for row in range(start, len(table)):
                self._add(row, 1)
                self._index_hour(row)
        self.revision += 1 if fresh or self._changed else 0

    def _learn(self, source: str, path: str, facts: FileFacts) -> None:
        if facts.session:
            key = (source, facts.session)
            if facts.cwd:
                known = self._main_cwd.get(key)
                if known is None or path < known[0]:
                    self._main_cwd[key] = (path, facts.cwd)
                    if key in self._sessions and (known is None or known[1] != facts.cwd):
                        self._moved = True
                        self.revision += 1
            before = self.facts.get(key)
            merged = facts if before is None else newer_facts(before, facts)
            if before != merged:
                self.facts[key] = merged
                self.newest_ms = max(self.newest_ms, merged.last_ms)
                self._seen.setdefault(merged.last_ms // HOUR_MS, set()).add(key)
                self._changed_sessions.add(key)
                self.revision += 1
        elif facts.parent and facts.agent:
            agent_key = (source, facts.parent, facts.agent)
            known_agent = self.agent_facts.get(agent_key)
            merged = facts if known_agent is None else newer_facts(known_agent, facts)
            if known_agent != merged:
                self.agent_facts[agent_key] = merged
                self._changed_sessions.add(agent_key[:2])
                self.revision += 1

    def _replace_problems(self, path: str, problems: list[Problem]) -> None:
        known = self._problems.get(path, [])
        if known == problems:
            return
        del problems[MAX_PROBLEMS_PER_FILE:]
        self.problem_counts.subtract(problem.kind.value for problem in known)
        self.problem_counts.update(problem.kind.value for problem in problems)
        self._problems[path] = problems
        self.revision += 1

    # -- sums ----------------------------------------------------------------------------------------------

    def _add(self, row: int, sign: int) -> None:
        """Add a response to its cells, or take it out of them again."""
        table = self.table
        time_ms, owner, model = table.time[row], table.owner[row], table.model[row]
        day = self.calendar.day_hour(time_ms)[0]
        flags = table.flags[row]
        usage = table.usage(row)
        self._add_usage(CellKey(day, owner, model), usage, self.price(row), sign, sign, flags, time_ms)
        for number, extra in enumerate(table.extras.get(row, ())):
            price = self.extra_price(row, number)
            self._add_usage(
                CellKey(day, owner, self._model_number(extra.model)), extra.usage, price, sign, 0, 0, time_ms
            )

    def _index_hour(self, row: int) -> None:
        time_ms = self.table.time[row]
        self.hours.setdefault(time_ms // HOUR_MS, array("i")).append(row)
        self.newest_ms = max(self.newest_ms, time_ms)

    def _add_usage(
        self, key: CellKey, usage: Usage, price: Price, sign: int, responses: int, flags: int, time_ms: int
    ) -> None:
        sums = self.cells.get(key)
        if sums is None:
            sums = self.cells[key] = [0] * 16
            self._cells_of_day.setdefault(key.day, set()).add(key)
            sums[FIRST] = sums[LAST] = time_ms
        if key not in self._changed:
            self._changed[key] = tuple(sums)
        sums[0] += responses
        sums[1] += sign * usage.input
        sums[2] += sign * usage.output
        sums[3] += sign * usage.cache_write_5m
        sums[4] += sign * usage.cache_write_1h
        sums[5] += sign * usage.cache_read
        sums[6] += sign * usage.web_search
        if price.nano is None:
            sums[12] += responses
            sums[13] += sign * usage.tokens
        else:
            sums[7] += sign * price.nano
            sums[8] += sign * price.read_saved_nano
            sums[9] += sign * price.write_extra_nano
        if flags & LOWER_BOUND:
            sums[10] += sign
        if price.is_estimate:
            sums[11] += sign
        if sign < 0:
            if time_ms == sums[FIRST]:
                self._lost_first.add(key)
            if time_ms == sums[LAST]:
                self._lost_last.add(key)
            return
        if time_ms <= sums[FIRST]:
            sums[FIRST] = time_ms
            self._lost_first.discard(key)
        if time_ms >= sums[LAST]:
            sums[LAST] = time_ms
            self._lost_last.discard(key)

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
        moved = self._moved | self._refresh_stale()
        changes = Changes(self._changed, self._changed_sessions, moved)
        self._changed, self._changed_sessions, self._moved = {}, set(), False
        return changes

    def _refresh_stale(self) -> bool:
        """Find the first and last instants again of cells that may have lost theirs; drop empty cells."""
        stale = self._lost_first | self._lost_last
        if not stale:
            return False
        self._lost_first, self._lost_last = set(), set()
        found: dict[CellKey, tuple[int, int]] = {}
        table = self.table
        for row in range(len(table)):
            time_ms = table.time[row]
            day = self.calendar.day_hour(time_ms)[0]
            models = [table.model[row]]
            models += [self._model_number(extra.model) for extra in table.extras.get(row, ())]
            for model in models:
                key = CellKey(day, table.owner[row], model)
                if key in stale:
                    first, last = found.get(key, (time_ms, time_ms))
                    found[key] = (min(first, time_ms), max(last, time_ms))
        moved = False
        for key in stale:
            sums = self.cells[key]
            bounds = found.get(key)
            moved |= bounds is None or bounds != (sums[FIRST], sums[LAST])
            if bounds is None:
                del self.cells[key]
                self._cells_of_day[key.day].discard(key)
            else:
                sums[FIRST], sums[LAST] = bounds
        return moved

    # -- what goes out -------------------------------------------------------------------------------------

    def project_of(self, owner: Owner) -> str:
        """Return the folder a session was started in, else the folder its rows name."""
        main = self._main_cwd.get((owner.source, owner.session))
        return main[1] if main else owner.cwd

    @property
    def problems(self) -> list[Problem]:
        """Everything skipped or doubted, by file."""
        with self.lock:
            return [problem for path in sorted(self._problems) for problem in self._problems[path]]

    def day_totals(self, day: int) -> Totals:
        """Sum everything of a local day, given as its proleptic ordinal."""
        with self.lock:
            sums = [self.cells[key] for key in self._cells_of_day.get(day, ())]
        if not sums:
            return Totals()
        columns = list(zip(*sums, strict=True))
        return Totals(*[*map(sum, columns[:FIRST]), min(columns[FIRST]), max(columns[LAST])])

    def rows_between(self, since_ms: int, until_ms: int) -> Iterator[int]:
        """Yield the rows with an instant in (since_ms, until_ms], each once, in no order. Hold the lock."""
        for hour in range(since_ms // HOUR_MS, until_ms // HOUR_MS + 1):
            for row in dict.fromkeys(self.hours.get(hour, ())):
                time_ms = self.table.time[row]
                if since_ms < time_ms <= until_ms and time_ms // HOUR_MS == hour:
                    yield row

    def sessions_between(self, since_ms: int, until_ms: int) -> set[tuple[str, str]]:
        """Return the sessions with a line or a response in (since_ms, until_ms]. Hold the lock."""
        hours = range(since_ms // HOUR_MS, until_ms // HOUR_MS + 1)
        seen = {key for hour in hours for key in self._seen.get(hour, ())}
        found = {key for key in seen if since_ms < self.facts[key].last_ms <= until_ms}
        for row in self.rows_between(since_ms, until_ms):
            owner = self.owners[self.table.owner[row]]
            found.add((owner.source, owner.session))
        return found

    def responses(self, query: Query | None = None) -> list[Response]:
        """Return settled responses, extras as lines of their own, sorted by time then key.

        Keys are the clients' own only where files were read with names kept, else their numbers.
        """
        with self.lock:
            return list_responses(self, query or Query())

    # -- numbers of names ----------------------------------------------------------------------------------

    def _owner_number(self, owner: Owner) -> int:
        number = self._owner_numbers.get(owner)
        if number is None:
            number = self._owner_numbers[owner] = len(self.owners)
            self.owners.append(owner)
            self._sessions.add((owner.source, owner.session))
        return number

    def _model_number(self, model: str) -> int:
        number = self._model_numbers.get(model)
        if number is None:
            number = self._model_numbers[model] = len(self.models)
            self.models.append(model)
        return number
