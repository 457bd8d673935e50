"""A small transcript and what it contains: a native core that reads anything else in it is not used.

Must not read anything of a user's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from claude_tui.native.core import Core
from claude_tui.native.reading import read_columns
from claude_tui.sources.protocol import ColumnsRead

PROBE: Final = Path(__file__).with_name("probe.jsonl")
"""Lines of every usual kind: escapes, splits and none, a web search, a side chain, a title."""

EXPECTED: Final = (
    (2450919821471561038, 1772323141500, ("s1", "", "C:\\p"), "claude-a"),
    (7501625487932055245, 1772323143500, ("s1", "", "C:\\p"), "claude-b"),
    ((1, 9, 3, 4, 5, 2), 715, 0, ""),
    (
        (6, 1, 8, 0, 5, 0),
        1273,
        6,
        '{"cache_creation_input_tokens":8,"cache_read_input_tokens":5,"input_tokens":6,"output_tokens":1,"service_tier":"standard"}',
    ),
    ("s1", "", "C:\\p", "t", "", "", "", "", 13, "claude-a", 0, 0, "user", 1772323204000, True, 13, "", "", 0),
    (1881, b"w\x07I-2\xdf\xb5\xef", b"B\x02\x95\x08knFT"),
    7,
)


def differs(core: Core, path: str) -> bool:
    """Whether the core reads the transcript, which lies at `path`, otherwise than it should."""
    return told(core, path) != EXPECTED


def told(core: Core, path: str) -> tuple[object, ...]:
    """Return what the core reads in the transcript at `path`."""
    found = read_columns(core, path)
    return () if found is None else said(found)


def said(found: ColumnsRead) -> tuple[object, ...]:
    """Return what was read of a log, but for what depends on where and when that was written."""
    columns, facts, checkpoint = found.columns, found.facts, found.checkpoint
    rows = [
        (key, columns.time[at], columns.owners[columns.owner[at]], columns.models[columns.model[at]])
        for at, key in enumerate(columns.key)
    ]
    counted = [
        (columns.usage(at), columns.offset[at], columns.flags[at], columns.terms.get(at, "")) for at in range(len(rows))
    ]
    return (*rows, *counted, tuple(facts), checkpoint[2:5], found.lines)
