"""What reads the logs of each client for causes. Must not know what they say."""

from __future__ import annotations

from typing import Final

from claude_tui.clients import CLIENTS
from claude_tui.native.library import found, is_asked_for
from claude_tui.sources.causes import ReadCauses
from claude_tui.sources.registry import load

TELLING: Final = {name: client.read_causes for name, client in CLIENTS.items() if client.read_causes}
"""The clients whose logs say what a response was made for, and what reads that."""

LITTLE_BYTES: Final = 1 << 18
"""So much is read in Python sooner than the core is loaded."""


def reader_of(source: str, *, with_sizes: bool = False, size: int = 0) -> ReadCauses:
    """Return what reads logs of a client, of which so many bytes are to be read: the native core helps if there is one
    and it is worth loading. Raises KeyError for a client that tells nothing."""
    if source == "claude" and with_sizes and (size >= LITTLE_BYTES or is_asked_for()):
        core = found().core
        if core is not None:
            from claude_tui.native.causes import reader

            return reader(core)
    plain: ReadCauses = load(TELLING[source])
    return plain
