"""What a table may know of folders: their names, all of them, a keyed hash, or nothing. Must not know tables."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

RULES: Final = ("name", "full", "hash", "none")
"""`name`: the last component, worktrees folded; `full`: the path; `hash`: a keyed hash of it; `none`: nothing."""

WORKTREES: Final = "/.claude/worktrees/"
KEY_BYTES: Final = (16, 64)
"""Least and most bytes of a key."""


def folder_rule(rule: str, key: bytes = b"") -> Callable[[str], str]:
    """Return what turns a folder into what leaves the machine. Raises ValueError for a bad key or rule."""
    if rule not in RULES:
        raise ValueError(f"{rule!r} is none of {', '.join(RULES)}")
    if rule == "hash" and not KEY_BYTES[0] <= len(key) <= KEY_BYTES[1]:
        raise ValueError(f"a key has {KEY_BYTES[0]} to {KEY_BYTES[1]} bytes")
    rules: dict[str, Callable[[str], str]] = {
        "name": _name, "full": str, "hash": lambda path: digest(path, key), "none": lambda path: "",
    }  # fmt: skip
    chosen = rules[rule]
    return lambda path: chosen(path) if path else ""


def digest(text: str, key: bytes = b"") -> str:
    """Return a name for a text that does not say it."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12, key=key).hexdigest()


def _name(path: str) -> str:
    folded = path.replace("\\", "/").split(WORKTREES, 1)[0].rstrip("/")
    return folded.rpartition("/")[2] or "/"
