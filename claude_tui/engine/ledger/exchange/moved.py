"""Folders of logs that moved, or are another home's: their history in the ledger is under a path that no count reads.

Must not decide by itself: the user asks for carrying it over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from claude_tui.engine.ledger.file.schema import BUSY_S
from claude_tui.engine.ledger.history import MergeResult
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.pieces import KnownFile, LedgerPiece
from claude_tui.records import NamedTuple

BATCH: Final = 20_000
"""Responses per commit."""

FileName = tuple[str, str]
"""Source and path."""


class Moved(NamedTuple):
    """A folder that is not counted, with its files and responses in the ledger, and the counted folder of that name, ""
    if there is none. `is_there`: it still exists, so it may not have moved."""

    source: str
    old: str
    new: str
    files: int
    responses: int
    is_there: bool = False


def moved_folders(ledger: Ledger, roots: Sequence[tuple[str, str]]) -> list[Moved]:
    """Return folders of this machine's files that are not counted.

    `roots` are the (source, folder) pairs that are counted. Folders that were carried over already are left out. Never
    raises.
    """
    return moved_in(ledger.recall().files, roots)


def moved_in(
    files: Iterable[KnownFile], roots: Sequence[tuple[str, str]], exists: Callable[[str], bool] = os.path.exists
) -> list[Moved]:
    """Return what `moved_folders` does for all remembered files. An old folder ends in the name of a counted one."""
    own = {(file.key.source, file.key.path): file for file in files if _is_own(file)}
    found: dict[tuple[str, str], list[KnownFile]] = {}
    for (source, path), file in own.items():
        if any(source == name and _below(path, root) is not None for name, root in roots):
            continue
        of_client = [root for name, root in roots if name == source]
        if of_client:  # else the client is not asked for
            found.setdefault((source, _old_root(path, of_client)), []).append(file)
    made = []
    for (source, named), gone in sorted(found.items()):
        old = named or _above([file.key.path for file in gone])
        alike = [root for name, root in roots if name == source and _name(root) == _name(named)] if named else []
        new = _best(alike, old, gone, exists) if alike else ""
        there = [own.get((source, _moved(file.key.path, old, new) or "")) if new else None for file in gone]
        left = [file for file, known in zip(gone, there, strict=True) if not _is_known(file, known)]
        if left:
            responses = {key for file in left for key in file.columns.key}
            made.append(Moved(source, old, new, len(left), len(responses), exists(old)))
    return made


class Adopted(NamedTuple):
    """The result of carrying a folder over: its files, and what happened to their responses under the new path."""

    files: int
    change: MergeResult


def adopt(ledger: Ledger, old: str, new: str) -> Adopted:
    """Merge the history of this machine's files below the folder `old` under the same paths below `new`.

    The history under `old` stays; running it again changes nothing. Raises LedgerError if it cannot be written; batches
    before that are kept.
    """
    files, total = 0, MergeResult()
    for batch in _batches(_pieces(ledger, old, new)):
        change = ledger.write(batch, wait_s=BUSY_S).change
        files += len(batch)
        total = MergeResult(*map(sum, zip(total, change, strict=True)))
    return Adopted(files, total)


def _pieces(ledger: Ledger, old: str, new: str) -> Iterator[LedgerPiece]:
    for file in ledger.recall().files:
        path = _moved(file.key.path, old, new) if _is_own(file) else None
        if path is not None:
            yield LedgerPiece(file.key._replace(path=path), file.columns, file.facts)


def _batches(pieces: Iterable[LedgerPiece]) -> Iterator[list[LedgerPiece]]:
    batch: list[LedgerPiece] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece.columns)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _moved(path: str, old: str, new: str) -> str | None:
    """Return where a file is now; None if it is not below `old`, or already below `new`."""
    rest = _below(path, old)
    if rest is None or _below(path, new) is not None:
        return None
    return f"{new.rstrip(os.sep)}{os.sep}{rest}" if rest else new


def _below(path: str, folder: str) -> str | None:
    """Return the path of a file within a folder, "" for the folder itself, None if it is elsewhere."""
    if path == folder:
        return ""
    start = folder.rstrip(os.sep) + os.sep
    return path[len(start) :] if path.startswith(start) else None


def _old_root(path: str, roots: Sequence[str]) -> str:
    """Return the longest folder of a path that has the name of a root, "" for none."""
    names = set(map(_name, roots))
    parts = path.split(os.sep)
    for end in range(len(parts), 0, -1):
        if parts[end - 1] and parts[end - 1] in names:
            return os.sep.join(parts[:end])
    return ""


def _above(paths: Sequence[str]) -> str:
    """Return the folder that has all of some files, "" if there is none: what was imported may have any path."""
    try:
        return os.path.commonpath(list(map(os.path.dirname, paths)))
    except ValueError:
        return ""


def _best(roots: Sequence[str], old: str, files: Sequence[KnownFile], exists: Callable[[str], bool]) -> str:
    """Return the root that has most of the files now; the first one of equals."""
    if len(roots) == 1:
        return roots[0]
    return max(roots, key=lambda root: sum(exists(_moved(file.key.path, old, root) or "") for file in files))


def _is_known(file: KnownFile, there: KnownFile | None) -> bool:
    return there is not None and set(file.columns.key) <= set(there.columns.key)


def _is_own(file: KnownFile) -> bool:
    """Whether a file is on this machine: only others' files get another name."""
    return file.path == file.key.path


def _name(folder: str) -> str:
    return os.path.basename(folder.rstrip(os.sep))
