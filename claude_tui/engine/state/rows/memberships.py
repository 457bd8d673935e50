"""Which sessions hold a response that several sessions or files hold: a fork's log repeats its parent's answers.

Must not know what a response counts. Takes no locks: the store does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from claude_tui.records import NamedTuple


class Mark(NamedTuple):
    """A response in a session: where it stands in its file (-1 in a sub-agent's), and whether only as a marked copy."""

    offset: int
    is_copy: bool


class Memberships:
    """Marks by session of each such response, by its row in the table. The order of notes does not matter.

    Of a response that has no marks here, the table itself says the one there is.
    """

    def __init__(self) -> None:
        self.of_row: dict[int, dict[str, Mark]] = {}

    def would_note(self, row: int, owner: str, session: str, mark: Mark) -> bool:
        """Whether it is new that a session holds a response. `owner` is the session that is known to hold it."""
        known = self.of_row.get(row)
        if known is None:
            return session != owner
        return session not in known or _first(known[session], mark) != known[session]

    def is_shared(self, row: int) -> bool:
        """Whether more than one session holds a response."""
        return len(self.of_row.get(row, ())) > 1

    def note(self, row: int, owner: str, owner_mark: Mark, session: str, mark: Mark) -> None:
        """Note that a session holds a response, beside `owner`, which held it before."""
        known = self.of_row.setdefault(row, {owner: owner_mark})
        known[session] = _first(known[session], mark) if session in known else mark

    def rows_of(self, sessions: Iterable[str]) -> Iterator[tuple[str, int, Mark]]:
        """Yield (session, row, mark) of everything that these sessions share with others."""
        wanted = set(sessions)
        for row, known in self.of_row.items():
            if not wanted.isdisjoint(known):
                yield from ((session, row, mark) for session, mark in known.items() if session in wanted)

    def packed(self) -> list[list[object]]:
        """Return everything, as what JSON can hold."""
        return [[row, [[session, *mark] for session, mark in known.items()]] for row, known in self.of_row.items()]

    def unpack(self, packed: Iterable[tuple[int, Iterable[tuple[str, int, bool]]]]) -> None:
        """Take over what `packed` gave. May raise anything for what it did not."""
        for row, known in packed:
            self.of_row[int(row)] = {str(name): Mark(int(offset), bool(copy)) for name, offset, copy in known}


def _first(one: Mark, other: Mark) -> Mark:
    """Return the better of two marks of one session: its own before a copy, the main file first, then the earlier."""
    return min(one, other, key=lambda mark: (mark.is_copy, mark.offset < 0, mark.offset))
