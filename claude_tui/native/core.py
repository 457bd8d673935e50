"""The core as Python calls it: requests are bytes, and answers are read where they lie.

Must not know how it is found, nor what is done with what it reads.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final
from weakref import finalize

from claude_tui.records import NamedTuple

if TYPE_CHECKING:
    import ctypes

VERSION: Final = 14
"""Of request and answer, as the core has it."""


class Core(NamedTuple):
    """The loaded library."""

    library: ctypes.CDLL

    def read(self, request: bytes) -> memoryview:
        """Return the answer to a request; other threads run meanwhile. Raises ValueError if it gives none."""
        return self._asked(self.library.claude_top_read, request, len(request))

    def stop(self, number: int) -> None:
        """Let the request of this number end once the files it is at are read, also before it has begun."""
        self.library.claude_top_stop(number)

    def rollouts(self, request: bytes) -> memoryview:
        """Return the answer to a request for Codex's rollouts, as `read` does."""
        return self._asked(self.library.claude_top_rollouts, request, len(request))

    def causes(self, request: bytes) -> memoryview:
        """Return the answer to a request for what transcripts say of causes, as `read` does."""
        return self._asked(self.library.claude_top_causes, request, len(request))

    def walk(self, request: bytes) -> memoryview:
        """Return what is found below a folder, as `read` does."""
        return self._asked(self.library.claude_top_walk, request, len(request))

    def known(self, keys: array[int], wanted: array[int]) -> tuple[array[int], array[int]]:
        """Return which of the wanted keys any row has, by their places, and the row of each; row after row has one of
        `keys`, and each another. Raises ValueError if that cannot be done.

        Other threads run meanwhile, and cannot change how many keys there are."""
        places, rows = array("q"), array("q")
        if keys and wanted:
            with memoryview(keys), memoryview(wanted):  # they stay where they are
                answer = self._asked(self.library.claude_top_known, *keys.buffer_info(), *wanted.buffer_info())
            _, middle, _ = array("q", answer[:24].tobytes())
            places.frombytes(answer[24:middle])
            rows.frombytes(answer[middle:])
        return places, rows

    def renumbered(self, numbers: array[int], column: array[int]) -> array[int]:
        """Return, of 32 bits each, the number that each in a column stands for. Raises ValueError if one has none."""
        found = array("i")
        if numbers and column:
            answer = self._asked(self.library.claude_top_renumbered, *numbers.buffer_info(), *column.buffer_info())
            found.frombytes(answer)
        return found

    def _asked(self, ask: Callable[..., int], *request: object) -> memoryview:
        import ctypes  # for those who read much

        answer, size = ctypes.c_void_p(), ctypes.c_size_t()
        status = ask(*request, ctypes.byref(answer), ctypes.byref(size))
        if status or not answer.value:
            raise ValueError(f"the core failed with {status}")
        # It is read where it lies, and given back when nothing of it is used any more.
        given = (ctypes.c_char * size.value).from_address(answer.value)
        finalize(given, self.library.claude_top_free, answer, size).atexit = False
        return memoryview(given).cast("B")


def threads_for(sizes: Sequence[int], calls: int = 1) -> int:
    """Return how many threads are worth their start for files of these sizes, of which each of so many calls at once
    has its own."""
    return max(1, min((os.cpu_count() or 1) // calls, sum(sizes) // (1 << 20)))
