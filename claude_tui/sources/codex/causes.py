"""Which tools the responses of a Codex thread called, and how much they thought, where a rollout tells it by response.

Newer versions write a `token_usage_record` after what a response consists of: calls that stand before it, with nothing
from outside in between, are its own. Older ones write their counts before or after, which cannot be told apart: of
their responses nothing is known. Must not know what calls cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from claude_tui.sources.causes import Call, Caused, FileCauses
from claude_tui.sources.codex.compressed import open_rollout
from claude_tui.sources.codex.counting.records import kind_of
from claude_tui.sources.codex.counting.rollout import Rollout
from claude_tui.sources.codex.counting.threads import Sequence
from claude_tui.sources.codex.discovery import thread_of
from claude_tui.sources.columns import key_number
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.values.json_values import text_of, written_of

TOLD: Final = "token_usage_record"
NAMED: Final = frozenset({"function_call", "custom_tool_call"})
"""Calls that say which tool they are of."""
CALLS: Final = {"local_shell_call": "local_shell", "web_search_call": "web_search"}
"""Calls of one tool each."""
OURS: Final = frozenset({"assistant", ""})
"""The roles of what a response consists of; anything else came from outside."""


class _Alone:
    """A thread of which no other is asked: the key of what a record tells depends on none."""

    def token_counts(self, thread: str) -> Sequence | None:
        """Nothing is known of other threads."""
        return None

    def root_of(self, thread: str) -> str:
        """Nor which thread they belong to."""
        return thread


def read_causes(
    path: str, known: FileCauses | None = None, since: Checkpoint | None = None, *, with_sizes: bool = False
) -> tuple[FileCauses, Checkpoint]:
    """Read a rollout, always all of it. Raises OSError where it cannot be opened."""
    found: dict[str, Caused] = {}
    with open_rollout(path, None) as reader:
        rollout, calls = Rollout(thread_of(path), _Alone()), list[Call]()
        for offset, line in reader:
            for record in reader.objects(offset, line, is_slim=True):
                kind, payload = kind_of(record)
                events = list(rollout.events(record, offset))
                if kind == "response_item":
                    calls = _calls(payload, calls)
                elif kind == TOLD:
                    for event in events:
                        made = Caused(key_number("codex", event.row.key), 0, event.row.time_ms)
                        caused = found.setdefault(event.row.key, made)
                        caused.thinking = event.reasoning
                        caused.calls = caused.calls or calls
                    calls = []
        return FileCauses(list(found.values()), has_sizes=True, has_calls_only=True), reader.checkpoint()


def _calls(payload: Mapping[str, object], before: list[Call]) -> list[Call]:
    """Return the calls of the response that is written just now, after one more item."""
    kind = text_of(payload, "type")
    if kind in NAMED or kind in CALLS:
        name = written_of(payload, "name") if kind in NAMED else CALLS[kind]
        return [*before, Call(written_of(payload, "call_id"), name)]
    is_ours = kind == "reasoning" or (kind == "message" and text_of(payload, "role") in OURS)
    return before if is_ours else []
