"""Which tools the messages of OpenCode and its forks called, and how much they thought: a message has its own calls.

Nothing else is told, nor anything of messages that are gone. Must not know what calls cost.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from claude_tui.sources.causes import Call, Caused, FileCauses, Pending
from claude_tui.sources.columns import key_number
from claude_tui.sources.opencode.legacy import parts_of, read_message
from claude_tui.sources.opencode.rows import MessageReading, changes
from claude_tui.sources.opencode.stored.database import MARGIN_MS
from claude_tui.sources.protocol import Checkpoint, LogFile
from claude_tui.sources.records.events import ResponseEvent
from claude_tui.sources.values.json_values import table_of, text_of, written_of

FAILED: Final = "error"
ENDED: Final = frozenset({"completed", FAILED})


def read_causes(
    path: str, known: FileCauses | None = None, since: Checkpoint | None = None, *, with_sizes: bool = False
) -> tuple[FileCauses, Checkpoint]:
    """Read a message file of OpenCode, or of a database what changed since. Raises OSError where it cannot be read."""
    return _read("opencode", path, known, since)


def read_kilo_causes(
    path: str, known: FileCauses | None = None, since: Checkpoint | None = None, *, with_sizes: bool = False
) -> tuple[FileCauses, Checkpoint]:
    """Read a database or a message file of Kilo CLI likewise."""
    return _read("kilo", path, known, since)


def _read(source: str, path: str, known: FileCauses | None, since: Checkpoint | None) -> tuple[FileCauses, Checkpoint]:
    stat = os.stat(path)
    found: dict[int, Caused] = {}
    before: set[int] = set()
    file = LogFile(source, path, "", stat.st_size, stat.st_mtime_ns, stat.st_dev, stat.st_ino)
    checkpoint, pending = Checkpoint(stat.st_dev, stat.st_ino, stat.st_size), None
    if path.endswith(".json"):
        for event in read_message(file, None, is_stored=False)[1]:
            _add(source, event, parts_of(path), found, before)
    else:
        is_known = known is not None and known.pending is not None
        with changes(file, since if is_known else None) as changed:
            database, last_part = changed.database, changed.database.last_part()
            if known is not None and known.pending is not None and since is not None and not changed.is_whole:
                found = {one.key: one for one in known.responses}
                before = set(found)
                # Where numbers went down, parts were removed or numbered anew, and all are looked at.
                after = known.pending.part if known.pending.part <= last_part else 0
                changed.rows.extend(database.rows_of_parts(since.mark - MARGIN_MS, after, known.pending.messages))
            reading, checkpoint = MessageReading(path, changed), changed.checkpoint
            reading.run()
            calls = database.calls(None if changed.is_whole else [one for one in reading.messages if one])
            unended = [message for message, parts in calls.items() if not all(map(_has_ended, parts))]
            pending = Pending(unended, last_part)
            for event, message in zip(reading.events, reading.messages, strict=True):
                if message:
                    _add(source, event, calls.get(message, ()), found, before)
    return FileCauses(list(found.values()), has_sizes=True, has_calls_only=True, pending=pending), checkpoint


def _add(
    source: str,
    event: ResponseEvent,
    parts: Iterable[Mapping[str, Any]],
    found: dict[int, Caused],
    before: set[int],
) -> None:
    """Add a message; a copy that a fork made adds nothing, unless it has more calls. What was known `before`
    becomes what its first message is now: a copy that changed later than its original was made of what that is."""
    key = key_number(source, event.row.key)
    calls = [
        Call(written_of(part, "callID") or written_of(part, "id"), name, is_failed=_has_failed(part))
        for part in parts
        if text_of(part, "type") == "tool" and (name := written_of(part, "tool") or written_of(part, "name"))
    ]
    made = found.setdefault(key, Caused(key, 0, event.row.time_ms, thinking=event.reasoning))
    if key in before:
        before.discard(key)
        made.thinking = event.reasoning
        if len(calls) == len(made.calls):
            made.calls = calls
    if len(calls) > len(made.calls):
        made.calls = calls


def _has_ended(part: Mapping[str, Any]) -> bool:
    return text_of(table_of(part, "state"), "status") in ENDED


def _has_failed(part: Mapping[str, Any]) -> bool:
    return text_of(table_of(part, "state"), "status") == FAILED
