"""What changes below folders, as watchfiles tells it: for systems without inotify. Must not know what files are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from watchfiles import Change, awatch

STEP_MS: Final = 25
DEBOUNCE_MS: Final = 200


async def changes(roots: Sequence[str], check_s: float) -> AsyncGenerator[set[str] | None, None]:
    """Yield the paths of what changed below the roots: see `inotify`. Misses more, and seldom knows."""
    async for found in awatch(
        *roots,
        watch_filter=_any_change,
        step=STEP_MS,
        debounce=DEBOUNCE_MS,
        rust_timeout=int(check_s * 1000),
        yield_on_timeout=True,
        ignore_permission_denied=True,
        force_polling=False,
    ):
        paths = {path for _, path in found}
        yield paths
        # A new folder often gets the inode of a removed one, so an event on the root itself tells more.
        if not paths.isdisjoint(roots):
            yield None


def _any_change(change: Change, path: str) -> bool:
    """Keep everything: the usual filter would pass over projects in folders called node_modules or .git."""
    return True
