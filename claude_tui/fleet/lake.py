"""The place a table lies in: a folder, a share or an object store, by its URL. Must not know what is in it.

Credentials come from the store's own chain (profile, role, identity) and never from a URL, an option or a setting.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from claude_tui import files
from claude_tui.records import NamedTuple

MOST_BYTES: Final = 1 << 30
"""Most bytes of an object that is read."""


class LakeError(Exception):
    """The place cannot be used. The text says why in one line, without credentials."""


class LakeObject(NamedTuple):
    """An object: its size, the instant it was written (ns), and what changes if its content does."""

    name: str
    size: int
    changed_ns: int
    tag: str


class Lake:
    """Reads and writes objects by names below one root. Raises LakeError."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.username or parts.password:
            raise LakeError("credentials in a URL end up in histories and logs; use the store's own, such as a profile")
        self.url = url
        try:
            self._fs, root = url_to_fs(os.path.expanduser(url), use_listings_cache=False)
        except (ImportError, ValueError, OSError) as error:
            raise LakeError(f"{url}: {_line(error)}") from None
        self._root = str(root).rstrip("/")

    def read(self, name: str, size: int | None = None) -> bytes:
        """Return an object, whose size may be known. Raises FileNotFoundError if there is none."""
        with self._explained(name):
            path = self._path(name)
            if isinstance(self._fs, LocalFileSystem):
                return files.read(path, MOST_BYTES)  # whoever may write there may have put a device in its place
            size = self._fs.size(path) if size is None else size
            if size is not None and size > MOST_BYTES:
                raise LakeError(f"{name}: it has more than {MOST_BYTES >> 20} MiB")
            return bytes(self._fs.cat_file(path))

    def write(self, name: str, data: bytes) -> None:
        """Put an object in place of any other, whole or not at all."""
        with self._explained(name, may_be_missing=False):
            path = self._path(name)
            if isinstance(self._fs, LocalFileSystem):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                files.replace(path, data, is_durable=True)
            else:
                self._fs.pipe_file(path, data)

    def create(self, name: str, data: bytes) -> bool:
        """Put an object where there is none. Returns whether there was none."""
        with self._explained(name, may_be_missing=False):
            path = self._path(name)
            if isinstance(self._fs, LocalFileSystem):
                os.makedirs(os.path.dirname(path), exist_ok=True)
            try:
                self._fs.pipe_file(path, data, mode="create")
            except FileExistsError:
                return False
            return True

    def remove(self, name: str) -> None:
        """Remove an object if it is there."""
        with self._explained(name):
            try:
                self._fs.rm_file(self._path(name))
            except FileNotFoundError:
                return

    def names(self, folder: str, ending: str = ".parquet") -> list[str]:
        """Return the names of all objects below a folder, at any depth, in order."""
        with self._explained(folder):
            try:
                found = self._fs.find(self._path(folder))
            except FileNotFoundError:
                return []
            start = len(self._root) + 1
            return sorted(path[start:] for path in map(str, found) if path.endswith(ending))

    def entries(self, ending: str) -> Iterator[LakeObject]:
        """Yield all objects, at any depth, in order."""
        with self._explained(""):
            try:
                found = self._fs.find(self._root, detail=True)
            except FileNotFoundError:
                return
        for path in sorted(found):
            if path.endswith(ending) and found[path].get("type") == "file":
                yield self._entry(str(path), found[path])

    def entry(self, name: str) -> LakeObject:
        """Look at an object as it is now. Raises FileNotFoundError if there is none."""
        with self._explained(name):
            path = self._path(name)
            return self._entry(path, self._fs.info(path))

    def _entry(self, path: str, info: dict[str, Any]) -> LakeObject:
        changed = info.get("LastModified") or info.get("mtime") or info.get("last_modified") or 0
        seconds = changed.timestamp() if isinstance(changed, datetime) else changed
        changed_ns = int(seconds * 1e9) if isinstance(seconds, int | float) else 0
        tag = info.get("ETag") or info.get("etag") or info.get("content_md5") or changed_ns
        size = int(info.get("size") or 0)
        return LakeObject(path[len(self._root) + 1 :], size, changed_ns, f"{size}-{tag}")

    def modified_ms(self, name: str) -> int:
        """Return when an object was written, in milliseconds since the epoch."""
        with self._explained(name):
            return int(self._fs.modified(self._path(name)).timestamp() * 1000)

    def _path(self, name: str) -> str:
        return posixpath.join(self._root, name)

    @contextmanager
    def _explained(self, name: str, *, may_be_missing: bool = True) -> Iterator[None]:
        try:
            yield
        except LakeError:
            raise
        except Exception as error:  # every store has errors of its own
            if may_be_missing and isinstance(error, FileNotFoundError):
                raise
            raise LakeError(f"{self.url}: {name}: {_line(error)}") from None


def load_json(data: bytes, name: str) -> dict[str, Any]:
    """Parse an object of JSON. Raises LakeError if it is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise LakeError(f"{name}: not written by claude-top")
    return found


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text[:300] or type(error).__name__
