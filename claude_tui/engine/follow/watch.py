"""Hints that something below a folder changed. Hints may be lost: the sweep of `tail` is the truth.

Must not know what the files are.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

from claude_tui.engine.follow.changes import changes

CHECK_MS: Final = 1_000
"""How often the roots are compared with those being watched."""
RENEW_S: Final = 600.0
"""A watcher that lost its queue or a new folder does not report that, so it is replaced now and then."""
MAX_BACKOFF_S: Final = 30.0

_POLLED_FILESYSTEMS: Final = ("nfs", "cifs", "smb", "9p", "fuse", "drvfs", "vboxsf", "prl_fs")

_log = logging.getLogger(__name__)

RootIdentity = tuple[str, int, int]


def existing(roots: Sequence[str]) -> tuple[RootIdentity, ...]:
    """Return the roots that exist, with device and inode: what a watcher is bound to."""
    found = []
    for root in roots:
        try:
            stat = os.stat(root)
        except OSError:
            continue
        found.append((root, stat.st_dev, stat.st_ino))
    return tuple(found)


def needs_polling(root: str, mounts: str = "/proc/mounts") -> bool:
    """Whether the file system of a folder does not report changes made elsewhere (network, shared folders)."""
    try:
        lines = Path(mounts).read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    best, kind = "", ""
    path = os.path.realpath(root)
    for line in lines:
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        if (path == point or path.startswith(point.rstrip("/") + "/")) and len(point) >= len(best):
            best, kind = point, parts[2]
    return kind.startswith(_POLLED_FILESYSTEMS)


async def hints(roots: Sequence[str]) -> AsyncGenerator[set[str] | None, None]:
    """Yield sets of paths that may have changed, without end; an empty set says that hints may have been missed.

    None says that no hints come until the next set: the limit of watches or of open files is reached. Roots may be
    missing, be removed and come back. Raises nothing; after a failure it waits and starts again.
    """
    backoff_s = 1.0
    loop = asyncio.get_running_loop()
    while True:
        watched = existing(roots)
        if not watched:
            await asyncio.sleep(CHECK_MS / 1000)
            if existing(roots):
                yield set()
            continue
        renew_at = loop.time() + RENEW_S
        is_new = True
        try:
            places = [root for root, _, _ in watched]
            async with aclosing(changes(places, CHECK_MS / 1000)) as found:
                async for paths in found:
                    backoff_s = 1.0
                    if paths:
                        yield paths
                    if is_new:  # what changed before it watched
                        yield set()
                        is_new = False
                    # A new folder often gets the inode of a removed one, so an event on the root itself tells more.
                    is_root_touched = not paths.isdisjoint(places)
                    if is_root_touched or existing(roots) != watched or loop.time() > renew_at:
                        break
        except (OSError, RuntimeError, ValueError) as error:  # ValueError: a name that is no UTF-8
            _log.warning("watching failed, trying again in %.0f s: %s", backoff_s, error)
            is_blind = not isinstance(error, FileNotFoundError)  # a root that is just gone is looked for above
            yield None if is_blind else set()
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)
            continue
        yield set()
