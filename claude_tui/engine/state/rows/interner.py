"""Small numbers that stand for long names, in the order the names turned up. Must not know what is named."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)


class Numbers(Generic[N]):
    """Names and their numbers. `names[number]` is the way back; it is to be read, not written."""

    def __init__(self, names: Iterable[N] = ()) -> None:
        self.names: list[N] = []
        self._numbers: dict[N, int] = {}
        self.of_all(names)

    def of(self, name: N) -> int:
        """Return the number of a name; the next free one for a new name."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
        return number

    def of_all(self, names: Iterable[N]) -> list[int]:
        """Return the numbers of many names, in order, as `of` does."""
        numbers, known, found = self._numbers, self.names, list[int]()
        for name in names:
            number = numbers.get(name)
            if number is None:
                number = numbers[name] = len(known)
                known.append(name)
            found.append(number)
        return found
