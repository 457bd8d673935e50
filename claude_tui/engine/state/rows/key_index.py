"""Which line of the table a response key has: a dictionary for what is new, sorted runs for the long stay.

A key costs 121 bytes in a dictionary and 12 in a run. A bitmap answers for most keys that no run has them. Keys that
were kept are put into neither before they are needed: one question is answered in a quarter of that time. With the
native core nor are those of a first read, which asks for many keys a few times.
Must not know what the keys stand for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from claude_tui.native.library import at_hand
from claude_tui.records import NamedTuple

RUN_LENGTH: Final = 1 << 16
"""Keys in a run: sorting one holds other threads up for some 20 ms. What is not in a run yet costs ten times as much,
and leaves holes in the memory."""
MOST_RECENT: Final = RUN_LENGTH + RUN_LENGTH // 4
"""So many keys are in no run at most."""
FEW_KEYS: Final = 1 << 14
FEW_BITS: Final = 1 << 18
BITMAP_BITS: Final = 1 << 24
"""2 MiB for more than a few keys: at a million one in seventeen strange keys must be looked for all the same."""


MOST_QUESTIONS: Final = 512
"""So many times the core looks through all keys before they are indexed, which takes as long as 150 times."""


class Known(NamedTuple):
    """Which keys are known, by their places among those asked for, in order, and the row of each."""

    places: Sequence[int]
    rows: Sequence[int]


NOTHING_KNOWN: Final = Known((), ())


class KeyIndex:
    """A map from key numbers to rows that only grows."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._runs: list[tuple[array[int], array[int]]] = []
        self._bitmap = bytearray()
        self._bit_mask = 0
        self._kept = array("q")
        """Keys that are not indexed: of `_first_kept` and the rows after it."""
        self._first_kept = 0
        self._questions = 0

    def __len__(self) -> int:
        return len(self._kept) + len(self._recent) + sum(len(keys) for keys, _ in self._runs)

    def get(self, key: int) -> int | None:
        """Return the row of a key, None for one that is not there."""
        if self._kept:
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

    def known(self, keys: array[int]) -> Known:
        """Return which of the keys are there, and in what rows."""
        if not self._is_indexed and self._questions < MOST_QUESTIONS:
            core = at_hand()
            if core is not None:
                self._questions += 1
                return Known(*core.known(self._kept, keys))
            if self._kept and not self._questions:
                self._questions = 1
                if set(keys).isdisjoint(self._kept):
                    return NOTHING_KNOWN
        if self._kept:
            self._index()
        if not self._runs:
            recent = self._recent
            places = [place for place, key in enumerate(keys) if key in recent]
            return Known(places, [recent[keys[place]] for place in places])
        found = list(enumerate(map(self.get, keys)))
        places = [place for place, row in found if row is not None]
        return Known(places, [row for _, row in found if row is not None])

    def keep(self, keys: array[int]) -> None:
        """Take over the keys of all rows there are, to be indexed when that pays. This one must be empty."""
        self._kept = keys[:]

    def extend(self, keys: Iterable[int], first_row: int) -> None:
        """Add keys none of which is there yet, in consecutive rows."""
        if not self._is_indexed and first_row == len(self._kept) and at_hand() is not None:
            self._kept.extend(keys)
            return
        self._recent.update(zip(keys, range(first_row, 1 << 62)))  # noqa: B905 - the rows go on for ever
        while len(self._recent) >= MOST_RECENT:
            self.seal_run()

    def seal_run(self) -> bool:
        """Move some of what is new into a run. Returns whether there is more to move."""
        if self._kept:
            self._seal_kept()
        elif self._recent:
            keys = array("q", sorted(islice(self._recent, RUN_LENGTH)))
            self._add_run(keys, array("i", map(self._recent.__getitem__, keys)))
            for key in keys:
                del self._recent[key]
            self._recent = dict(self._recent)  # a dictionary that shrank keeps the room it had
        return len(self._kept) + len(self._recent) >= RUN_LENGTH // 8

    @property
    def _is_indexed(self) -> bool:
        return bool(self._recent or self._runs)

    def _index(self) -> None:
        while len(self._kept) >= MOST_RECENT:
            self._seal_kept()
        self._recent.update(zip(self._kept, range(self._first_kept, 1 << 62)))  # noqa: B905 - the rows go on for ever
        self._kept = array("q")

    def _seal_kept(self) -> None:
        """Move some of what is not indexed into a run."""
        keys = self._kept[:RUN_LENGTH]
        rows = dict(zip(keys, range(self._first_kept, self._first_kept + len(keys)), strict=True))
        self._kept, self._first_kept = self._kept[RUN_LENGTH:], self._first_kept + len(keys)
        keys = array("q", sorted(rows))
        self._add_run(keys, array("i", map(rows.__getitem__, keys)))

    def _add_run(self, keys: array[int], rows: array[int]) -> None:
        self._mark(keys)
        self._runs.append((keys, rows))

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
