"""How freed memory is kept and given back. Must not change any number."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from claude_tui.engine.state.store import Store

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Numbers of mallopt's parameters."""
_KEPT_BYTES: Final = 64 << 20
_MAPPED_BYTES: Final = 32 << 20
"""The most that glibc allows for what is not mapped by itself."""
_AT_START_BYTES: Final = 128 << 10
"""What glibc begins with for both."""


def give_back(store: Store) -> None:
    """Pack the keys of a store, in steps that hold nobody up, and return what is free to the system.

    glibc keeps freed memory: after a first read of a million responses 39 of 157 MB. From then on it keeps more the
    larger what was freed, for each thread apart and out of reach of `malloc_trim`: a save in each of six threads
    came to 15 MB with 5,000 files. So it is told to stay at what it begins with.
    """
    is_more = True
    while is_more:
        with store.lock:
            is_more = store.table.row_of.seal_run()
    _call_glibc("mallopt", _TRIM_THRESHOLD, _AT_START_BYTES)
    _call_glibc("mallopt", _MMAP_THRESHOLD, _AT_START_BYTES)
    trim()


def trim() -> None:
    """Return what is free to the system, wherever it lies: for after work that took much for a moment."""
    _call_glibc("malloc_trim", 0)


def keep_freed() -> None:
    """Keep what is freed instead of returning it to the system: a worker reads into the same memory again.

    Otherwise every file costs a fault for each of its pages, 7 % of all the reading.
    """
    _call_glibc("mallopt", _TRIM_THRESHOLD, _KEPT_BYTES)
    _call_glibc("mallopt", _MMAP_THRESHOLD, _MAPPED_BYTES)


def _call_glibc(name: str, *arguments: int) -> None:
    """Call what only glibc has; other C libraries manage their memory without us."""
    if sys.platform == "linux":
        function = getattr(ctypes.CDLL(None), name, None)
        if function is not None:
            function(*arguments)
