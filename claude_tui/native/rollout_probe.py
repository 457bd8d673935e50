"""A small rollout and what is in it: a core that reads it otherwise reads none."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Final

from claude_tui.native.core import Core
from claude_tui.native.probe import said
from claude_tui.native.rollouts import read_rollouts, read_so_far
from claude_tui.sources.protocol import LogFile

PROBE: Final = Path(__file__).with_name("probe_rollout.jsonl")
"""A rollout with every usual kind of record: turns, tiers, a total that was told, one that fell, a compaction."""

EXPECTED: Final = (
    (
        (6454741000875693130, 1795244402000, ("thread-1", "", "/work"), "gpt-5.5"),
        (4253404763742236799, 1795244405000, ("thread-1", "", "/work"), "gpt-5.5"),
        (2817516497134118584, 1795244407000, ("thread-1", "", "/work"), "gpt-5.5"),
        (410269743075987528, 1795244411000, ("thread-1", "", "/work"), "gpt-5.4"),
        ((100, 11, 0, 0, 0, 0), 319, 0, ""),
        ((26, 5, 4, 0, 20, 0), 1367, 0, '{"service_tier":"flex"}'),
        ((26, 5, 4, 0, 20, 0), 2028, 0, '{"service_tier":"flex"}'),
        ((200, 12, 0, 0, 0, 0), 2913, 0, ""),
        (
            "thread-1",
            "",
            "/work",
            "",
            "main",
            "0.171.0",
            "",
            "",
            200,
            "gpt-5.4",
            1,
            0,
            "assistant",
            1795244408000,
            False,
            0,
            "",
            "",
            258400,
        ),
        (3360, b"L\xc6T\x8f\x89\xbcy\xba", b"\xacP{ p\xde\x04\xa6"),
        13,
        '[false, {"thread": "thread-1", "root": "thread-1", "parents": [], "is_subagent": false, "agent_type": "", '
        '"cwd": "/work", "branch": "main", "version": "0.171.0", "started_ms": 1795244400000, "model": "gpt-5.4", '
        '"turns": {"t1": "gpt-5.5", "t2": "gpt-5.4"}, "previous": [50, 20, 4, 5, 2, 55], "epoch": 1, "told": true, '
        '"leading": false, "context": 200, "compactions": 1, "alone": "", "dated_ms": 1795244411000, "terms": "", '
        '"window": 258400, "is_copying": false}, '
        "[]]",
    ),
)


@cache
def is_sound(core: Core) -> bool:
    """Whether the core reads a small rollout as Python does."""
    try:
        return told(core, str(PROBE)) == EXPECTED
    except (OSError, ValueError):
        return False


def told(core: Core, path: str) -> tuple[object, ...]:
    """Return what the core reads in a rollout, and how its thread would be followed on."""
    return tuple(
        (*said(found), found.checkpoint.state)
        for one in read_rollouts(core, [(path, os.stat(path).st_size)], threads=1)
        for found in [read_so_far(one, LogFile("codex", path, "", 0, 0, 0, 0))]
    )
