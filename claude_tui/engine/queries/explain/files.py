"""Reads logs again and classifies each usage row by what became of it. Must not know prices."""

from __future__ import annotations

import os
import time

from claude_tui.engine.queries.explain.explanation import REPEATED, Explanation
from claude_tui.engine.state.store import Store
from claude_tui.sources.claude.audit import COPY, PROGRESS, SIDE_QUESTION, AuditedRow, audit_file
from claude_tui.sources.columns import key_number


def with_siblings(store: Store, mains: list[str]) -> list[str]:
    """Return files and, after them, the others of the same projects, which is where forks and resumed copies are."""
    folders = {_project_folder(path) for path in mains}
    with store.lock:
        known = [ref.path for ref in store.table.files if ref.source == "claude"]
    return list(dict.fromkeys([*mains, *(path for path in known if _project_folder(path) in folders)]))


def _project_folder(path: str) -> str:
    """Return the folder of a project's transcripts, also for a file in a folder of its session."""
    before, projects, below = path.rpartition(f"{os.sep}projects{os.sep}")
    return before + projects + below.split(os.sep, 1)[0] if projects else os.path.dirname(path)


def read_again(store: Store, found: Explanation, covered: bytearray, paths: list[str], files_s: float) -> None:
    """Read files until the time is over, and classify their rows by what became of them."""
    found.files_total = len(paths)
    deadline_s = time.monotonic() + files_s
    counted = bytearray(len(covered))
    for path in paths:
        if time.monotonic() > deadline_s:
            return
        found.files += 1
        try:
            audit = audit_file(path)
        except (OSError, ValueError):  # ValueError: no file can have this name
            found.files_gone += 1
            continue
        found.lines += audit.lines
        found.bytes_read += audit.bytes_read
        found.passed_over += audit.passed_over
        with store.lock:
            table = store.table
            for one in reversed(audit.rows):  # of two rows on one line the last one counts
                row = table.row_of.get(key_number("claude", one.row.key))
                if row is None or row >= len(covered) or not covered[row]:
                    continue
                found.usage_rows += 1
                own = table.files[table.file[row]].path
                if path == own and one.row.offset == table.offset[row] and not counted[row]:
                    counted[row] = 1
                    found.counted_rows += 1
                else:
                    found.duplicates[reason_of(one, path, own)] += 1


def reason_of(one: AuditedRow, path: str, counted_path: str) -> str:
    """Return why a row does not count (a key of REASONS), given where the counted one is."""
    if one.kind in (PROGRESS, SIDE_QUESTION):
        return one.kind
    return REPEATED if path == counted_path else COPY
