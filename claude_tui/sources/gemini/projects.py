"""Finds the folder that a Gemini CLI project directory stands for. Must not know chats."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256

import orjson

from claude_tui import files


def project_folder(root: str, directory: str, hashes: Iterable[str] = ()) -> str:
    """Return the folder that `<root>/tmp/<directory>` belongs to, "" if it is unknown.

    The client's own record comes first; a directory (or one of `hashes`) that is the SHA-256 of a folder is looked up
    among all folders the client knows.
    """
    noted = _noted(os.path.join(root, "tmp", directory))
    if noted:
        return noted
    stamp = _changed_ns(os.path.join(root, "tmp")), _changed_ns(os.path.join(root, "projects.json"))
    by_name, by_hash = _known(root, stamp)
    if directory in by_name:
        return by_name[directory]
    return next((by_hash[name] for name in (directory, *hashes) if name in by_hash), "")


def hash_of(folder: str) -> str:
    """Return the name older versions give the directory of a folder."""
    return sha256(folder.encode("utf-8", "surrogateescape")).hexdigest()


@lru_cache(maxsize=8)
def _known(root: str, stamp: tuple[int, int]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return folders by directory name and by hash. `stamp` changes when a directory or the register does."""
    by_name: dict[str, str] = {}
    try:
        register = orjson.loads(files.read(os.path.join(root, "projects.json")))
        projects = register["projects"]
        by_name = {slug: folder for folder, slug in projects.items() if isinstance(slug, str)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    folders = set(by_name.values())
    try:
        with os.scandir(os.path.join(root, "tmp")) as listing:
            folders.update(_noted(entry.path) for entry in listing if entry.is_dir())
    except OSError:
        pass
    return by_name, {hash_of(folder): folder for folder in folders if folder}


def _noted(directory: str) -> str:
    try:
        return files.read(os.path.join(directory, ".project_root"), 1 << 16)[:4096].decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _changed_ns(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
