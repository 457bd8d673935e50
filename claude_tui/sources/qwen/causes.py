"""Which tools the responses of a Qwen Code chat called, and how much they thought: a call names its response by id, and
an answer follows the row of its response.

Nothing else is told. Must not know what calls cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from claude_tui.sources.causes import Call, Caused, FileCauses
from claude_tui.sources.columns import key_number
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.qwen.chat import RESPONSE
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import as_count, table_of, text_of, written_of

CALL: Final = "qwen-code.tool_call"


def read_causes(
    path: str, known: FileCauses | None = None, since: Checkpoint | None = None, *, with_sizes: bool = False
) -> tuple[FileCauses, Checkpoint]:
    """Read a chat, always all of it. Raises OSError where it cannot be opened."""
    found: dict[str, Caused] = {}
    rows: dict[str, Caused] = {}
    with LineReader(path) as reader:
        for offset, line in reader:
            for record in reader.objects(offset, line, is_slim=True):
                if text_of(record, "type") == "assistant":
                    caused = rows.get(text_of(record, "parentUuid"))
                    parts = table_of(record, "message").get("parts")
                    for part in parts if caused is not None and isinstance(parts, list) else ():
                        if caused is not None and isinstance(part, dict) and "functionCall" in part:
                            call = table_of(part, "functionCall")
                            _add(caused, Call(written_of(call, "id"), written_of(call, "name")))
                else:
                    _see_event(record, found, rows)
        return FileCauses(list(found.values()), has_sizes=True, has_calls_only=True), reader.checkpoint()


def _see_event(record: Mapping[str, Any], found: dict[str, Caused], rows: dict[str, Caused]) -> None:
    event = table_of(table_of(record, "systemPayload"), "uiEvent")
    response, name = text_of(event, "response_id"), text_of(event, "event.name")
    if response and name == RESPONSE:
        made = Caused(key_number("qwen", response), 0, instant_ms(record.get("timestamp")))
        caused = rows[text_of(record, "uuid")] = found.setdefault(response, made)
        caused.thinking = max(caused.thinking, as_count(event.get("thoughts_token_count")) or 0)
    elif name == CALL and response in found:
        call = Call(written_of(event, "call_id"), written_of(event, "function_name"))
        call.is_failed = event.get("success") is False
        _add(found[response], call)


def _add(caused: Caused, call: Call) -> None:
    """Add a call, which may be told twice."""
    known = next((one for one in caused.calls if one.id == call.id), None)
    if known is None:
        caused.calls.append(call)
    else:
        known.is_failed |= call.is_failed
