"""Events of telemetry by session, kept paired with the store's responses from logs.

Only what changed is looked at again, with what it shares sessions and counters with. Must not sum or change the table.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from claude_tui.clients import TELEMETRY
from claude_tui.engine.state.rows.owner import Owner
from claude_tui.engine.state.rows.table import ResponseTable
from claude_tui.engine.state.telemetry.pairing import (
    Counters,
    LoggedResponse,
    ToldEvent,
    agreeing,
    left_of_sums,
    paired,
)
from claude_tui.model import Usage
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import COPY, LOWER_BOUND, Columns, is_sum_of_calls, key_number
from claude_tui.sources.telemetry.event import Details, details_of

Name = tuple[str, str]
"""A client, and a session or an agent of it."""

_NAMED_BY_AGENT: Final = frozenset({"codex", "gemini"})
"""Clients whose events may name a sub-agent's own session where the log has it under that of its parent."""
FEW_OWNERS: Final = 3
"""The rows of so many owners are found sooner one owner after the other."""


class Level(NamedTuple):
    """What pairing decided. `pairs` has by event the response it tells of, None if no log has it; `outputs` by lower
    bound its final output, and `left` what is left of each sum of calls. All are rows of the table."""

    pairs: dict[int, int | None]
    outputs: dict[int, int]
    left: dict[int, Usage]


