"""Which tools the answers of a Pi session called, and how much they thought: an answer names its own calls.

Nothing else is told. Must not know what calls cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claude_tui.sources.causes import Call, Caused, FileCauses
from claude_tui.sources.columns import key_number
from claude_tui.sources.pi.session import PiSession
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.records.conversation import UnknownShapeError
from claude_tui.sources.records.events import BadCountError
from claude_tui.sources.values.json_values import as_count, table_of, text_of, written_of


def read_causes(
    path: str, known: FileCauses | None = None, since: Checkpoint | None = None, *, with_sizes: bool = False
) -> tuple[FileCauses, Checkpoint]:
    """Read a session, always all of it. Raises OSError where it cannot be opened."""
    session = PiSession(session="")
    found: dict[str, Caused] = {}
    calls: dict[str, Call] = {}
    with LineReader(path) as reader:
        for offset, line in reader:
            for record in reader.objects(offset, line, is_slim=True):
                message = table_of(record, "message")
                if text_of(message, "role") == "toolResult" and message.get("isError") is True:
                    failed = calls.get(written_of(message, "toolCallId"))
                    if failed is not None:
                        failed.is_failed = True
                _see(record, message, session, offset, found, calls)
        return FileCauses(list(found.values()), has_sizes=True, has_calls_only=True), reader.checkpoint()


def _see(
    record: Mapping[str, Any],
    message: Mapping[str, Any],
    session: PiSession,
    offset: int,
    found: dict[str, Caused],
    calls: dict[str, Call],
) -> None:
    try:
        rows = list(session.rows(record, offset))
    except (BadCountError, UnknownShapeError):  # is not counted, either
        return
    for row in rows:
        caused = found.setdefault(row.key, Caused(key_number("pi", row.key), 0, row.time_ms))
        caused.thinking = as_count(table_of(message, "usage").get("reasoning")) or 0
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and text_of(part, "type") == "toolCall":
                call = Call(written_of(part, "id"), written_of(part, "name"))
                if not call.id or call.id not in calls:
                    caused.calls.append(call)
                    calls[call.id] = call
