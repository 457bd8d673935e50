"""Which tools the responses of a Copilot CLI session called: a message and the record of its usage name the same call
of the API. Of versions without such records nothing is told.

Must not know what calls cost.
"""

from __future__ import annotations

from claude_tui.sources.causes import Call, Caused, FileCauses
from claude_tui.sources.columns import key_number
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import as_count, table_of, text_of, written_of


def read_causes(
    path: str, known: FileCauses | None = None, since: Checkpoint | None = None, *, with_sizes: bool = False
) -> tuple[FileCauses, Checkpoint]:
    """Read a session, always all of it. Raises OSError where it cannot be opened."""
    billed: dict[str, Caused] = {}
    told: dict[str, dict[str, Call]] = {}
    failed: set[str] = set()
    with LineReader(path) as reader:
        for offset, line in reader:
            for record in reader.objects(offset, line, is_slim=True):
                kind, data = text_of(record, "type"), table_of(record, "data")
                if kind == "session.usage_record":
                    usage = table_of(data, "usage")
                    key = text_of(table_of(usage, "accounting"), "usageId") or text_of(usage, "apiCallId")
                    made = Caused(key_number("copilot", key), 0, instant_ms(record.get("timestamp")))
                    made.thinking = as_count(usage.get("reasoningTokens")) or 0
                    billed.setdefault(text_of(usage, "apiCallId"), made)
                elif kind == "assistant.message":
                    calls = told.setdefault(text_of(data, "apiCallId"), {})
                    requests = data.get("toolRequests")
                    for one in requests if isinstance(requests, list) else ():
                        if isinstance(one, dict):
                            call = Call(written_of(one, "toolCallId"), written_of(one, "name"))
                            calls.setdefault(call.id, call)
                elif kind == "tool.execution_complete" and data.get("success") is False:
                    failed.add(written_of(data, "toolCallId"))
        for key in billed.keys() & told.keys() - {""}:
            billed[key].calls = list(told[key].values())
            for call in billed[key].calls:
                call.is_failed = call.id in failed
        found = [one for key, one in billed.items() if key and key in told]
        return FileCauses(found, has_sizes=True, has_calls_only=True), reader.checkpoint()
