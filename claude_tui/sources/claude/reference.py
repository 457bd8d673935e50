"""The slow, plain way to read a transcript: the oracle that every faster path must equal.

Written for reading, not for speed: whole file, `json` on every line, no cache, no short cut. Must not share
line splitting or decoding with the fast path, or it could not contradict it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from claude_tui.model import UsageRow
from claude_tui.records import NamedTuple
from claude_tui.sources.claude.client_totals import KIND, client_total, complete
from claude_tui.sources.claude.counting.rule import usage_row
from claude_tui.sources.claude.discovery import decoded_dir, session_of_path
from claude_tui.sources.client_totals import ClientTotal, short_model
from claude_tui.sources.values.instants import instant_ms

_MAX_BROKEN = 256


def _number(digits: str) -> float:
    """Read a whole number, as a float if it is longer than Python reads: it still is JSON."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)


_decoder = json.JSONDecoder(parse_int=_number)


class ReferenceTranscript(NamedTuple):
    """What a file says: its usage rows in file order, the session it is the main file of ("" for none), its folder,
    what the client counted and, for each model that answered, those that had been asked.
    """

    rows: list[UsageRow]
    session: str
    cwd: str
    totals: list[ClientTotal]
    asked: set[tuple[str, str]]


def reference_transcript(path: str) -> ReferenceTranscript:
    """Read a transcript. Rows that nothing in the file dates are left out."""
    data = Path(path).read_bytes()
    lines = [(offset, value) for offset, text in reference_lines(data) for value in reference_objects(text)]
    instants = [instant_ms(value.get("timestamp")) for _, value in lines]
    after = [0] * (len(lines) + 1)
    for at in reversed(range(len(lines))):
        after[at] = instants[at] or after[at + 1]
    rows = []
    before = 0
    named = ""
    for at, (offset, value) in enumerate(lines):
        row = usage_row(value, named or session_of_path(path), offset)
        if row is not None:
            row = row._replace(time_ms=row.time_ms or before or after[at], cwd=row.cwd or decoded_dir(path))
            if row.time_ms:
                rows.append(row)
        before = instants[at] or before
        named = named or _text(value, "sessionId")
    started = next((value for _, value in lines if _text(value, "cwd")), {})
    is_agent = Path(path).name.startswith("agent-") or (started.get("isSidechain") and _text(started, "agentId"))
    turns = [v for _, v in lines if v.get("type") in ("user", "assistant") and not v.get("isSidechain")]
    session = (_text(turns[-1], "sessionId") if turns else "") or named or session_of_path(path)
    said = [client_total(value, offset) for offset, value in lines if value.get("type") == KIND and not is_agent]
    totals = complete([total for total in said if total], (), lambda size, offset: data[offset : offset + size])
    asked = {
        (short_model(row.model), short_model(_text(value, "requestedModel")))
        for offset, value in lines
        if (row := usage_row(value, "", offset)) and _text(value, "requestedModel") and not _has_fallback(row)
    }
    return ReferenceTranscript(rows, "" if is_agent else session, _text(started, "cwd"), totals, asked)


def _has_fallback(row: UsageRow) -> bool:
    return '"fallback_message"' in row.terms


def _text(value: dict[str, object], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def reference_lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield (byte offset, text) of every line.

    What follows the last newline is not a line yet, but for the whole objects it begins with.
    """
    offset = 0
    *lines, rest = data.split(b"\n")
    for line in lines:
        yield offset, _decoded(line)
        offset += len(line) + 1
    whole = _whole_objects(_decoded(rest))
    if whole:
        yield offset, whole


def _decoded(line: bytes) -> str:
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
