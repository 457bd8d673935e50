"""Opening a log to be read, at the line something was counted from. Must not let anyone change it by a slip.

Reads that log and nothing else.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 20
_TAKES_LINE: Final = frozenset(
    {"less", "more", "most", "view", "vim", "nvim", "vi", "emacs", "emacsclient", "micro", "joe", "kak"}
)
_READ_ONLY: Final = {"vim": "-R", "nvim": "-R", "vi": "-R", "nano": "-v"}
"""Editors some have as their pager, with what keeps them from writing."""
_WRITERS: Final = frozenset(
    {"emacs", "emacsclient", "micro", "joe", "jed", "kak", "hx", "helix", "ne", "mg", "zile", "mcedit", "pico", "ed",
     "code", "codium", "zed", "subl", "kate", "gedit"}
)  # fmt: skip
"""Editors that nothing on their command line keeps from writing, or not in every version: they are given a copy."""
_ENDS_AT_ONCE: Final = frozenset({"cat", "bat", "batcat"})
_READERS: Final = (("view",), ("vim", "-R"), ("nvim", "-R"), ("less",), ("more",))


def line_number(path: str, offset: int) -> int:
    """The number of the line that begins at a byte offset, counted from 1. Raises OSError."""
    newlines, left = 0, offset
    with Path(path).open("rb") as file:
        while left > 0 and (chunk := file.read(min(left, _CHUNK))):
            newlines += chunk.count(b"\n")
            left -= len(chunk)
    return newlines + 1


@contextmanager
def reading(path: str, offset: int, env: Mapping[str, str]) -> Iterator[list[str]]:
    """What to run to read a log at the line of a byte; empty if there is nothing. Raises OSError.

    An editor that may write gets a copy, which goes away behind it.
    """
    words = command(path, line_number(path, offset), env)
    if not words or os.path.basename(words[0]) not in _WRITERS:
        yield words
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="claude-top-") as folder:
        copy = Path(folder, os.path.basename(path))
        shutil.copyfile(path, copy)
        copy.chmod(0o400)
        yield [*words[:-1], os.fspath(copy)]


def command(path: str, line: int, env: Mapping[str, str]) -> list[str]:
    """What to run: $PAGER, else a reader that is there. Empty if there is none."""
    try:
        import shlex  # for those who open one

        words = shlex.split(env.get("PAGER") or "")
    except ValueError:
        words = []
    if not words or os.path.basename(words[0]) in _ENDS_AT_ONCE:
        words = next(([*one] for one in _READERS if shutil.which(one[0], path=env.get("PATH"))), [])
    if not words:
        return []
    read_only = _READ_ONLY.get(os.path.basename(words[0]))
    if read_only and read_only not in words:
        words.append(read_only)
    return [*words, *([f"+{line}"] if os.path.basename(words[0]) in _TAKES_LINE else []), path]
