"""Everything counted so far, as books: names and their numbers, responses, sums, facts, problems, remainders.

Says where each thing stands and what it costs. Must not know how anything comes in, nor who reads it: it has a lock
and does not take it, the store does.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from claude_tui.clients import TELEMETRY
from claude_tui.engine.state.accounts import Accounts
from claude_tui.engine.state.facts import FactBook, SessionKey
from claude_tui.engine.state.problems import ProblemLog
from claude_tui.engine.state.projects import Projects
from claude_tui.engine.state.rows.interner import Numbers
from claude_tui.engine.state.rows.owner import Owner
from claude_tui.engine.state.rows.recent_rows import RecentRows
from claude_tui.engine.state.rows.table import PAIRED, FileRef, ResponseTable
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cellbook import CellBook
from claude_tui.engine.state.sums.cells import CellKey, file_cells
from claude_tui.engine.state.unlogged.by_session import SOURCE as TOTALLED
from claude_tui.engine.state.unlogged.by_session import Remainders
from claude_tui.model import Price, Usage
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import LOWER_BOUND, Columns

if TYPE_CHECKING:
    from claude_tui.engine.state.telemetry.events import EventIndex
    from claude_tui.engine.state.unlogged.remainder import Remainder


_owner: Final = partial(tuple.__new__, Owner)
_file_ref: Final = partial(tuple.__new__, FileRef)
"""Make one of a tuple, for there may be tens of thousands: their own way takes three times as long."""


class Numbering(NamedTuple):
    """The numbers that the owners and the models of some columns have in the books, by their numbers there."""

    owners: list[int]
    models: list[int]


class Books:
    """The books. `revision` moves whenever a number or a name may have changed.

    `is_moved` says that sums made from cells must be made anew: something left a cell, or changed its project.
    `remembered_days` are the local days with responses that only the ledger knows, `sessions` those that own any.
    Of telemetry only what `clients` said is taken in, everything if none is named; `is_telemetry_on`: it is among what
    is read, if any is there. `told` is what it said, None for nothing, or before single responses are loaded; `is_told`
    says of both whether it said anything. `short_windows` are the clients in which no model has a long context window.
    """

    def __init__(
        self,
        pricer: Pricer,
        zone: ZoneInfo,
        *,
        keep_names: bool = True,
        projects: Projects | None = None,
        accounts: Accounts | None = None,
        clients: Collection[str] = (),
    ) -> None:
        self.lock = threading.RLock()
        self.pricer = pricer
        self.calendar = Calendar(zone)
        self.projects = projects or Projects()
        self.accounts = accounts or Accounts()
        self.clients = clients
        self.is_telemetry_on = False
        self.short_windows: Collection[str] = ()
        self.revision = 0
        self._keep_names = keep_names
        self._empty()

    def _empty(self) -> None:
        self.revision += 1
        self.table_loader: Callable[[], ResponseTable] | None = None
        self._table: ResponseTable | None = None
        self._owners: Numbers[Owner] = Numbers()
        self._models: Numbers[str] = Numbers()
        self.cells = CellBook()
        self.facts = FactBook()
        self.problem_log = ProblemLog()
        self.unlogged = Remainders()
        self.told: EventIndex | None = None
        self.is_told = False
        self.remembered_days: set[int] = set()
        self.recent = RecentRows()
        self.is_moved = True
        self.sessions: set[SessionKey] = set()
        self._file_numbers: dict[FileRef, int] = {}

    # -- names and their numbers -------------------------------------------------------------------------

    @property
    def owners(self) -> list[Owner]:
        """Owners by number."""
        return self._owners.names

    @property
    def models(self) -> list[str]:
        """Model ids by number."""
        return self._models.names

    def owner_number(self, owner: Owner) -> int:
        """Return the number of an owner."""
        self.sessions.add((owner.source, owner.session))
        return self._owners.of(owner)

    def model_number(self, model: str) -> int:
        """Return the number of a model."""
        return self._models.of(model)

    def take_names(self, owners: Sequence[Owner], models: Sequence[str]) -> None:
        """Give owners and models their numbers, in order."""
        self.sessions.update(owner[:2] for owner in owners)
        self._owners.of_all(owners)
        self._models.of_all(models)

    def file_number(self, source: str, path: str) -> int:
        """Return the number of a file."""
        return self.file_numbers(source, (path,))[0]

    def file_numbers(self, source: str, paths: Iterable[str]) -> list[int]:
        """Return the numbers of files of a source."""
        files = self.table.files  # the table first: with it come the numbers of its files
        known, numbers = self._file_numbers, []
        for path in paths:
            ref = _file_ref((source, path))
            number = known.get(ref)
            if number is None:
                number = known[ref] = len(files)
                files.append(ref)
            numbers.append(number)
        return numbers

    def numbering(self, columns: Columns) -> Numbering:
        """Return the numbers of the owners and models that columns name."""
        if columns.source == TELEMETRY:  # an event names the client with the session
            from claude_tui.sources.telemetry.event import client_and_session

            named = ((client_and_session(session), agent, cwd) for session, agent, cwd in columns.owners)
            owners = [Owner(*client, agent, cwd) for client, agent, cwd in named]
        else:
            source = columns.source
            owners = [_owner((source, *owner)) for owner in columns.owners]
        self.sessions.update([owner[:2] for owner in owners])
        return Numbering(self._owners.of_all(owners), self._models.of_all(columns.models))

    def folder_of(self, owner: Owner) -> str:
        """Return the folder a session was started in, else the folder its rows name."""
        return self.facts.project((owner.source, owner.session)) or owner.cwd

    def project_of(self, owner: Owner) -> str:
        """Return the project that folder counts under."""
        return self.projects.of(self.folder_of(owner))

    def account_of(self, owner: Owner) -> str:
        """Return the folder of the client that an owner's log is in."""
        return self.accounts.of(owner.source, self.facts.path_of((owner.source, owner.session), owner.agent))

    # -- responses -----------------------------------------------------------------------------------------

    @property
    def is_table_loaded(self) -> bool:
        """Whether single responses can be had at once."""
        return self._table is not None or self.table_loader is None

    @property
    def table(self) -> ResponseTable:
        """Every response; if it was restored, it is loaded when first needed. Raises as the loader does."""
        if self._table is None:
            loader = self.table_loader
            self._table = loader() if loader is not None else ResponseTable(keep_names=self._keep_names)
            self.table_loader = None  # only now: if it raised, the next caller must not be given an empty table
            self._file_numbers = {ref: number for number, ref in enumerate(self._table.files)}
            if any(ref.source == TELEMETRY for ref in self._table.files):
                from claude_tui.engine.state.telemetry.events import EventIndex  # only if there is any telemetry

                self.told = EventIndex.of(self._table, self.owners)
        return self._table

    @property
    def is_telemetry_read(self) -> bool:
        """Whether telemetry is among what is read, or the ledger holds some from when it was."""
        return self.is_telemetry_on or self.is_told

    @property
    def events(self) -> EventIndex | None:
        """What telemetry said, None for nothing. Loads single responses."""
        return self.told if len(self.table) else None

    def extend(self, columns: Columns, files: array[int], numbers: Numbering) -> None:
        """Add responses whose keys and sums have been added already."""
        if columns:
            self.recent.extend(columns.time, len(self.table))
            self.table.extend(columns, files, numbers.owners, numbers.models)
            self.revision += 1

    def price(self, row: int, usage: Usage | None = None) -> Price:
        """Price a response without its extras. `usage` is its own, for those who have it at hand."""
        table = self.table
        is_event = self.told is not None and table.is_event(row)
        return self.pricer.price(
            self.owners[table.owner[row]].source,
            self.models[table.model[row]],
            table.time[row],
            usage or table.usage(row),
            self.terms(row),
            None if is_event else table.reported.get(row),
        )

    def terms(self, row: int) -> str:
        """Return what decides the price of a response beside its counters: see `Row`."""
        terms = self.table.terms.get(row, "")
        if not terms or self.told is None or not self.table.is_event(row):
            return terms
        from claude_tui.engine.state.telemetry.resolving import priced_terms

        return priced_terms(self.table.usage(row), terms)

    def logged_price(self, row: int, usage: Usage) -> Price:
        """Price a response as the log has it, whatever telemetry says of its output."""
        if row not in self.table.as_logged:
            return self.price(row)
        source, model = self.owners[self.table.owner[row]].source, self.models[self.table.model[row]]
        return self.pricer.price(source, model, self.table.time[row], usage, self.table.logged_as(row).terms)

    def extra_price(self, row: int, number: int) -> Price:
        """Price one extra of a response."""
        extra = self.table.extras[row][number]
        source = self.owners[self.table.owner[row]].source
        return self.pricer.price(source, extra.model, self.table.time[row], extra.usage, extra.terms)

    # -- what no log shows ---------------------------------------------------------------------------------

    def unlogged_owner(self, session: str) -> Owner:
        """Return whose it is what a session used beyond its log."""
        return Owner(TOTALLED, session, "", "")

    def unlogged_price(self, time_ms: int, model: str, usage: Usage) -> Price:
        """Price what is left of a model at an instant."""
        return self.pricer.price_of_sum(TOTALLED, model, time_ms, usage)

    def unlogged_parts(self, session: str, remainder: Remainder) -> Iterator[tuple[CellKey, int, str, Usage]]:
        """Yield what is left with the cell it is in: (cell, instant, model, usage)."""
        for _, time_ms, model, usage in remainder.lines(session):
            owner = self.owner_number(self.unlogged_owner(session))
            yield CellKey(self.calendar.day_hour(time_ms)[0], owner, self._models.of(model)), time_ms, model, usage

    # -- sums ----------------------------------------------------------------------------------------------

    def add(self, row: int, sign: int) -> None:
        """Add a response to its cells (1), or take it out of them again (-1). A paired event counts where it is
        logged."""
        table = self.table
        if table.flags[row] & PAIRED:
            return
        time_ms, owner = table.time[row], table.owner[row]
        day = self.calendar.day_hour(time_ms)[0]
        lower_bounds = sign if table.flags[row] & LOWER_BOUND else 0
        key = CellKey(day, owner, table.model[row])
        price = self.price(row)
        self.cells.add(key, time_ms, table.usage(row), price, sign, sign, lower_bounds)
        if self.told is not None and table.is_event(row):
            self.cells.note_unlogged(key, price, sign)
        for number, extra in enumerate(table.extras.get(row, ())):
            key = CellKey(day, owner, self._models.of(extra.model))
            self.cells.add(key, time_ms, extra.usage, self.extra_price(row, number), sign, 0, 0)

    def add_all(self, rows: Sequence[int], source: str) -> None:
        """Add responses of logs of one source to their cells, all at once: a third of the work."""
        table = self.table
        odd = [row for row in rows if row in table.extras or table.flags[row] & PAIRED]
        for row in odd:
            self.add(row, 1)
        plain = table.picked([row for row in rows if row not in odd] if odd else rows, source, self.models)
        self.cells.merge_all(file_cells(plain, self.pricer, self.calendar).items())

    def add_unlogged(self, session: str, remainder: Remainder, sign: int) -> None:
        """Add a remainder to its cells (1), or take it out of them again (-1)."""
        for key, time_ms, model, usage in self.unlogged_parts(session, remainder):
            price = self.unlogged_price(time_ms, model, usage)
            self.cells.add(key, time_ms, usage, price, sign, 0, 0)
            self.cells.note_unlogged(key, price, sign)
