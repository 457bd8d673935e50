"""The problems of one file: all are counted, the first of each kind are kept. Must not know what a file holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from claude_tui.model import Problem

MAX_KEPT: Final = 100
"""Further problems of one kind in one file are counted but not kept: a file of garbage must not fill the memory."""

_no_counts: Final[Callable[[], Counter[str]]] = partial(Counter.__new__, Counter)
"""Makes an empty one for each file: its own way takes five times as long."""


class Problems:
    """Problems in the order found. `counts` has the number of each kind, by its value; iterating yields those kept."""

    __slots__ = ("_kept", "_kept_of", "counts")

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self.counts: Counter[str] = _no_counts()
        self._kept: list[Problem] = []
        self._kept_of: dict[str, int] = {}
        for problem in found:
            self.append(problem)

    @classmethod
    def of(cls, found: Problems | Iterable[Problem]) -> Problems:
        """Return the same problems as `Problems`."""
        return found if isinstance(found, Problems) else cls(found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problems) and (self._kept, self.counts) == (other._kept, other.counts)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Callable[..., Problems], tuple[()] | tuple[list[Problem], dict[str, int]]]:
        """Say how to make the same again: most files have none, and then there is nothing to say."""
        return (_restored, (self._kept, dict(self.counts))) if self.counts else (Problems, ())

    def append(self, problem: Problem, number: int = 1) -> None:
        """Add a problem that stands for `number` of its kind."""
        kind = problem.kind.value
        self.counts[kind] += number
        kept = self._kept_of.get(kind, 0)
        if kept < MAX_KEPT:
            self._kept_of[kind] = kept + 1
            self._kept.append(problem)

    def but(self, *kinds: str) -> Problems:
        """Return the problems of all other kinds."""
        found = Problems(problem for problem in self if problem.kind.value not in kinds)
        found.counts = Counter({kind: number for kind, number in self.counts.items() if kind not in kinds})
        return found

    def with_more(self, more: Problems) -> Problems:
        """Return these and more."""
        if not more.counts:
            return self
        found = Problems([*self, *more])
        found.counts = self.counts + more.counts
        return found

    def with_retold(self, told: Problems) -> Problems:
        """Return these and those of `told` that are news: what a database is looked through again for is told again.

        Of a kind of which all that is kept is known, what may be known already counts as known.
        """
        found = Problems([*self, *(problem for problem in told if problem not in self._kept)])
        for kind in self.counts | told.counts:
            news = found._kept_of.get(kind, 0) - self._kept_of.get(kind, 0)
            found.counts[kind] = max(self.counts[kind] + news, told.counts[kind])
        return found


def _restored(kept: list[Problem], counts: dict[str, int]) -> Problems:
    found = Problems(kept)
    found.counts = Counter(counts)
    return found
