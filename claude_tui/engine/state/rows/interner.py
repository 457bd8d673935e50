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
        for name in names:
            self.of(name)

    def of(self, name: N) -> int:
        """Return the number of a name; the next free one for a new name."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
        return number
