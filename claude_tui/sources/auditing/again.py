"""Reads a log again for all its rows with usage and their places: for explaining numbers, not for making them.

A client's plain reader says which rows have usage; what only some clients have is in an audit of their own. Must not
settle, price or sum.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from claude_tui.clients import SOURCES
from claude_tui.records import NamedTuple
from claude_tui.sources.auditing.audit import AuditedRow, FileAudit
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.reading.documents import read_document
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.reading.log import FileLog
from claude_tui.sources.registry import load, reader

_USAGE: Final = re.compile(rb'"(?:usage|usageMetadata|tokens)": ?\{|"(?:outputTokens|modelMetrics)": ?[{1-9]')
"""What every row with usage has, as the clients write it. In a text of theirs the marks would be escaped."""
_WINDOW: Final = 1 << 20


class Places(NamedTuple):
    """Where rows are in a file: the line of each offset, from 1, and how many other lines have usage."""

    line_of: dict[int, int]
    others: int


def audit_log(file: LogFile, needle: bytes = b"") -> FileAudit:
    """Read a log. With `needle`, one that has it nowhere need not be read, nor a line without it. Raises OSError."""
    own = SOURCES[file.source].audit
    if own:
        found: FileAudit = load(own)(file, needle)
        return found
    if needle and not holds(file.path, needle):
        return FileAudit()
    read = reader(file.source).read(file)
    if file.path.endswith(".json"):
        data = read_document(file.path).data or b""
        lines = [_line_in(data, row.key) for row in read.rows]
        return FileAudit(data.count(b"\n"), read.bytes_read, list(map(AuditedRow, read.rows, lines)))
    with LineReader(file.path) as opened:
        found_at = places(opened, {row.offset for row in read.rows})
    rows = [AuditedRow(row, found_at.line_of.get(row.offset, 0)) for row in read.rows]
    return FileAudit(read.lines, read.bytes_read, rows, found_at.others)


def places(opened: LineReader, offsets: Collection[int]) -> Places:
    """Find the lines that begin at some bytes of a log, which is read to its end."""
    line_of: dict[int, int] = {}
    rest, before, others = sorted(offsets, reverse=True), 0, 0
    for start, block in opened.blocks():
        at = 0
        while rest and rest[-1] < start + len(block):
            offset = rest.pop()
            before += block.count(b"\n", at, offset - start)
            at = offset - start
            line_of[offset] = opened.lines + before + 1  # lines that are too long to be kept were skipped
        before += block.count(b"\n", at)
        marked = {start + block.rfind(b"\n", 0, hit.start()) + 1 for hit in _USAGE.finditer(block)}
        others += len(marked.difference(line_of))
    return Places(line_of, others)


def holds(path: str, text: bytes) -> bool:
    """Whether a file has some bytes anywhere. Holds little of it at a time. Raises OSError."""
    log = FileLog(path)
    try:
        position, carry = 0, b""
        while chunk := log.pread(_WINDOW, position):
            if text in carry + chunk:
                return True
            position += len(chunk)
            carry = chunk[-len(text) :]
        return False
    finally:
        log.close()


def _line_in(data: bytes, name: str) -> int:
    """Return the line of a document on which a message of some id is, 1 if no line has it."""
    at = data.find(b'"%s"' % name.encode("utf-8", "surrogatepass"))
    return data.count(b"\n", 0, max(at, 0)) + 1
