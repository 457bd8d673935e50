"""What telemetry told, by session, kept paired with a store's responses of the logs.

Only sessions that something was added to are looked at again, with those they share responses with. Must not sum or
change the table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from claude_tui.clients import TELEMETRY
from claude_tui.engine.state.pairing import Logged, Told, left_of_sums, paired
from claude_tui.engine.state.rows.table import Table
from claude_tui.model import Usage
from claude_tui.pricing import Pricer
from claude_tui.sources.columns import LOWER_BOUND, Columns, is_sum_of_calls, key_number
from claude_tui.sources.telemetry.event import Details, client_and_session, details_of

Name = tuple[str, str]
"""A client, and a session or an agent of it."""

WEB_SEARCH: Final = "web_search_tool"
"""The kind of the calls that do nothing but search the web; how often they do, no event tells."""

_NAMED_BY_AGENT: Final = frozenset({"codex", "gemini"})
"""Clients whose events may name a sub-agent's own session where the log has it under that of its parent."""
_SEARCH_NANO: Final = 10_000_000
_ROUNDING_NANO: Final = 1_000
"""The client's costs are floating-point numbers, some of them of whole microdollars."""


class OwnerLike(Protocol):
    """What is asked of an owner."""

    @property
    def source(self) -> str:
        """The client."""

    @property
    def session(self) -> str:
        """The session."""

    @property
    def agent(self) -> str:
        """The sub-agent, "" for none."""


class Level(NamedTuple):
    """What is to be so. `pairs` has by event the response it tells of, None where no log has it; `outputs` by lower
    bound its final output, and `left` what is left of each sum of calls. All are rows of the table."""

    pairs: dict[int, int | None]
    outputs: dict[int, int]
    left: dict[int, Usage]


