"""What was skipped or doubted, per file. Must not know what the files hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from claude_tui.model import Problem, ProblemKind

MAX_KEPT_PER_FILE: Final = 1_000
"""More problems of one file are counted but not kept: a file of garbage must not fill the memory."""
UNREADABLE: Final = ProblemKind.UNREADABLE.value


class ProblemLog:
    """Problems by file, and how many there are of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._kept: dict[str, list[Problem]] = {}
        self._counts_of: dict[str, Counter[str]] = {}

    def note(self, path: str, problems: Sequence[Problem], *, is_whole: bool) -> bool:
        """Add the problems of newly read lines, or of a whole file instead of those known. Returns if any changed.

        That a file could not be read tells nothing of its lines, whose problems stay; it holds until it can be read.
        """
        counts = Counter(problem.kind.value for problem in problems)
        before, known = self._counts_of.get(path, Counter()), self._kept.get(path, [])
        is_failed = UNREADABLE in counts
        if not counts and (not before or not (is_whole or UNREADABLE in before)):
            return False
        staying, kept = Counter[str](), list[Problem]()
        if is_failed or not is_whole:
            staying = Counter({kind: number for kind, number in before.items() if kind != UNREADABLE})
            kept = [problem for problem in known if problem.kind.value != UNREADABLE]
        after, kept = staying + counts, [*kept, *problems][:MAX_KEPT_PER_FILE]
        if (after, kept) == (before, known):
            return False
        self._counts_of[path], self._kept[path] = after, kept
        self.counts.subtract(before)
        self.counts.update(after)
        return True

    def all(self) -> list[Problem]:
        """Return every problem that is kept, by file."""
        return [problem for path in sorted(self._kept) for problem in self._kept[path]]
