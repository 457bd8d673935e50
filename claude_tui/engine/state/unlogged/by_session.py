"""Usage that the client counted and no log shows, by session, kept level with a store's responses.

Only sessions that changed are computed again, with those of the same chain. Must not price or sum.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any, Final

from claude_tui.engine.state.rows.memberships import Mark, Memberships
from claude_tui.engine.state.rows.owner import Owner
from claude_tui.engine.state.rows.table import PAIRED, ResponseTable
from claude_tui.engine.state.unlogged.remainder import Remainder, remainders
from claude_tui.engine.state.unlogged.steps import CountedResponse
from claude_tui.model import Usage
from claude_tui.records import NamedTuple
from claude_tui.sources.client_totals import ClientTotal, pack_totals, unpack_pairs, unpack_totals
from claude_tui.sources.columns import COPY, SIDECHAIN
from claude_tui.units import HOUR_MS

if TYPE_CHECKING:
    from claude_tui.engine.state.unlogged.remainder import Remainder
    from claude_tui.engine.state.unlogged.steps import CountedResponse

SOURCE: Final = "claude"
"""The only client that says what a session has used."""

_IS_COPY: Final = bytes(bool(flags & COPY) and not flags & SIDECHAIN for flags in range(256))

KEPT_ROWS: Final = 64
"""How many sessions that still change have the rows that are theirs remembered."""


class RemainderChange(NamedTuple):
    """What a session's remainder was and is, None for none."""

    session: str
    before: Remainder | None
    after: Remainder | None


