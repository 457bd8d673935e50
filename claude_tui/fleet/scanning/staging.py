"""Reads the logs of clients whose files belong together: what a machine has of one client, copied here for as long as
it is read.

A client's own discovery and reader do the work, as on the machine itself. The copy is private and is removed. Must not
know what is in a table, nor list a store.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from claude_tui.clients import CLIENTS
from claude_tui.fleet.lake import LakeObject
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import ColumnsRead, LogFile
from claude_tui.sources.registry import logs_below, read_columns

STAGED: Final = tuple(client for client in CLIENTS.values() if client.parts)
"""The clients that are read this way."""


class StagedFile(NamedTuple):
    """Where a file of a client lies on its machine: in the client's folder `root`, under a name below it."""

    client: str
    root: str
    name: str


def place_of(path: str) -> StagedFile | None:
    """Return where a path of a machine lies, if a client's reader looks at it. Names that leave the folder do not."""
    for client in STAGED:
        before, mark, name = path.partition(f"/{client.root}/")
        if mark and posixpath.normpath(name) == name and not name.startswith(("/", "..")):
            is_part = any(fnmatchcase(name, part) for part in client.parts)
            return StagedFile(client.name, f"{before}/{client.root}", name) if is_part else None
    return None


@contextmanager
def staged(root: str, files: Iterable[tuple[str, LakeObject]], fetch: Callable[[LakeObject], bytes]) -> Iterator[Path]:
    """Copy files to a folder that stands for `root`, by their names below it, and remove it afterwards.

    Each has the time of change of its object. Raises OSError, and what `fetch` raises.
    """
    with TemporaryDirectory(prefix="claude-top-", ignore_cleanup_errors=True) as folder:
        top = Path(folder, *(part for part in root.split("/") if part not in ("", ".", "..")))
        top.mkdir(parents=True)
        for name, entry in files:
            path = top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(fetch(entry))
            os.utime(path, ns=(entry.changed_ns, entry.changed_ns))
        yield top


def logs_of(client: str, root: str, top: Path) -> Iterator[tuple[LogFile, Callable[[], ColumnsRead]]]:
    """Yield every log of a client's folder `root` that is copied to `top`: by its path on its machine, and what reads
    it."""
    here = os.fspath(top)
    for file in logs_below(client, top):
        yield file._replace(path=root + file.path.removeprefix(here), root=root), partial(read_columns, file)
