"""What changes below folders, as watchfiles reports it: quickly while much happens, with few looks while nothing does.

Must not know what the files are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

BUSY_STEP_MS: Final = 25
QUIET_STEP_MS: Final = 100
"""How often to look for changes. Each look costs, so they are few while nothing changes."""
BUSY_S: Final = 60.0
"""For so long after a change, the next one is expected soon."""
DEBOUNCE_MS: Final = 200


async def changes(roots: Sequence[str], check_s: float) -> AsyncGenerator[set[str], None]:
    """Yield the paths of what changed below the roots, without end; an empty set if nothing changed for `check_s`.

    Ignores a root that is not there. Raises OSError if no more can be watched, RuntimeError if
    watching fails, and ValueError for a name that is no UTF-8.
    """
    loop = asyncio.get_running_loop()
    is_over = Event()
    # A thread of its own: it waits for as long as the program runs.
    thread = ThreadPoolExecutor(1, "changes")
    try:
        notify = await loop.run_in_executor(thread, _watcher, roots)
        changed_s = -BUSY_S
        while True:
            step_ms = BUSY_STEP_MS if loop.time() < changed_s + BUSY_S else QUIET_STEP_MS
            wait_ms = int(check_s * 1000)
            found = await loop.run_in_executor(thread, notify.watch, DEBOUNCE_MS, step_ms, wait_ms, is_over)
            if isinstance(found, set):
                changed_s = loop.time()
                yield {path for _, path in found}
            elif found == "timeout":
                yield set()
            else:
                raise RuntimeError(f"watching ended: {found}")
    finally:
        is_over.set()
        thread.shutdown(wait=False)


def _watcher(roots: Sequence[str]) -> RustNotify:
    from watchfiles._rust_notify import RustNotify  # 5 ms, once there are numbers on the screen

    return RustNotify(list(roots), False, False, 0, True, True)