class EventIndex:
    """Events and the responses of the sessions they name, by the counters that must agree.

    Only what changed is paired again, with all that has any of it to choose from.
    """

    def __init__(self) -> None:
        self.paired_with: dict[int, int] = {}
        """By event, the response of the logs it tells of; both are rows of the table."""
        self.rows: set[int] = set()
        """Every event, as a row of the table."""
        self._touched: set[int] = set()
        self._of_name: defaultdict[Name, set[int]] = defaultdict(set)
        self._of_key: dict[int, int] = {}
        self._alike: dict[Name, defaultdict[Counters, set[int]]] = {}
        """Rows of the table that agree, events and others, of the sessions that were looked at so far."""
        self._summed: set[Name] = set()
        """Sessions of which a log has only the sum of some calls: any event of them may be one of these."""
        self._copies: defaultdict[Counters, set[int]] | None = None
        """Copies whose original no log has, as far as rows were looked at: any session's event may be theirs."""
        self._told: defaultdict[Counters, set[int]] | None = None
        """Every event, where there are such copies."""
        self._seen_rows = 0
        self._owners_of: defaultdict[Name, list[int]] = defaultdict(list)
        self._seen_owners = 0

    @classmethod
    def of(cls, table: ResponseTable, owners: Sequence[Owner]) -> EventIndex:
        """Return the events of a table, paired as they are there."""
        found = cls()
        files = {number for number, ref in enumerate(table.files) if ref.source == TELEMETRY}
        found.add((row for row, file in enumerate(table.file) if file in files), table, owners)
        found._touched.clear()
        found.paired_with = {event: row for row, event in table.told.items()}
        found._seen_rows = len(table)
        return found

    def add(self, rows: Iterable[int], table: ResponseTable, owners: Sequence[Owner]) -> None:
        """Take in events that are new in the table, or have become others."""
        for row in rows:
            self.rows.add(row)
            for name in names_of_event(table, owners, row):
                self._of_name[name].add(row)
            self._of_key.update((key, row) for key in self._key_of(table, owners, row))
            self._touched.add(row)

    def touch(self, row: int, table: ResponseTable, owners: Sequence[Owner]) -> None:
        """Take note that a response, or which sessions hold it, may have changed."""
        if table.is_event(row):
            self.add([row], table, owners)
        self._touched.add(row)

    def see(self, columns: Columns) -> None:
        """Take note of responses of the logs that come in."""
        if not self._of_key.keys().isdisjoint(columns.key):
            self._touched.update(self._of_key[key] for key in self._of_key.keys() & set(columns.key))

    def level(self, table: ResponseTable, owners: Sequence[Owner], models: Sequence[str]) -> Level:
        """Pair what was touched. Returns what was looked at."""
        touched = self._touched | self._new_rows(table, owners)
        self._touched = set()
        if not touched:
            return Level({}, {}, {})
        self._index({name for row in touched for name in _names(table, owners, row)}, table, owners)
        self._index_copies(table, owners)
        for row in touched:
            self._put(row, table, owners)
        self._index_told(table, owners)
        together = self._together(touched, table, owners)
        events = {row for row in together if table.is_event(row)}
        logged = {row: _logged(table, owners, models, row) for row in together - events}
        told = {row: _told(table, owners, models, row) for row in events}
        found = paired(logged, told)
        outputs = {row: told[event].usage.output for event, row in found.items() if logged[row].is_lower_bound}
        return Level({event: found.get(event) for event in events}, outputs, left_of_sums(logged, told, found))

    def _new_rows(self, table: ResponseTable, owners: Sequence[Owner]) -> set[int]:
        """Return the rows that came since, of sessions that events name, or copied from any."""
        start, self._seen_rows = self._seen_rows, len(table)
        if start == len(table):
            return set()
        is_named: dict[int, bool] = {}
        found = set()
        for row, number in enumerate(table.owner[start:], start):
            if number not in is_named:
                is_named[number] = not _own_names(owners[number]).isdisjoint(self._of_name)
            if is_named[number] or table.flags[row] & COPY:
                found.add(row)
        return found

    def _together(self, touched: Iterable[int], table: ResponseTable, owners: Sequence[Owner]) -> set[int]:
        """Return what was touched with all that any of it may be paired with, and what these may be, and so on."""
        found, waiting = set[int](), set(touched)
        while waiting:
            found |= waiting
            names = {row: _names(table, owners, row) for row in waiting}
            self._index({name for those in names.values() for name in those}, table, owners)
            more = set[int]()
            for row, those in names.items():
                alike = _counters_of(table, owners, row)
                for name in those:
                    known = self._alike.get(name)
                    if known is None:
                        continue
                    if name in self._summed:
                        more = more.union(*known.values())
                    else:
                        more |= known.get(alike, set())
                more |= self._linked(row, table, owners) | self._of_copies(row, alike, table)
            waiting = more - found
        return found

    def _linked(self, row: int, table: ResponseTable, owners: Sequence[Owner]) -> set[int]:
        """Return what a row is or was paired with, and what has the same id."""
        if table.is_event(row):
            by_key = (table.row_of.get(key) for key in self._key_of(table, owners, row))
            known = (*by_key, self.paired_with.get(row))
        else:
            known = (self._of_key.get(table.key[row]), table.told.get(row))
        return {one for one in known if one is not None}

    def _of_copies(self, row: int, alike: Counters, table: ResponseTable) -> set[int]:
        """Return the copies that an event may tell of though another session asked, or the events of such a copy."""
        if table.is_event(row):
            copies = self._copies.get(alike) if self._copies else None
            return {copy for copy in copies or () if table.flags[copy] & COPY}
        told = self._told.get(alike) if self._told and table.flags[row] & COPY else None
        return told or set()

    @staticmethod
    def _key_of(table: ResponseTable, owners: Sequence[Owner], row: int) -> tuple[int, ...]:
        """Return the key the response of an event has in the logs, if the client tells one."""
        details = details_of(table.terms.get(row, ""))
        return (key_number(owners[table.owner[row]].source, details.id),) if details.id else ()

    def _index(self, names: Iterable[Name], table: ResponseTable, owners: Sequence[Owner]) -> None:
        """Have the rows of sessions at hand, as far as events name these."""
        fresh = {name for name in names if name in self._of_name and name not in self._alike}
        if not fresh:
            return
        self._alike.update((name, defaultdict(set)) for name in fresh)
        for number, owner in enumerate(owners[self._seen_owners :], self._seen_owners):
            for name in _own_names(owner):
                self._owners_of[name].append(number)
        self._seen_owners = len(owners)
        numbers = {number for name in fresh for number in self._owners_of.get(name, ())}
        if len(numbers) <= FEW_OWNERS:
            rows = [row for number in numbers for row in positions(table.owner, number)]
        else:
            rows = [row for row, number in enumerate(table.owner) if number in numbers]
        shared = (row for row in table.memberships.of_row if not fresh.isdisjoint(names_of(table, owners, row)))
        for row in (*rows, *shared, *(event for name in fresh for event in self._of_name[name])):
            self._put(row, table, owners)

    def _index_copies(self, table: ResponseTable, owners: Sequence[Owner]) -> None:
        """Have all copies at hand whose original no log has."""
        if self._copies is None:
            self._copies = defaultdict(set)
            for row, flags in enumerate(table.flags):
                if flags & COPY and not table.is_event(row):
                    self._copies[_counters_of(table, owners, row)].add(row)

    def _index_told(self, table: ResponseTable, owners: Sequence[Owner]) -> None:
        """Have all events at hand, if there are such copies."""
        if self._copies and self._told is None:
            self._told = defaultdict(set)
            for row in self.rows:
                self._told[_counters_of(table, owners, row)].add(row)

    def _put(self, row: int, table: ResponseTable, owners: Sequence[Owner]) -> None:
        """Note what a row is like now, for the sessions that are at hand. What it was like may stay noted."""
        alike = _counters_of(table, owners, row)
        if not table.is_event(row):
            if table.flags[row] & COPY and self._copies is not None:
                self._copies[alike].add(row)
        elif self._told is not None:
            self._told[alike].add(row)
        is_sum = not table.is_event(row) and is_sum_of_calls(table.logged_as(row).terms)
        for name in _names(table, owners, row):
            if name in self._alike:
                self._alike[name][alike].add(row)
                if is_sum:
                    self._summed.add(name)


