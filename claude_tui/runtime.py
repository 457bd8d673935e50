"""How this process collects garbage and what it does with freed memory, by what it is doing just now.

Must not change any number, and must not import what a command may do without.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import Final

GC_THRESHOLD: Final = 1_000_000
"""While counting, garbage is collected only after this many more new objects."""

SCREEN_GC_THRESHOLD: Final = 20_000
"""While the screen is open: one view drawn makes some thousand objects that go by themselves. With Python's own 700
they are looked through again and again, for a tenth of the processor time."""

LARGE_BYTES: Final = 4 << 20
"""More than is read of a log at once."""

_kept: list[object] = []

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Numbers of mallopt's parameters."""
_KEPT_BYTES: Final = 64 << 20
_MAPPED_BYTES: Final = 32 << 20
"""The most that glibc allows for what is not mapped by itself."""
_AT_START_BYTES: Final = 128 << 10
"""What glibc begins with for both."""


def starting() -> None:
    """Look for no garbage: what is loaded to begin with stays, so there is none in it."""
    gc.disable()


def started() -> None:
    """Look for garbage again."""
    gc.enable()


def counting() -> None:
    """Count once: look for garbage seldom, since what is loaded and counted stays until it has been said."""
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    reading()


def reading() -> None:
    """Read much: have large blocks kept when they are freed, for the next one.

    glibc learns from the first one that is freed that such blocks come and go. Otherwise each would be taken from the
    system and cleared again: 4 % of an export. It is not written to, so it costs no memory.
    """
    bytes(LARGE_BYTES)


def running() -> None:
    """Run for long, once nothing is counted for the first time any more: look for garbage again, but not among what was
    made until then.

    Not before: a first count makes millions of objects that stay. To look through them stopped whoever drew for up to
    0.1 s at a time, ten times and more where there are 20,000 files, and found next to nothing.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(SCREEN_GC_THRESHOLD)
        gc.enable()


def settled() -> None:
    """The first count is over: return what it needed to the system, keep little from then on, and look for garbage.

    glibc keeps freed memory: after a first read of a million responses 39 of 157 MB. From then on it keeps more the
    larger what was freed, for each thread apart and out of reach of `malloc_trim`: a save in each of six threads
    came to 15 MB with 5,000 files. So it is told to stay at what it begins with.
    """
    running()
    _call_glibc("mallopt", _TRIM_THRESHOLD, _AT_START_BYTES)
    _call_glibc("mallopt", _MMAP_THRESHOLD, _AT_START_BYTES)
    trim()


def trim() -> None:
    """Return what is free to the system, wherever it lies: for after work that took much for a moment."""
    _call_glibc("malloc_trim", 0)


def without_tls() -> None:
    """Load asyncio as it is where Python has no OpenSSL, which takes 4 ms and 4 MB: for a process that speaks no TLS
    with it. Others may load `ssl` all the same."""
    if "asyncio" not in sys.modules and "ssl" not in sys.modules:
        sys.modules["ssl"] = None  # type: ignore[assignment]
        try:
            import asyncio  # noqa: F401
        finally:
            del sys.modules["ssl"]


def forking() -> None:
    """Fork workers soon: a collection in them would copy the pages they share with this process."""
    gc.freeze()


def worker() -> None:
    """Read logs and do nothing else. What is freed is kept, since the next file is read into the same memory.

    Otherwise every file costs a fault for each of its pages, 7 % of all the reading.
    """
    gc.disable()
    _call_glibc("mallopt", _TRIM_THRESHOLD, _KEPT_BYTES)
    _call_glibc("mallopt", _MMAP_THRESHOLD, _MAPPED_BYTES)


def keep(made: object) -> None:
    """Keep something large until this process ends: to free it piece by piece takes as long as an answer may."""
    _kept.append(made)


def ending(code: int | None) -> None:
    """End soon, all that is to be said being said: with `code`, or with an error if that is None.

    What is left is given back with the process: looking for garbage in it would take 20 ms. Where something is kept,
    all is done here that Python does at its end, but for freeing that, and the process ends.
    """
    gc.freeze()
    if code is None or not _kept:
        return
    import threading

    # It waits for threads as Python does: first those of pools are told that nothing comes any more.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _call_glibc(name: str, *arguments: int) -> None:
    """Call what only glibc has; other C libraries manage their memory without us."""
    if sys.platform == "linux":
        import ctypes  # not for commands that call nothing

        function = getattr(ctypes.CDLL(None), name, None)
        if function is not None:
            function(*arguments)
