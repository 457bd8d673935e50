"""The core as Python calls it: requests are bytes, and answers are read where they lie.

Must not know how it is found, nor what is done with what it reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final
from weakref import finalize

from claude_tui.records import NamedTuple

if TYPE_CHECKING:
    import ctypes

VERSION: Final = 9
"""Of request and answer, as the core has it."""


class Core(NamedTuple):
    """The loaded library."""

    library: ctypes.CDLL

    def read(self, request: bytes) -> memoryview:
        """Return the answer to a request; other threads run meanwhile. Raises ValueError if it gives none."""
        return self._asked(self.library.claude_top_read, request)

    def rollouts(self, request: bytes) -> memoryview:
        """Return the answer to a request for Codex's rollouts, as `read` does."""
        return self._asked(self.library.claude_top_rollouts, request)

    def causes(self, request: bytes) -> memoryview:
        """Return the answer to a request for what transcripts say of causes, as `read` does."""
        return self._asked(self.library.claude_top_causes, request)

    def walk(self, request: bytes) -> memoryview:
        """Return what is found below a folder, as `read` does."""
        return self._asked(self.library.claude_top_walk, request)

    def _asked(self, ask: Callable[..., int], request: bytes) -> memoryview:
        import ctypes  # for those who read much

        answer, size = ctypes.c_void_p(), ctypes.c_size_t()
        status = ask(request, len(request), ctypes.byref(answer), ctypes.byref(size))
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