def positions(column: array[int], value: int) -> Iterator[int]:
    """Yield where a value stands in a column."""
    size, data = column.itemsize, column.tobytes()
    wanted = array(column.typecode, [value]).tobytes()
    at = data.find(wanted)  # four times as quick as `index`
    while at >= 0:
        if at % size == 0:
            yield at // size
        at = data.find(wanted, at + (1 if at % size else size))


def _names(table: ResponseTable, owners: Sequence[Owner], row: int) -> set[Name]:
    """Return the sessions an event names, or that hold a response of the logs."""
    return names_of_event(table, owners, row) if table.is_event(row) else names_of(table, owners, row)


def _counters_of(table: ResponseTable, owners: Sequence[Owner], row: int) -> Counters:
    """Return the counters that must agree between an event and a response."""
    return agreeing(owners[table.owner[row]].source, table.logged_as(row).usage)


def names_of(table: ResponseTable, owners: Sequence[Owner], row: int) -> set[Name]:
    """Return the sessions that hold a response, and where it counts the agent it is of."""
    owner = owners[table.owner[row]]
    return _own_names(owner) | {(owner.source, session) for session in table.memberships.of_row.get(row, ())}


def names_of_event(table: ResponseTable, owners: Sequence[Owner], row: int) -> set[Name]:
    """Return the sessions an event names."""
    owner, details = owners[table.owner[row]], details_of(table.terms.get(row, ""))
    return {(owner.source, name) for name in (owner.session, details.also) if name}


def _own_names(owner: Owner) -> set[Name]:
    names = {(owner.source, owner.session)}
    if owner.agent and owner.source in _NAMED_BY_AGENT:
        names.add((owner.source, owner.agent))
    return names


def _logged(table: ResponseTable, owners: Sequence[Owner], models: Sequence[str], row: int) -> LoggedResponse:
    """Return a response as the logs have it."""
    names = frozenset(name for _, name in names_of(table, owners, row))
    usage, terms, flags = table.logged_as(row)
    source, model = owners[table.owner[row]].source, models[table.model[row]]
    return LoggedResponse(
        table.key[row], source, names, table.time[row], model, usage,
        bool(flags & LOWER_BOUND), is_sum_of_calls(terms), bool(flags & COPY),
    )  # fmt: skip


def _told(table: ResponseTable, owners: Sequence[Owner], models: Sequence[str], row: int) -> ToldEvent:
    owner, details = owners[table.owner[row]], details_of(table.terms.get(row, ""))
    names = frozenset(name for _, name in names_of_event(table, owners, row))
    return told_of(
        table.key[row], owner.source, names, table.time[row], models[table.model[row]], table.usage(row), details
    )


def told_of(
    key: int, client: str, names: frozenset[str], time_ms: int, model: str, usage: Usage, details: Details
) -> ToldEvent:
    """Return an event as the rule of pairing takes it."""
    logged_key = key_number(client, details.id) if details.id else -1
    return ToldEvent(key, logged_key, client, names, time_ms, model, usage, details.duration_ms)
