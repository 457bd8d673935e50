"""Which line of the table a response key has: a dictionary for what is new, sorted runs for the long stay.

A key costs 121 bytes in a dictionary and 12 in a run. A bitmap answers for most keys that no run has them. Keys that
were kept are put into neither before they are needed: one question is answered in a quarter of that time.
Must not know what the keys stand for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from itertools import islice
from typing import Final

RUN_LENGTH: Final = 1 << 16
"""Keys in a run: sorting one holds other threads up for some 20 ms. What is not in a run yet costs ten times as much,
and leaves holes in the memory."""
FEW_KEYS: Final = 1 << 14
FEW_BITS: Final = 1 << 18
BITMAP_BITS: Final = 1 << 24
"""2 MiB for more than a few keys: at a million one in seventeen strange keys must be looked for all the same."""


class KeyIndex:
    """A map from key numbers to rows that only grows."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._runs: list[tuple[array[int], array[int]]] = []
        self._bitmap = bytearray()
        self._kept: array[int] | None = None
        self._is_asked = False
        self._bit_mask = 0

    def __len__(self) -> int:
        return len(self._kept or ()) + len(self._recent) + sum(len(keys) for keys, _ in self._runs)

    def get(self, key: int) -> int | None:
        """Return the row of a key, None for one that is not there."""
        if self._kept is not None:
            self._index()
        row = self._recent.get(key)
        if row is not None or not self._runs:
            return row
        bit = key & self._bit_mask
        if not self._bitmap[bit >> 3] & 1 << (bit & 7):
            return None
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
        if self._kept is not None and not self._is_asked:
            self._is_asked = True
            return self._recent.keys().isdisjoint(keys) and set(keys).isdisjoint(self._kept)
        if self._kept is not None:
            self._index()
        if not self._recent.keys().isdisjoint(keys):
            return False
        return not self._runs or all(self.get(key) is None for key in keys)

    def keep(self, keys: array[int]) -> None:
        """Take over the keys of all rows there are, to be indexed when that pays. This one must be empty."""
        self._kept = keys[:]

    def _index(self) -> None:
        kept, self._kept = self._kept, None
        self.extend(kept or (), 0)

    def extend(self, keys: Iterable[int], first_row: int) -> None:
        """Add keys none of which is there yet, in consecutive rows."""
        self._recent.update(zip(keys, range(first_row, 1 << 62)))  # noqa: B905 - the rows go on for ever
        while len(self._recent) >= 2 * RUN_LENGTH:
            self.seal_run()

    def seal_run(self) -> bool:
        """Move some of what is new into a run. Returns whether there is more to move."""
        if self._kept is not None:
            self._index()
        if not self._recent:
            return False
        keys = array("q", sorted(islice(self._recent, RUN_LENGTH)))
        self._mark(keys)
        self._runs.append((keys, array("i", map(self._recent.__getitem__, keys))))
        for key in keys:
            del self._recent[key]
        if self._recent:
            self._recent = dict(self._recent)  # a dictionary that shrank keeps the room it had
        else:
            self._recent = {}
        return len(self._recent) >= RUN_LENGTH // 8

    def _mark(self, keys: array[int]) -> None:
        """Note in the bitmap that keys are in a run."""
        bits = FEW_BITS if len(self) <= FEW_KEYS else BITMAP_BITS
        if bits > 8 * len(self._bitmap):
            self._bitmap, self._bit_mask = bytearray(bits >> 3), bits - 1
            for known, _ in self._runs:
                self._mark(known)
        bitmap, mask = self._bitmap, self._bit_mask
        for key in keys:
            bit = key & mask
            bitmap[bit >> 3] |= 1 << (bit & 7)
