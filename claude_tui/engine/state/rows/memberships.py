"""Which sessions hold a response that more than one of them holds: a fork's log repeats its parent's answers.

Must not know what a response counts. Takes no locks: the store does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from claude_tui.engine.state.unlogged.remainder import Mark


class Memberships:
    """Marks by session of each such response, by its row in the table. In whatever order they come, the same."""

    def __init__(self) -> None:
        self.of_row: dict[int, dict[str, Mark]] = {}

    def would_note(self, row: int, owner: str, session: str, mark: Mark) -> bool:
        """Whether that a session holds a response is news. `owner` is the session that holds it as far as known."""
        known = self.of_row.get(row)
        if known is None:
            return session != owner
        return session not in known or _first(known[session], mark) != known[session]

    def note(self, row: int, owner: str, owner_mark: Mark, session: str, mark: Mark) -> None:
        """Take down that a session holds a response, beside `owner`, which held it before."""
        known = self.of_row.setdefault(row, {owner: owner_mark})
        known[session] = _first(known[session], mark) if session in known else mark

    def rows_of(self, sessions: Iterable[str]) -> Iterator[tuple[str, int, Mark]]:
        """Yield (session, row, mark) of everything these sessions hold, as far as others hold it, too."""
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
    """Of two marks of one session the one that is its own, of its main file, and stands first."""
    return min(one, other, key=lambda mark: (mark.is_copy, mark.offset < 0, mark.offset))
