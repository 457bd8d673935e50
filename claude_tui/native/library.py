"""The core as a loaded library: found, asked for its version, and tried on a transcript, before it is believed.

Must not know what is done with what it reads.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Final

from claude_tui.native import elf
from claude_tui.native.core import VERSION, Core
from claude_tui.records import NamedTuple

VARIABLE: Final = "CLAUDE_TOP_NATIVE"
"""Environment: 0 reads without the core, 1 uses it for the least file, too, and says where it cannot be had; anything
else uses it where it is there and there is enough to read."""

LIBRARY: Final = Path(__file__).with_name("claude_top_core.so")


_tried: Final[list[Path]] = []
"""The library, once it was tried on a log."""


class FoundCore(NamedTuple):
    """The core, or None and why there is none."""

    core: Core | None
    reason: str = ""


def is_asked_for() -> bool:
    """Whether the core is to be used however little there is to read."""
    return os.environ.get(VARIABLE) == "1"


def is_ruled_out() -> bool:
    """Whether there is no core to use, as far as is known without loading it."""
    return os.environ.get(VARIABLE) == "0" or not LIBRARY.exists()


@cache
def found(*, to_read: bool = True) -> FoundCore:
    """Return the core if it is to be used and can be. To look for files alone it need not be tried on one."""
    asked = os.environ.get(VARIABLE, "")
    if asked == "0":
        return FoundCore(None, f"switched off by {VARIABLE}=0")
    made = _loaded(to_read)
    if made.core is None and to_read and is_asked_for():
        sys.stderr.write(f"claude-top: the native reader cannot be used: {made.reason}\n")
    return made


def at_hand() -> Core | None:
    """Return the core if it has been found already: for what is too little to look for it."""
    return found().core if _tried else None


def _loaded(to_read: bool) -> FoundCore:
    try:
        with LIBRARY.open("rb") as file:
            reason = elf.fault(file.read(elf.HEAD), os.fstat(file.fileno()).st_size)
    except FileNotFoundError:
        return FoundCore(None, "not built")
    except OSError as error:
        return FoundCore(None, f"cannot be read: {error.strerror}")
    if reason:
        return FoundCore(None, reason)
    import ctypes

    try:
        library = ctypes.CDLL(str(LIBRARY))
        version = library.claude_top_version
        version.restype, version.argtypes = ctypes.c_uint32, []
        if version() != VERSION:
            return FoundCore(None, f"is of version {version()}, not {VERSION}")
        asks = (
            library.claude_top_read, library.claude_top_rollouts, library.claude_top_walk, library.claude_top_causes,
        )  # fmt: skip
        of_numbers = library.claude_top_known, library.claude_top_renumbered
        free, stop = library.claude_top_free, library.claude_top_stop
    except (OSError, AttributeError) as error:
        return FoundCore(None, f"cannot be loaded: {error}")
    pointer, size = ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t)
    for ask in asks:
        ask.restype, ask.argtypes = ctypes.c_int32, [ctypes.c_char_p, ctypes.c_size_t, pointer, size]
    numbers = ctypes.c_void_p, ctypes.c_size_t
    for ask in of_numbers:
        ask.restype, ask.argtypes = ctypes.c_int32, [*numbers, *numbers, pointer, size]
    free.restype, free.argtypes = None, [ctypes.c_void_p, ctypes.c_size_t]
    stop.restype, stop.argtypes = None, [ctypes.c_int64]
    core = Core(library)
    reason = _checked(core) if to_read else ""
    return FoundCore(core) if not reason else FoundCore(None, reason)


def _checked(core: Core) -> str:
    """Say what is wrong with the core, "" if it reads a small transcript as Python does."""
    _tried[:] = [LIBRARY]
    from claude_tui.native.probe import PROBE, differs

    try:
        return "failed its check" if differs(core, str(PROBE)) else ""
    except (OSError, ValueError) as error:
        return f"cannot be checked: {error}"
