"""What transcripts say of causes, with the sizes of long results measured by the core, which copies no text for it.

Must give what `sources.claude.causes.fast` gives alone.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec import Raw

from claude_tui.native.core import Core
from claude_tui.sources.causes import ReadCauses
from claude_tui.sources.claude.causes.fast import read_causes
from claude_tui.sources.claude.causes.sizes import size_of

LITTLE: Final = 64
"""So few bytes are measured in Python as fast as they are handed over."""


def reader(core: Core) -> ReadCauses:
    """Return what reads a transcript for causes with the help of a core."""
    return partial(read_causes, measure=partial(_size_of, core))


def _size_of(core: Core, raw: Raw) -> int:
    value = bytes(raw)
    size = core.text_size(value) if len(value) > LITTLE else -1
    return size if size >= 0 else size_of(raw)