class Events:
    """Events by the sessions they name. `touched` are sessions of which anything may have changed since `level`."""

    def __init__(self) -> None:
        self.touched: set[Name] = set()
        self.paired_with: dict[int, int] = {}
        """By event, the response of the logs it tells of; both are rows of the table."""
        self.rows: set[int] = set()
        """Every event, as a row of the table."""
        self._of_name: defaultdict[Name, set[int]] = defaultdict(set)
        self._of_key: dict[int, int] = {}
        self._rows: dict[Name, set[int]] = {}
        self._moved: set[int] = set()
        self._seen_rows = 0

    @classmethod
    def of(cls, table: Table, owners: Sequence[OwnerLike]) -> Events:
        """Return the events of a table, paired as they are there."""
        found = cls()
        files = {number for number, ref in enumerate(table.files) if ref.source == TELEMETRY}
        found.add((row for row, file in enumerate(table.file) if file in files), table, owners)
        found.touched.clear()
        found.paired_with = {event: row for row, event in table.told.items()}
        return found

    def add(self, rows: Iterable[int], table: Table, owners: Sequence[OwnerLike]) -> None:
        """Take in events that are new in the table."""
        for row in rows:
            self.rows.add(row)
            for name in names_of_event(table, owners, row):
                self._of_name[name].add(row)
                self.touched.add(name)
            self._of_key.update((key, row) for key in self._key_of(table, owners, row))

    def touch(self, row: int, table: Table, owners: Sequence[OwnerLike]) -> None:
        """Take note that a response, or which sessions hold it, may have changed."""
        if table.is_event(row):
            self.add([row], table, owners)
            return
        self._moved.add(row)
        self.touched |= names_of(table, owners, row)
        if row in table.told:
            self.touched |= names_of_event(table, owners, table.told[row])

    def see(self, columns: Columns, names: Iterable[Name], table: Table, owners: Sequence[OwnerLike]) -> None:
        """Take note of responses of the logs that come in, of some sessions."""
        self.touched.update(names)
        if not self._of_key.keys().isdisjoint(columns.key):
            for key in self._of_key.keys() & set(columns.key):
                self.touched |= names_of_event(table, owners, self._of_key[key])

    def level(self, table: Table, owners: Sequence[OwnerLike], models: Sequence[str]) -> Level:
        """Pair what was touched. Returns what was looked at."""
        touched, self.touched = self.touched, set()
        known = {name for name in touched if name in self._of_name}
        if not known:
            return Level({}, {}, {})
        self._find_rows(table, owners)
        events, rows = self._together(known, table, owners)
        logged = {row: _logged(table, owners, models, row) for row in rows}
        told = {row: _told(table, owners, models, row) for row in events}
        found = paired(logged, told)
        outputs = {row: told[event].usage.output for event, row in found.items() if logged[row].is_lower_bound}
        return Level({event: found.get(event) for event in events}, outputs, left_of_sums(logged, told, found))

    def _together(self, known: set[Name], table: Table, owners: Sequence[OwnerLike]) -> tuple[set[int], set[int]]:
        """Return the events and the responses of sessions, and of all sessions they share any with."""
        names, events, rows, waiting = set[Name](), set[int](), set[int](), set(known)
        while waiting:
            names |= waiting
            fresh = {event for name in waiting for event in self._of_name[name]} - events
            events |= fresh
            more = {row for name in waiting for row in self._rows[name]}
            by_key = (table.row_of.get(key) for event in fresh for key in self._key_of(table, owners, event))
            more = (more | {row for row in by_key if row is not None}) - rows
            rows |= more
            linked = {name for event in fresh for name in names_of_event(table, owners, event)}
            linked |= {name for row in more for name in names_of(table, owners, row)}
            waiting = {name for name in linked - names if name in self._of_name}
        return events, rows

    @staticmethod
    def _key_of(table: Table, owners: Sequence[OwnerLike], row: int) -> tuple[int, ...]:
        """Return the key the response of an event has in the logs, if the client tells one."""
        details = details_of(table.terms.get(row, ""))
        return (key_number(owners[table.owner[row]].source, details.id),) if details.id else ()

    def _find_rows(self, table: Table, owners: Sequence[OwnerLike]) -> None:
        """Level what is known of which responses of the logs are in which session that events name."""
        moved, self._moved = self._moved, set()
        fresh = self._of_name.keys() - self._rows.keys()
        self._rows.update((name, set()) for name in fresh)
        for row in moved:
            self._put(row, table, owners)
        if fresh:
            self._scan(0, table, owners)
            for row in table.memberships.of_row:
                self._put(row, table, owners)
        else:
            self._scan(self._seen_rows, table, owners)
        self._seen_rows = len(table)

    def _put(self, row: int, table: Table, owners: Sequence[OwnerLike]) -> None:
        if not table.is_event(row):
            for name in names_of(table, owners, row):
                if name in self._rows:
                    self._rows[name].add(row)

    def _scan(self, start: int, table: Table, owners: Sequence[OwnerLike]) -> None:
        if start >= len(table):
            return
        of_owner = [[self._rows[name] for name in _own_names(owner) if name in self._rows] for owner in owners]
        for row, owner in enumerate(table.owner[start:], start):
            for rows in of_owner[owner]:
                if not table.is_event(row):
                    rows.add(row)


def names_of(table: Table, owners: Sequence[OwnerLike], row: int) -> set[Name]:
    """Return the sessions that hold a response, and where it counts the agent it is of."""
    owner = owners[table.owner[row]]
    return _own_names(owner) | {(owner.source, session) for session in table.memberships.of_row.get(row, ())}


def names_of_event(table: Table, owners: Sequence[OwnerLike], row: int) -> set[Name]:
    """Return the sessions an event names."""
    owner, details = owners[table.owner[row]], details_of(table.terms.get(row, ""))
    return {(owner.source, name) for name in (owner.session, details.also) if name}


def _own_names(owner: OwnerLike) -> set[Name]:
    names = {(owner.source, owner.session)}
    if owner.agent and owner.source in _NAMED_BY_AGENT:
        names.add((owner.source, owner.agent))
    return names


