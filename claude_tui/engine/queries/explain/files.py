"""Reads logs again and classifies each usage row by what became of it. Must not know prices."""

from __future__ import annotations

import time
from collections.abc import Iterator

from claude_tui.engine.queries.explain.explanation import FORKED, REPEATED, Explanation
from claude_tui.engine.state.store import Store
from claude_tui.sources.auditing.again import audit_log
from claude_tui.sources.auditing.audit import COPY, NEVER_COUNTED, REASONED, AuditedRow, FileAudit
from claude_tui.sources.columns import key_number
from claude_tui.sources.protocol import LogFile


def audits(
    found: Explanation, files: list[LogFile], files_s: float, needle: bytes = b""
) -> Iterator[tuple[LogFile, FileAudit]]:
    """Audit files until the time is over, and note how many were; those that are gone yield nothing."""
    found.files_total = len(files)
    deadline_s = time.monotonic() + files_s
    for file in files:
        if time.monotonic() > deadline_s:
            return
        found.files += 1
        try:
            audit = audit_log(file, needle)
        except (OSError, ValueError):  # ValueError: no file can have this name
            found.files_gone += 1
            continue
        found.lines += audit.lines
        found.bytes_read += audit.bytes_read
        yield file, audit


def read_again(store: Store, found: Explanation, covered: bytearray, files: list[LogFile], files_s: float) -> None:
    """Read files until the time is over, and classify their rows by what became of them."""
    counted = bytearray(len(covered))
    for file, audit in audits(found, files, files_s):
        found.passed_over += audit.passed_over
        with store.lock:
            table = store.table
            for one in reversed(audit.rows):  # of two rows on one line the last one counts
                row = table.row_of.get(key_number(file.source, one.row.key))
                if row is None or row >= len(covered) or not covered[row]:
                    continue
                found.usage_rows += 1
                own = table.files[table.file[row]].path
                is_there = file.path == own and one.row.offset == table.offset[row]
                if is_there and one.kind not in NEVER_COUNTED and not counted[row]:
                    counted[row] = 1
                    found.counted_rows += 1
                else:
                    found.duplicates[reason_of(one, file.path, own)] += 1


def reason_of(one: AuditedRow, path: str, counted_path: str) -> str:
    """Return why a row does not count (a key of REASONS), given where the counted one is."""
    if one.kind in REASONED:
        return one.kind
    if path != counted_path:
        return COPY
    return FORKED if one.table else REPEATED