class Remainders:
    """Remainders by session. `touched` are sessions of which anything may have changed since `level`."""

    def __init__(self) -> None:
        self.all: dict[str, Remainder] = {}
        self.touched: set[str] = set()
        self._texts: dict[str, str] = {}
        self._asked: dict[str, set[tuple[str, str]]] = {}
        self._files_of: dict[str, set[str]] = defaultdict(set)
        self._chains: dict[int, set[str]] = defaultdict(set)
        self._rows: dict[str, array[int]] = {}
        self._seen_rows = 0
        self._copies: list[int] = []
        self._seen_copies = 0
        self._lost: dict[int, int] = {}
        self._in_hour: dict[int, set[str]] = defaultdict(set)

    def learn(self, file: str, text: str) -> None:
        """Learn every total the client wrote into the files of a session. A row counts for the session it names."""
        known = self._texts.get(file, "")
        if known == text:
            return
        self._texts[file] = text
        for total in (*unpack_totals(known), *unpack_totals(text)):
            self.touched.add(total.session)
            self._files_of[total.session].add(file)
            self._chains[total.start_ms].add(total.session)

    def learn_asked(self, session: str, text: str) -> None:
        """Learn which models were asked in a file of a session when others answered."""
        if text:
            known = self._asked.setdefault(session, set())
            found = unpack_pairs(text)
            if not found <= known:
                known |= found
                self.touched.add(session)

    def has_totals_of(self, sessions: Iterable[str]) -> bool:
        """Whether the client wrote a total of any of these sessions."""
        return not self._files_of.keys().isdisjoint(sessions)

    def level(
        self, table: ResponseTable, owners: Sequence[Owner], models: Sequence[str], memberships: Memberships
    ) -> list[RemainderChange]:
        """Find the remainders of what was touched. Returns those that changed."""
        touched, self.touched = self.touched, set()
        if not self._files_of:
            return []
        known = (touched | self._lose(table, owners)) & self._files_of.keys()
        if not known:
            return []
        from claude_tui.engine.state.unlogged.steps import CountedResponse

        totals = self._related(known)
        marks = self._marks({session for session, found in totals.items() if found}, table, owners, memberships)
        counted: dict[int, CountedResponse] = {}

        def logged(row: int) -> CountedResponse:
            found = counted.get(row)
            if found is None:
                found = counted[row] = CountedResponse.of_row(table, models, row)
            return found

        given = {session: found for session, found in totals.items() if found}
        made = remainders(
            given,
            marks,
            logged,
            memberships.is_shared,
            self._lost,
            {name: self._asked_of(name) for name in given},
        )
        changes = [RemainderChange(session, self.all.get(session), made.get(session)) for session in sorted(totals)]
        changes = [change for change in changes if change.before != change.after]
        for change in changes:
            self._put(change.session, change.after)
        return changes

    def _lose(self, table: ResponseTable, owners: Sequence[Owner]) -> set[str]:
        """Find the responses that only copies tell of. Returns the sessions that may have lost one that was not known
        to be lost, or is not any more."""
        start, self._seen_copies = self._seen_copies, len(table)
        found = compress(range(start, len(table)), table.flags[start:].tobytes().translate(_IS_COPY))
        self._copies += (row for row in found if owners[table.owner[row]].source == SOURCE)
        self._copies = [row for row in self._copies if _IS_COPY[table.flags[row]]]
        before, self._lost = self._lost, {row: table.time[row] for row in self._copies}
        if before == self._lost:
            return set()
        from claude_tui.engine.state.unlogged.strays import stretch_of

        changed = sorted(time_ms for _, time_ms in before.items() ^ self._lost.items())
        stretches = ((session, stretch_of(found)) for session, found in self._related(self._files_of).items() if found)
        return {name for name, (first, last) in stretches if bisect_left(changed, first) < bisect_right(changed, last)}

    def between(self, since_ms: int, until_ms: int) -> Iterator[tuple[str, Remainder]]:
        """Yield (session, remainder) of those with a part dated in (since_ms, until_ms], each once."""
        hours = range(since_ms // HOUR_MS, until_ms // HOUR_MS + 1)
        for session in sorted({session for hour in hours for session in self._in_hour.get(hour, ())}):
            if any(since_ms < part.time_ms <= until_ms for part in self.all[session].parts):
                yield session, self.all[session]

    def restore(
        self, told: Iterable[tuple[str, str]], asked: Iterable[tuple[str, str]], packed: Sequence[Sequence[Any]]
    ) -> None:
        """Take over what `packed` returned for the same texts. May raise any error for other values."""
        for session, text in told:
            self.learn(session, text)
        for session, text in asked:
            self.learn_asked(session, text)
        self.touched.clear()
        if packed:
            from claude_tui.engine.state.unlogged.remainder import Remainder, RemainderPart

        for session, models, *rest, notes, parts in packed:
            made = tuple(
                RemainderPart(int(time_ms), int(start), int(ran), _usages(some)) for time_ms, start, ran, some in parts
            )
            self._put(str(session), Remainder._make((_usages(models), *rest, tuple(map(str, notes)), made)))

    def packed(self) -> list[list[Any]]:
        """Return the remainders, as what JSON can hold."""
        return [[session, *remainder] for session, remainder in self.all.items()]

    def _put(self, session: str, remainder: Remainder | None) -> None:
        before = self.all.pop(session, None)
        if before is not None:
            for part in before.parts:
                self._in_hour[part.time_ms // HOUR_MS].discard(session)
        if remainder is not None:
            self.all[session] = remainder
            for part in remainder.parts:
                self._in_hour[part.time_ms // HOUR_MS].add(session)

    def _asked_of(self, session: str) -> dict[str, str]:
        """Return the model that was asked by the one that answered, if there is only one."""
        asked: dict[str, str] = {}
        for answered, other in sorted(self._asked.get(session, ())):
            asked[answered] = answered if answered in asked else other
        return asked

    def _related(self, sessions: Collection[str]) -> dict[str, list[ClientTotal]]:
        """Return the totals of sessions and of all that are of the same chains, each in the order of its file."""
        found: dict[str, list[ClientTotal]] = {}
        waiting = set(sessions)
        while waiting:
            session = waiting.pop()
            told = [one for file in self._files_of[session] for one in unpack_totals(self._texts[file])]
            text = pack_totals(one for one in told if one.session == session)
            found[session] = list(unpack_totals(text))
            for start_ms in {total.start_ms for total in found[session]}:
                waiting |= self._chains[start_ms] - found.keys()
        return found

    def _marks(
        self, sessions: Collection[str], table: ResponseTable, owners: Sequence[Owner], memberships: Memberships
    ) -> dict[str, dict[int, Mark]]:
        """Return what each session's files hold."""
        self._find_rows(sessions, table, owners)
        marks: dict[str, dict[int, Mark]] = {session: {} for session in sessions}
        for session, of_session in marks.items():
            for row in self._rows[session]:
                if not table.flags[row] & PAIRED:
                    of_session[row] = mark_of(table, owners, row)
        for session, row, mark in memberships.rows_of(sessions):
            marks[session][row] = mark
        if len(self._rows) > KEPT_ROWS:
            self._rows.clear()
        return marks

    def _find_rows(self, sessions: Collection[str], table: ResponseTable, owners: Sequence[Owner]) -> None:
        """Find the rows of these sessions, and those added since for the sessions known already."""
        self._scan(self._rows, self._seen_rows, len(table), table, owners)
        fresh = {session: array("i") for session in sessions if session not in self._rows}
        if fresh:
            self._scan(fresh, 0, len(table), table, owners)
            self._rows.update(fresh)
        self._seen_rows = len(table)

    @staticmethod
    def _scan(
        rows: dict[str, array[int]], start: int, stop: int, table: ResponseTable, owners: Sequence[Owner]
    ) -> None:
        if not rows or start >= stop:
            return
        of_owner = [rows.get(owner.session) if owner.source == SOURCE else None for owner in owners]
        for row, number in enumerate(table.owner[start:stop], start):
            known = of_owner[number]
            if known is not None:
                known.append(row)


def _usages(models: Iterable[tuple[str, Sequence[int]]]) -> tuple[tuple[str, Usage], ...]:
    return tuple((str(model), Usage(*map(int, usage))) for model, usage in models)


def mark_of(table: ResponseTable, owners: Sequence[Owner], row: int) -> Mark:
    """Return where a response stands in the session of its owner. Of what is in no log only the instant says it."""
    is_elsewhere = bool(owners[table.owner[row]].agent) or table.is_event(row)
    return Mark(-1 if is_elsewhere else table.offset[row], bool(table.flags[row] & COPY))
