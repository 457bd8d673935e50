"""The slow, plain way to read a transcript: the oracle that every faster path must equal.

Written for reading, not for speed: whole file, `json` on every line, no cache, no short cut. Must not share
line splitting or decoding with the fast path, or it could not contradict it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from claude_tui.model import Row
from claude_tui.sources.claude.discovery import decoded_dir
from claude_tui.sources.claude.rule import usage_row

_MAX_BROKEN = 256


def _number(digits: str) -> float:
    """Read a whole number, as a float where it is longer than Python reads: it still is JSON."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)


_decoder = json.JSONDecoder(parse_int=_number)


def reference_rows(path: str) -> tuple[list[Row], str]:
    """Return every usage row of a transcript in file order, and the first folder any of its lines names."""
    rows = []
    first_cwd = ""
    stem = Path(path).name.removesuffix(".jsonl")
    for offset, text in reference_lines(Path(path).read_bytes()):
        for value in reference_objects(text):
            cwd = value.get("cwd")
            if not first_cwd and isinstance(cwd, str):
                first_cwd = cwd
            row = usage_row(value, stem, offset)
            if row is not None:
                rows.append(row if row.cwd else replace(row, cwd=decoded_dir(path)))
    return rows, first_cwd


def reference_lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield (byte offset, text) of every line.

    What follows the last newline is not a line yet, but for the whole objects it begins with.
    """
    offset = 0
    *lines, rest = data.split(b"\n")
    for line in lines:
        yield offset, _text(line)
        offset += len(line) + 1
    whole = _whole_objects(_text(rest))
    if whole:
        yield offset, whole


def _text(line: bytes) -> str:
    return line.replace(b"\0", b"").decode("utf-8", "replace").removeprefix("\ufeff").strip()


def _whole_objects(text: str) -> str:
    end = 0
    while True:
        start = end
        while text[start : start + 1] in set(" \t\r\x0b\x0c\ufeff"):
            start += 1
        if text[start : start + 1] != "{":
            return text[:end]
        try:
            _, end = _decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return text[:end]


def reference_objects(text: str) -> Iterator[dict[str, object]]:
    """Yield the JSON objects of a line: one, or several written one after another.

    What is no object is passed over: a torn object up to the last brace before the place where it broke.
    """
    try:
        value = _decoder.decode(text)
    except (ValueError, RecursionError):
        pass
    else:
        if isinstance(value, dict):
            yield value
            return
    position = broken = 0
    while (position := text.find("{", position)) >= 0 and broken <= _MAX_BROKEN:
        try:
            value, position = _decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            broken += 1
            brace = text.rfind("{", position + 1, error.pos + 1)
            position = brace if brace > 0 else max(error.pos, position + 1)
        except RecursionError:
            return
        else:
            yield value
