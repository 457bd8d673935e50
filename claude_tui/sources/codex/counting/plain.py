"""Reads a rollout record by record: the plain reader that every faster one must equal. Must not settle, price or
sum."""

from __future__ import annotations

from claude_tui.sources.codex.compressed import open_rollout
from claude_tui.sources.codex.counting.records import talk_of
from claude_tui.sources.codex.counting.rollout import Rollout
from claude_tui.sources.codex.counting.threads import Threads
from claude_tui.sources.codex.discovery import thread_of
from claude_tui.sources.codex.recognition import unrecognised
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile
from claude_tui.sources.records.events import ResponseEvent
from claude_tui.sources.values.instants import instant_ms


def read_rollout(file: LogFile, since: Checkpoint | None) -> tuple[FileRead, list[ResponseEvent]]:
    """Read a rollout, and keep the events its rows were made of. Raises OSError if it cannot be opened."""
    events: list[ResponseEvent] = []
    with open_rollout(file.path, since) as reader:
        state = since.state if since is not None and not reader.restarted else ""
        rollout = Rollout(thread_of(file.path), Threads(file.root, file.path), state)
        talk = b"", ""
        for offset, line in reader:
            talk = talk_of(line) or talk
            for record in reader.objects(offset, line, is_slim=True):
                events += rollout.events(record, offset)
            for kind, detail in rollout.doubts():
                reader.problem(kind, offset, detail)
        if not events and not rollout.has_counted:
            reader.problems = reader.problems.with_more(Problems(unrecognised(file.path)))
        mark, rows = reader.checkpoint(state=rollout.state()), [event.row for event in events]
        facts, problems = rollout.facts(instant_ms(talk[0].decode("utf-8", "replace")), talk[1]), reader.problems
        return FileRead(rows, mark, facts, problems, reader.restarted, reader.bytes_read, reader.lines), events
