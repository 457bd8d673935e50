"""Every usage row of a transcript with its line and its kind: for explaining numbers, not for making them.

Uses the rule of `rule.usage_row`. Must not settle, price or sum.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from claude_tui.sources.auditing.audit import COPY, PROGRESS, SIDE_QUESTION, AuditedRow, FileAudit
from claude_tui.sources.claude.counting.rule import usage_row
from claude_tui.sources.claude.discovery import session_of_path
from claude_tui.sources.claude.fast.dated import first_dated_ms, last_dated_ms
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.reading.lines import LineReader

_USAGE: Final = b'"usage"'
_SIDE_QUESTION_STEM: Final = "agent-aside_question"


def audit_transcript(file: LogFile, needle: bytes = b"") -> FileAudit:
    """Read a transcript. With `needle`, only lines that contain it are read. Raises OSError.

    Holds a few MiB of the file at a time.
    """
    audit, path = FileAudit(), file.path
    stem, session = os.path.basename(path).removesuffix(".jsonl"), session_of_path(path)
    near_ms = 0
    with LineReader(path) as reader:
        for start, block in reader.blocks():
            for number, offset, line in _lines_with(block, needle or _USAGE):
                for value in reader.objects(start + offset, line, is_slim=True):
                    row = usage_row(value, session, start + offset)
                    if row is not None:
                        if not row.time_ms:
                            before_ms = last_dated_ms(block, 0, offset) or near_ms or first_dated_ms(block)
                            row = row._replace(time_ms=before_ms)
                        audit.rows.append(AuditedRow(row, audit.lines + number, _kind(value, stem)))
                    elif _has_usage(value):
                        audit.passed_over += 1
            near_ms = last_dated_ms(block, 0, len(block)) or near_ms
            audit.lines += block.count(b"\n")
        audit.bytes_read = reader.bytes_read
    return audit


def identity_of(line: Mapping[str, Any]) -> str:
    """Return the text that all rows of a response share: its id, else that of its request or row."""
    message = line.get("message")
    names = ((message, "id"), (line, "requestId"), (line, "uuid"))
    found = (part.get(name) for part, name in names if isinstance(part, dict))
    return next((value for value in found if isinstance(value, str) and value), "")


def _lines_with(block: bytes, needle: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (line number in the block, from 1; offset in it; line) of each line that contains some bytes."""
    at, number = 0, 1
    while (hit := block.find(needle, at)) >= 0:
        start = block.rfind(b"\n", at, hit) + 1 or at
        end = block.find(b"\n", hit)
        number += block.count(b"\n", at, start)
        yield number, start, block[start:end]
        at, number = end + 1, number + 1


def _kind(line: Mapping[str, Any], stem: str) -> str:
    if line.get("type") == "progress":
        return PROGRESS
    if stem.startswith(_SIDE_QUESTION_STEM):
        return SIDE_QUESTION
    return COPY if "requestSessionId" in line or "forkedFrom" in line else ""


def _has_usage(line: Mapping[str, Any]) -> bool:
    message = line.get("message")
    return line.get("type") == "assistant" and isinstance(message, dict) and isinstance(message.get("usage"), dict)
