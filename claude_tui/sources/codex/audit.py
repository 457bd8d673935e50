"""Every record of a rollout that tells usage, also those that repeat what is counted elsewhere.

The counting rule of `rollout` says what each of them is. Must not settle, price or sum.
"""

from __future__ import annotations

from claude_tui.model import UsageRow
from claude_tui.sources.auditing.again import holds, places
from claude_tui.sources.auditing.audit import INHERITED, AuditedRow, FileAudit
from claude_tui.sources.codex.compressed import SUFFIX, open_rollout
from claude_tui.sources.codex.counting.described import OtherThreads
from claude_tui.sources.codex.counting.records import Tokens
from claude_tui.sources.codex.counting.rollout import Rollout
from claude_tui.sources.codex.counting.threads import Threads
from claude_tui.sources.codex.discovery import thread_of
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.records.events import ResponseEvent


def audit_rollout(file: LogFile, needle: bytes = b"") -> FileAudit:
    """Read a rollout. With `needle`, one that has it nowhere is not read, unless it is compressed. Raises OSError."""
    if needle and not file.path.endswith(SUFFIX) and not holds(file.path, needle):
        return FileAudit()
    with open_rollout(file.path) as reader:
        rollout = _AuditedRollout(thread_of(file.path), Threads(file.root, file.path))
        for offset, line in reader:
            for record in reader.objects(offset, line, is_slim=True):
                for event in rollout.events(record, offset):
                    rollout.found.append((event.row, ""))
        lines, bytes_read = reader.lines, reader.bytes_read
    with open_rollout(file.path) as reader:
        line_of = places(reader, {row.offset for row, _ in rollout.found}).line_of
    rows = [AuditedRow(row, line_of.get(row.offset, 0), kind) for row, kind in rollout.found]
    return FileAudit(lines, bytes_read, rows)


class _AuditedRollout(Rollout):
    """A `Rollout` that also keeps what counts nothing. `found` are all rows, with what became of those."""

    def __init__(self, stem: str, others: OtherThreads) -> None:
        super().__init__(stem, others)
        self.found: list[tuple[UsageRow, str]] = []
        self._newest = ""

    def _event(self, key: str, thread: str, model: str, tokens: Tokens, time_ms: int, offset: int) -> ResponseEvent:
        self._newest = key
        return super()._event(key, thread, model, tokens, time_ms, offset)

    def _pass_over(self, kind: str, total: Tokens | None, last: Tokens, time_ms: int, offset: int) -> None:
        state, key = self._state, self._newest
        if kind == INHERITED and total is not None:
            key = f"{self._first_with(total, last)}/{state.epoch}/{'.'.join(map(str, total + last))}"
        elif kind == INHERITED:
            key = f"{self._first_with(total, last)}/last/{time_ms}/{'.'.join(map(str, last))}"
        if not key:  # of the response before, which is in another rollout
            return
        self.found.append((super()._event(key, state.thread, state.model, last, time_ms, offset).row, kind))

    def _first_with(self, total: Tokens | None, last: Tokens) -> str:
        """Return the oldest of the threads this one came from that has a count."""
        threads = dict.fromkeys((*self._state.parents, self._state.root))
        having = [
            thread
            for thread in threads
            if thread != self._state.thread and (total, last) in (self._others.token_counts(thread) or ())
        ]
        return having[-1] if having else self._state.parents[0]
