"""What reads the logs of each client for causes. Must not know what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from claude_tui.clients import CLIENTS
from claude_tui.native.library import found, is_asked_for
from claude_tui.sources.causes import ReadCauses
from claude_tui.sources.registry import load

if TYPE_CHECKING:
    from claude_tui.native.causes import CausesRead
    from claude_tui.native.core import Core

TELLING: Final = {name: client.read_causes for name, client in CLIENTS.items() if client.read_causes}
"""The clients whose logs say what a response was made for, and what reads that."""

LITTLE_BYTES: Final = 1 << 18
"""So much is read in Python sooner than the core is loaded."""
READ_BY_CORE: Final = "claude"


def read_ahead(
    files: Sequence[tuple[str, int]], sources: Mapping[str, str], *, with_sizes: bool, size: int
) -> Iterator[tuple[str, CausesRead]]:
    """Read of files, given as (path, size), what the core can from their start; nothing where there is none, or it is
    not worth loading for as many bytes as are to be read."""
    asked = [(path, bytes_) for path, bytes_ in files if sources[path] == READ_BY_CORE]
    core = _core(size) if asked else None
    if core is not None:
        from claude_tui.native.causes import read_ahead

        try:
            yield from ((one.path, one) for one in read_ahead(core, asked, with_sizes=with_sizes))
        except ValueError:
            return  # Python reads them


def reader_of(source: str) -> ReadCauses:
    """Return what reads logs of a client. Raises KeyError for a client that tells nothing."""
    reader: ReadCauses = load(TELLING[source])
    return reader


def _core(size: int) -> Core | None:
    return found().core if size >= LITTLE_BYTES or is_asked_for() else None