def _logged(table: Table, owners: Sequence[OwnerLike], models: Sequence[str], row: int) -> Logged:
    """Return a response as the logs have it."""
    names = frozenset(name for _, name in names_of(table, owners, row))
    usage, terms, flags = table.logged_as(row)
    source, model = owners[table.owner[row]].source, models[table.model[row]]
    is_lower_bound, is_sum = bool(flags & LOWER_BOUND), is_sum_of_calls(terms)
    return Logged(table.key[row], source, names, table.time[row], model, usage, is_lower_bound, is_sum)


def _told(table: Table, owners: Sequence[OwnerLike], models: Sequence[str], row: int) -> Told:
    owner, details = owners[table.owner[row]], details_of(table.terms.get(row, ""))
    names = frozenset(name for _, name in names_of_event(table, owners, row))
    return told_of(
        table.key[row], owner.source, names, table.time[row], models[table.model[row]], table.usage(row), details
    )


def told_of(
    key: int, client: str, names: frozenset[str], time_ms: int, model: str, usage: Usage, details: Details
) -> Told:
    """Return an event as the rule of pairing takes it."""
    logged_key = key_number(client, details.id) if details.id else -1
    return Told(key, logged_key, client, names, time_ms, model, usage, details.duration_ms)


def of_clients(columns: Columns, clients: Iterable[str]) -> Columns:
    """Return the events that these clients told of, all where none is named."""
    wanted = frozenset(clients)
    if not wanted:
        return columns
    kept = [client_and_session(owner.session)[0] in wanted for owner in columns.owners]
    return columns.pick([entry for entry, owner in enumerate(columns.owner) if kept[owner]])


def resolved(columns: Columns, pricer: Pricer) -> Columns:
    """Return events with what only their cost tells: searches of the web, and cache writes that live for an hour."""
    made = columns.cut(0, len(columns))
    for entry, nano in made.reported.items():
        client, _ = client_and_session(made.owners[made.owner[entry]].session)
        if client == "claude":
            usage = _resolved(made, entry, nano, pricer)
            made.write_5m[entry], made.write_1h[entry] = usage.cache_write_5m, usage.cache_write_1h
            if usage.web_search:
                made.web_search[entry] = usage.web_search
    return made


def _resolved(columns: Columns, entry: int, nano: int, pricer: Pricer) -> Usage:
    usage, details = columns.usage(entry), details_of(columns.terms.get(entry, ""))
    model, time_ms = columns.models[columns.model[entry]], columns.time[entry]

    def left(told: Usage) -> int:
        at_list = pricer.price("claude", model, time_ms, told, terms_of(told, details)).nano
        return nano - at_list if at_list is not None else 0

    if details.kind == WEB_SEARCH:
        searches = round(left(usage) / _SEARCH_NANO)
        if searches > 0 and abs(left(usage) - searches * _SEARCH_NANO) <= _ROUNDING_NANO:
            return usage._replace(web_search=searches)
    if not details.is_split and usage.cache_write_5m and abs(left(usage)) > _ROUNDING_NANO:
        hourly = usage._replace(cache_write_5m=0, cache_write_1h=usage.cache_write_5m)
        if abs(left(hourly)) <= _ROUNDING_NANO:
            return hourly
    return usage


def priced_terms(usage: Usage, terms: str) -> str:
    """Return the terms that price an event whose own terms are these."""
    return terms_of(usage, details_of(terms))


def terms_of(usage: Usage, details: Details) -> str:
    """Return the terms that price an event of Claude Code: a usage in fast mode, else none."""
    if details.speed != "fast":
        return ""
    return (
        f'{{"cache_creation":{{"ephemeral_1h_input_tokens":{usage.cache_write_1h},'
        f'"ephemeral_5m_input_tokens":{usage.cache_write_5m}}},"cache_creation_input_tokens":'
        f'{usage.cache_write_5m + usage.cache_write_1h},"cache_read_input_tokens":{usage.cache_read},"input_tokens":'
        f'{usage.input},"output_tokens":{usage.output},"server_tool_use":{{"web_search_requests":{usage.web_search}}},'
        f'"speed":"fast"}}'
    )
