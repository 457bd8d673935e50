"""Which tools the responses of a Gemini CLI chat called, and how much they thought: a message names its own calls.

Nothing else is told. Must not know what calls cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from claude_tui.sources.causes import Call, Caused, FileCauses
from claude_tui.sources.columns import key_number
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.documents import read_document
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import as_count, table_of, text_of, written_of

FAILED: Final = frozenset({"error", "cancelled"})


def read_causes(
    path: str, known: FileCauses | None = None, since: Checkpoint | None = None, *, with_sizes: bool = False
) -> tuple[FileCauses, Checkpoint]:
    """Read a chat, always all of it: a message may be written again. Raises OSError where it cannot be opened."""
    found: dict[str, Caused] = {}
    checkpoint = Checkpoint(0, 0, 0)
    if path.endswith(".jsonl"):
        with LineReader(path) as reader:
            for offset, line in reader:
                for record in reader.objects(offset, line):
                    _see(record, found)
            checkpoint = reader.checkpoint()
    else:
        data, checkpoint, _, _ = read_document(path, None)
        for record in decode_objects(data or b""):
            _see(record, found)
    return FileCauses(list(found.values()), has_sizes=True, has_calls_only=True), checkpoint


def _see(record: Mapping[str, object], found: dict[str, Caused]) -> None:
    for message in _messages(record):
        key, tokens = text_of(message, "id"), message.get("tokens")
        if not key or not isinstance(tokens, dict) or text_of(message, "type") != "gemini":
            continue
        caused = found.setdefault(key, Caused(key_number("gemini", key), 0, instant_ms(message.get("timestamp"))))
        caused.thinking = max(caused.thinking, as_count(tokens.get("thoughts")) or 0)
        calls = message.get("toolCalls")
        known = {call.id: call for call in caused.calls}
        for one in calls if isinstance(calls, list) else ():
            if isinstance(one, dict):
                call = Call(written_of(one, "id"), written_of(one, "name"), is_failed=text_of(one, "status") in FAILED)
                if call.id in known:
                    known[call.id].is_failed |= call.is_failed
                else:
                    caused.calls.append(call)


def _messages(record: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Yield the messages of a record: itself, and those it lists."""
    for part in (record, table_of(record, "$set")):
        listed = part.get("messages")
        yield from (one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, dict))
    yield record
