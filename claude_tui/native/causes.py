"""What transcripts say of causes, read by the core up to the first line that Python must decide on: it reads on there.

Must give what `sources.claude.causes.fast` gives alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from struct import Struct
from typing import Final

from claude_tui.native.core import Core, threads_for
from claude_tui.native.reading import NO_DAYS, parts_of, request
from claude_tui.records import NamedTuple
from claude_tui.sources.causes import FileCauses, ReadCauses, unpacked
from claude_tui.sources.claude.causes.fast import read_causes
from claude_tui.sources.protocol import Checkpoint

_FILE: Final = Struct("<6q")
_HASHES: Final = Struct("<8s8s")
_SECTIONS: Final = ("files", "hashes", "said")
_UNSIGNED: Final = 1 << 64


class CausesRead(NamedTuple):
    """What the core read of a transcript, as it is kept: up to a checkpoint, and whether there is more behind it."""

    path: str
    data: bytes
    checkpoint: Checkpoint
    has_more: bool


def reader(core: Core) -> ReadCauses:
    """Return what reads one transcript for causes with the help of a core."""
    return partial(_read, core)


def read_ahead(core: Core, files: Sequence[tuple[str, int]], *, with_sizes: bool = False) -> Iterator[CausesRead]:
    """Read transcripts from their start, given as (path, size): those in which the first line is usual.

    Raises ValueError if the core fails.
    """
    threads = threads_for([size for _, size in files])
    asked = request(files, NO_DAYS, 0, threads, with_names=with_sizes)
    parts = parts_of(core.causes(asked), _SECTIONS)
    hashes, start = _HASHES.iter_unpack(parts["hashes"]), 0
    for numbers, (head, anchor) in zip(_FILE.iter_unpack(parts["files"]), hashes, strict=True):
        place, dev, ino, end, has_more, size = numbers
        checkpoint = Checkpoint(dev % _UNSIGNED, ino % _UNSIGNED, end, head, anchor)
        yield CausesRead(files[place][0], bytes(parts["said"][start : start + size]), checkpoint, bool(has_more))
        start += size


def _read(
    core: Core,
    path: str,
    known: FileCauses | None = None,
    since: Checkpoint | None = None,
    *,
    with_sizes: bool = False,
) -> tuple[FileCauses, Checkpoint]:
    if known is None:
        for one in read_ahead(core, [(path, os.stat(path).st_size)], with_sizes=with_sizes):
            known, since = unpacked(one.data), one.checkpoint
            if not one.has_more:
                return known, since
    return read_causes(path, known, since, with_sizes=with_sizes)
