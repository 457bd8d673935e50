"""What changes below folders, as Linux tells it: at once, and nothing runs while nothing changes.

watchfiles is told the same, but looks for it every few milliseconds, and neither says that it was told too little nor
watches what is made in a new folder. Must not know what the files are.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import struct
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import suppress
from typing import Final

GATHER_S: Final = 0.01
"""What is written together comes together."""
EVERY_S: Final = 0.05
"""What never ceases comes so often, as each time costs a look at what changed."""
READ_BYTES: Final = 1 << 16

MODIFY: Final = 0x2
ATTRIB: Final = 0x4
MOVED_FROM: Final = 0x40
MOVED_TO: Final = 0x80
CREATE: Final = 0x100
DELETE: Final = 0x200
DELETE_SELF: Final = 0x400
MOVE_SELF: Final = 0x800
UNMOUNT: Final = 0x2000
Q_OVERFLOW: Final = 0x4000
IGNORED: Final = 0x8000
ISDIR: Final = 0x40000000

_MASK: Final = MODIFY | ATTRIB | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF
_ENDS: Final = DELETE_SELF | MOVE_SELF | UNMOUNT
_NO_MORE: Final = (errno.ENOSPC, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EBADF)
_EVENT: Final = struct.Struct("iIII")

_libc: Final = ctypes.CDLL(None, use_errno=True)


async def changes(roots: Sequence[str], check_s: float) -> AsyncGenerator[set[str] | None, None]:
    """Yield the paths of what changed below the roots, for ever; an empty set at least every `check_s`.

    A folder stands for all that is in it. None says that changes were missed, or that a root is another one now: then
    begin anew. Raises FileNotFoundError for a root that is not there, and OSError where no more can be watched.
    """
    loop = asyncio.get_running_loop()
    watches = Watches()
    try:
        for root in roots:
            await asyncio.to_thread(watches.add_root, root)
        yield set()
        told_s = 0.0
        while True:
            happened = loop.create_future()
            loop.add_reader(watches.fd, _tell, loop, watches.fd, happened)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(happened, check_s)
                await asyncio.sleep(max(GATHER_S, told_s + EVERY_S - loop.time()))
                told_s = loop.time()
            loop.remove_reader(watches.fd)
            changed, folders = watches.take()
            for folder in folders:
                await asyncio.to_thread(watches.add, folder)
            yield changed
            if not watches.are_whole:
                yield None
    finally:
        loop.remove_reader(watches.fd)
        os.close(watches.fd)


def _tell(loop: asyncio.AbstractEventLoop, fd: int, happened: asyncio.Future[None]) -> None:
    loop.remove_reader(fd)  # it stays readable until it is read
    if not happened.done():
        happened.set_result(None)


class Watches:
    """Watches on folders and all below them; links are followed, and of a folder's names the last found counts.

    `are_whole` until something was missed or a root is no longer where it was.
    """

    def __init__(self) -> None:
        self.fd: int = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self.are_whole = True
        self._paths: dict[int, str] = {}
        self._roots: set[str] = set()
        self._has_links = False

    def add_root(self, root: str) -> None:
        """Watch a folder or a file. Raises FileNotFoundError, and OSError where no more can be watched."""
        self._roots.add(root)
        self.add(root)

    def add(self, top: str) -> None:
        """Watch what came to be in a folder; what is gone again or may not be read is passed over.

        Raises OSError where no more can be watched.
        """
        pending, found = [top], set[int]()
        while pending:
            path = pending.pop()
            try:
                watch = _checked(_libc.inotify_add_watch(self.fd, os.fsencode(path), _MASK))
                if watch not in found:  # else links lead in a circle
                    found.add(watch)
                    self._paths[watch] = path
                    pending += self._folders_in(path)
            except OSError as error:
                is_gone = isinstance(error, FileNotFoundError)
                if error.errno in _NO_MORE or (is_gone and path in self._roots):
                    raise

    def take(self) -> tuple[set[str], list[str]]:
        """Return the paths of what changed, and those of them that are new folders, for `add`. Never waits."""
        changed: set[str] = set()
        folders: dict[str, None] = {}
        try:
            events = os.read(self.fd, READ_BYTES)
        except BlockingIOError:
            events = b""
        for watch, mask, name in _parsed(events):
            above = self._paths.get(watch, "")
            path = os.path.join(above, name) if name else above
            if mask & Q_OVERFLOW or (mask & _ENDS and path in self._roots) or self._may_hide(path, mask):
                self.are_whole = False
            if mask & IGNORED:
                self._paths.pop(watch, None)
            elif path:
                changed.add(path)
                if mask & MOVED_FROM and mask & ISDIR:
                    self._drop(path)
                if mask & (CREATE | MOVED_TO) and os.path.isdir(path):
                    folders[path] = None
                    self._has_links |= not mask & ISDIR
        return changed, list(folders)

    def _folders_in(self, folder: str) -> list[str]:
        with os.scandir(folder) as listing:
            found = [entry for entry in listing if _is_folder(entry)]
        self._has_links |= any(entry.is_symlink() for entry in found)
        return [entry.path for entry in found]

    def _may_hide(self, path: str, mask: int) -> bool:
        """Whether a name of a folder is gone that may have another one, which is not told of."""
        return self._has_links and bool(mask & (DELETE | MOVED_FROM)) and path in self._paths.values()

    def _drop(self, top: str) -> None:
        """Watch a folder that went elsewhere no longer: what it would tell of has another name now."""
        for watch, path in list(self._paths.items()):
            if path == top or path.startswith(top + os.sep):
                del self._paths[watch]
                _libc.inotify_rm_watch(self.fd, watch)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _parsed(events: bytes) -> Iterator[tuple[int, int, str]]:
    at = 0
    while at < len(events):
        watch, mask, _, length = _EVENT.unpack_from(events, at)
        at += _EVENT.size + length
        yield watch, mask, os.fsdecode(events[at - length : at].rstrip(b"\0"))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False
