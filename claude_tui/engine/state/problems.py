"""What was skipped or doubted, per file. Must not know what the files hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.problems import Problems

LEDGER: Final = ProblemKind.LEDGER.value
UNREADABLE: Final = ProblemKind.UNREADABLE.value
UNFINISHED: Final = ProblemKind.UNFINISHED.value
UNRECOGNISED: Final = ProblemKind.UNRECOGNISED.value


class ProblemLog:
    """Problems by file, and how many there are of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._of: dict[str, Problems] = {}

    def __contains__(self, path: str) -> bool:
        """Whether a file has any."""
        return path in self._of

    def among(self, paths: Iterable[str]) -> set[str]:
        """Return those of some files that have any."""
        return set() if self._of.keys().isdisjoint(paths) else self._of.keys() & set(paths)

    def note(self, path: str, found: Problems | Iterable[Problem], *, is_whole: bool, may_retell: bool = False) -> bool:
        """Add the problems of newly read lines, or of a whole file instead of those known. Returns if any changed.

        If they are of what was not read for the first time, they `may_retell` what is known.
        A file that could not be read keeps the problems of its lines, and has this problem until it can be read.
        That it does not end in a whole line, or that nothing in it is known, holds until it is read again.
        """
        known, found = self._of.get(path), Problems.of(found)
        if known is None:
            if not found.counts:
                return False
            known = Problems()
        if UNREADABLE in found.counts:
            staying = known.but(UNREADABLE)
        else:
            staying = Problems() if is_whole else known.but(UNREADABLE, UNFINISHED, UNRECOGNISED)
        after = staying.with_retold(found) if may_retell and not is_whole else staying.with_more(found)
        if after == known:
            return False
        if after.counts:
            self._of[path] = after
        else:
            self._of.pop(path, None)
        self.counts.subtract(known.counts)
        self.counts.update(after.counts)
        return True

    def paths(self) -> set[str]:
        """Return the logs that have any; what is wrong in the ledger is not theirs."""
        return {path for path, found in self._of.items() if LEDGER not in found.counts}

    def all(self) -> list[Problem]:
        """Return every problem that is kept, by file."""
        return [problem for path in sorted(self._of) for problem in self._of[path]]

    def packed(self) -> dict[str, Any]:
        """Return everything, as what JSON can hold."""
        return {
            path: [[[one.kind.value, one.offset, one.detail] for one in found], found.counts]
            for path, found in self._of.items()
        }

    @classmethod
    def unpacked(cls, packed: dict[str, Any]) -> ProblemLog:
        """Return what `packed` was made of. May raise anything for what was not."""
        log = cls()
        for path, (kept, counts) in packed.items():
            found = Problems(Problem(ProblemKind(kind), path, at, text) for kind, at, text in kept)
            found.counts = Counter({ProblemKind(kind).value: int(number) for kind, number in counts.items()})
            log.note(path, found, is_whole=True)
        return log
