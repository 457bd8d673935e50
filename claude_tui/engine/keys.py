"""Which line of the table a response key has: a dictionary while much is new, sorted runs for the long stay.

A dictionary costs 121 bytes a key, a run 12. Must not know what the keys stand for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from itertools import islice
from typing import Final

RUN_LENGTH: Final = 1 << 16
"""Keys in a run: sorting one holds other threads up for some 30 ms."""

MIN_RUN_LENGTH: Final = RUN_LENGTH // 4


class KeyIndex:
    """A map from key numbers to rows that only grows."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._runs: list[tuple[array[int], array[int]]] = []

    def __len__(self) -> int:
        return len(self._recent) + sum(len(keys) for keys, _ in self._runs)

    def get(self, key: int) -> int | None:
        """Return the row of a key, None for one that is not there."""
        row = self._recent.get(key)
        if row is not None:
            return row
        for keys, rows in self._runs:
            at = bisect_left(keys, key)
            if at < len(keys) and keys[at] == key:
                return rows[at]
        return None

    def __getitem__(self, key: int) -> int:
        row = self.get(key)
        if row is None:
            raise KeyError(key)
        return row

    def is_disjoint(self, keys: array[int]) -> bool:
        """Whether none of the keys is there."""
        if not self._recent.keys().isdisjoint(keys):
            return False
        return not self._runs or all(self.get(key) is None for key in keys)

    def add(self, key: int, row: int) -> None:
        """Add a key that is not there yet."""
        self._recent[key] = row

    def extend(self, keys: Iterable[int], first_row: int) -> None:
        """Add keys none of which is there yet, in consecutive rows."""
        self._recent.update(zip(keys, range(first_row, 1 << 62)))  # noqa: B905 - the rows go on for ever

    def seal_run(self) -> bool:
        """Move some of what is new into a run. Returns whether there is more to move."""
        if not self._recent:
            return False
        pairs = sorted(islice(self._recent.items(), RUN_LENGTH))
        keys = array("q", [key for key, _ in pairs])
        self._runs.append((keys, array("i", [row for _, row in pairs])))
        for key in keys:
            del self._recent[key]
        if len(self._recent) >= MIN_RUN_LENGTH:
            return True
        self._recent = dict(self._recent)  # a dictionary that shrank keeps the room it had
        return False
