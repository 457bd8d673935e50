"""What was skipped or doubted, per file. Must not know what the files hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from claude_tui.model import Problem

MAX_KEPT_PER_FILE: Final = 1_000
"""More problems of one file are counted but not kept: a file of garbage must not fill the memory."""


class ProblemLog:
    """Problems by file, and how many there are of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._kept: dict[str, list[Problem]] = {}
        self._counts_of: dict[str, Counter[str]] = {}

    def note(self, path: str, problems: Sequence[Problem], *, is_whole: bool) -> bool:
        """Add the problems of newly read lines, or of a whole file instead of those known. Returns if any changed."""
        counts = Counter(problem.kind.value for problem in problems)
        before = self._counts_of.get(path, Counter())
        if not counts and (not before or not is_whole):
            return False
        if is_whole:
            if counts == before and self._kept.get(path) == list(problems[:MAX_KEPT_PER_FILE]):
                return False
            self.counts.subtract(before)
            self._counts_of[path], self._kept[path] = counts, list(problems[:MAX_KEPT_PER_FILE])
        else:
            kept = self._kept.setdefault(path, [])
            kept.extend(problems[: MAX_KEPT_PER_FILE - len(kept)])
            self._counts_of[path] = before + counts
        self.counts.update(counts)
        return True

    def all(self) -> list[Problem]:
        """Return every problem that is kept, by file."""
        return [problem for path in sorted(self._kept) for problem in self._kept[path]]
