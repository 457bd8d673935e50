"""Reads one response of a transcript again, at the place where it was counted.

Reads a few MiB around that place whatever the size of the file; reports what is no longer there instead of guessing.
Must not count or price.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from claude_tui.model import UsageRow
from claude_tui.records import NamedTuple
from claude_tui.sources.claude.counting.rule import usage_row
from claude_tui.sources.claude.discovery import session_of_path
from claude_tui.sources.columns import key_number
from claude_tui.sources.reading.log import open_regular
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.turns.turn import TurnDetails, line_number
from claude_tui.sources.values.display import display_name
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

MAX_LINE: Final = 8 << 20
"""A longer line is not read again for its details."""
BEFORE: Final = 4 << 20
AFTER: Final = 1 << 20
"""Other rows of a response are near the counted one: the longest run seen in real logs is 23 rows."""

GONE: Final = "the file is gone"
SHRUNK: Final = "the file is shorter than when this was read"
CHANGED: Final = "the file changed: another line is there now"
TOO_LONG: Final = "the line is too long to show"

Record = Mapping[str, Any]


class _Found(NamedTuple):
    line: Record
    row: UsageRow


def read_turn(path: str, offset: int, key: str) -> TurnDetails:
    """Return what the transcript contains about the response `key` (its name or number) counted at byte `offset`."""
    try:
        fd, stat = open_regular(path)
    except ValueError:  # no file can have this name
        return TurnDetails(path, offset, problem=GONE)
    except OSError as error:
        reason = GONE if isinstance(error, FileNotFoundError) else error.strerror or type(error).__name__
        return TurnDetails(path, offset, problem=reason)
    try:
        return _read(fd, stat.st_size, path, offset, key)
    except OSError as error:
        return TurnDetails(path, offset, problem=error.strerror or type(error).__name__)
    finally:
        os.close(fd)


def counted_line(path: str, offset: int, key: str) -> Record | None:
    """Return the decoded line with the counted row of a response, None if it is no longer there."""
    try:
        fd, _ = open_regular(path)
    except (OSError, ValueError):
        return None
    try:
        text = os.pread(fd, MAX_LINE, offset)
    except OSError:
        return None
    finally:
        os.close(fd)
    end = text.find(b"\n")
    rows = _rows(text[:end] if end >= 0 else text, session_of_path(path), offset, key)
    return rows[-1].line if rows else None


def _read(fd: int, size: int, path: str, offset: int, key: str) -> TurnDetails:
    if offset >= size:
        return TurnDetails(path, offset, problem=SHRUNK)
    session = session_of_path(path)
    text = os.pread(fd, MAX_LINE, offset)
    end = text.find(b"\n")
    if end < 0 and len(text) == MAX_LINE:
        return TurnDetails(path, offset, line_number(fd, offset), problem=TOO_LONG)
    # An object behind another one is a line of its own where it came after that one was counted.
    is_start = offset == 0 or os.pread(fd, 1, offset - 1) in b"\n}"
    counted = _rows(text[:end] if end >= 0 else text, session, offset, key) if is_start else []
    if not counted:
        return TurnDetails(path, offset, problem=CHANGED)
    found, asked_ms = _near(fd, session, offset, counted[-1])
    return _details(path, offset, line_number(fd, offset), counted[-1], found, asked_ms)


def _near(fd: int, session: str, offset: int, counted: _Found) -> tuple[list[_Found], int]:
    """Return the rows of the response around the counted one, in file order, and the instant of the request."""
    start = max(0, offset - BEFORE)
    block = os.pread(fd, offset - start + AFTER, start)
    skipped = 0 if start == 0 else block.find(b"\n") + 1
    name = counted.row.key
    message = table_of(counted.line, "message")
    needle = (text_of(message, "id") or text_of(counted.line, "requestId") or text_of(counted.line, "uuid")).encode()
    found = [
        one
        for at, text in _lines_with(block[skipped:], needle)
        for one in _rows(text, session, start + skipped + at, name)
    ] or [counted]
    parent = text_of(found[0].line, "parentUuid")
    asked_ms = 0
    for _, text in _lines_with(block[skipped:], b'"uuid":"' + parent.encode() + b'"') if parent else ():
        asked_ms = max((instant_ms(line.get("timestamp")) for line in decode_objects(text)), default=0)
        break
    return found, asked_ms


def _details(path: str, offset: int, number: int, counted: _Found, found: list[_Found], asked_ms: int) -> TurnDetails:
    blocks = [block for one in found for block in _blocks(one.line)]
    answered_ms = max(one.row.time_ms for one in found)
    message = table_of(counted.line, "message")
    reasons = [text_of(table_of(one.line, "message"), "stop_reason") for one in found]
    texts = (text_of(block, "text").strip() for block in blocks if block.get("type") == "text")
    first = next((text for text in texts if text), "")
    return TurnDetails(
        path=path,
        offset=offset,
        line=number,
        tools=tuple(display_name(text_of(block, "name")) for block in blocks if block.get("type") == "tool_use"),
        text=display_name(first.split("\n", 1)[0]),
        kinds=tuple(display_name(text_of(block, "type")) for block in blocks),
        stop_reason=display_name(next((reason for reason in reversed(reasons) if reason), "")),
        request_id=display_name(text_of(counted.line, "requestId")),
        message_id=display_name(text_of(message, "id")),
        version=display_name(text_of(counted.line, "version")),
        agent=display_name(counted.row.agent),
        session=display_name(counted.row.session),
        is_sidechain=counted.row.is_sidechain,
        rows=len(found),
        duration_ms=answered_ms - asked_ms if 0 < asked_ms <= answered_ms else None,
    )


def _rows(text: bytes, session: str, offset: int, key: str) -> list[_Found]:
    """Return the usage rows of one response on a line. `key` is its name or its number."""
    found = []
    for line in decode_objects(text):
        row = usage_row(line, session, offset)
        if row is not None and key in (row.key, str(key_number("claude", row.key))):
            found.append(_Found(line, row))
    return found


def _lines_with(block: bytes, needle: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (position, line) of each whole line that contains some bytes."""
    at = 0
    while needle and (hit := block.find(needle, at)) >= 0:
        start = block.rfind(b"\n", at, hit) + 1 or at
        end = block.find(b"\n", hit)
        if end < 0:
            return
        yield start, block[start:end]
        at = end + 1


def _blocks(line: Record) -> list[Record]:
    content = table_of(line, "message").get("content")
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
