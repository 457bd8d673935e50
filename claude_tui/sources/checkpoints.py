"""How far files were read, kept as JSON until somebody asks. Must not know what a reader remembers."""

from __future__ import annotations

import json
from typing import Any

import orjson

from claude_tui.sources.protocol import Checkpoint

Reached = Checkpoint | bytes
"""A checkpoint, or that as the cache keeps it: `fields_of` it as JSON."""


def checkpoint_of(reached: Reached) -> Checkpoint:
    """Return a checkpoint."""
    if isinstance(reached, Checkpoint):
        return reached
    try:
        return restored(orjson.loads(reached))
    except orjson.JSONDecodeError:
        return restored(json.loads(reached))


def encoded(reached: Reached) -> bytes:
    """Return a checkpoint as the cache keeps it: one line."""
    if isinstance(reached, bytes):
        return reached
    fields = fields_of(reached)
    try:
        return orjson.dumps(fields)
    except TypeError:  # a text that is no Unicode
        return json.dumps(fields).encode()


def fields_of(checkpoint: Checkpoint) -> tuple[object, ...]:
    """Return what of a checkpoint JSON can hold."""
    dev, ino, offset, head, anchor, mark, state, open_line = checkpoint
    return dev, ino, offset, head.hex(), anchor.hex(), mark, state, open_line


def restored(fields: list[Any]) -> Checkpoint:
    """Return the checkpoint that has these fields. May raise anything for what `fields_of` did not give."""
    dev, ino, offset, head, anchor, *more = fields
    return Checkpoint(dev, ino, offset, bytes.fromhex(head), bytes.fromhex(anchor), *more)
