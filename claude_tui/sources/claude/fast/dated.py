"""When the lines of a block of a transcript were written, if they contain an instant. Must not know what they mean."""

from __future__ import annotations

from typing import Final

import msgspec

from claude_tui.sources.claude.fast.usual import Dated
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.values.instants import instant_ms

_decode: Final = msgspec.json.Decoder(Dated).decode


def line_ms(line: bytes) -> int:
    """Return when the last dated object of a line was written, 0 if there is none."""
    try:
        return instant_ms(_decode(line).timestamp)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        instants = (instant_ms(value.get("timestamp")) for value in reversed(list(decode_objects(line))))
        return next(filter(None, instants), 0)


def last_dated_ms(block: bytes, first: int, before: int) -> int:
    """Return when the last dated line of some whole lines was written: those from `first` up to `before`."""
    end = before - 1
    while end > first:
        start = block.rfind(b"\n", first, end) + 1 or first
        time_ms = line_ms(block[start:end])
        if time_ms:
            return time_ms
        end = start - 1
    return 0


def first_dated_ms(block: bytes) -> int:
    """Return when the first dated object of a block of whole lines was written."""
    for line in block.split(b"\n"):
        for value in decode_objects(line):
            time_ms = instant_ms(value.get("timestamp"))
            if time_ms:
                return time_ms
    return 0
