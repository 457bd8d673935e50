"""The counting rule of Qwen Code: a telemetry row about a response becomes a row.

The client notes every call it makes in a row of its own, sub-agents', memory's and compression's included; the rows of
the conversation repeat the usage of some. Its per-session sums beside the chats say the same again. A fork copies rows
and marks them. Must not know files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from claude_tui.model import Usage, UsageRow
from claude_tui.pricing.billing.usage import THOUGHTS_BESIDE
from claude_tui.sources.records.conversation import Conversation, UnknownShapeError, tools_or_text
from claude_tui.sources.records.events import count_of, text_of_counters
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import as_count, table_of, text_of

KINDS: Final = ("user", "assistant", "tool_result", "system")
RESPONSE: Final = "qwen-code.api_response"
_COUNTERS: Final = ("input_token_count", "output_token_count", "total_token_count")


@dataclass(slots=True)
class QwenChat(Conversation):
    """One chat. If `has_usage`, a row about a response was there, so what the conversation repeats is counted."""

    def rows(self, record: Mapping[str, Any], offset: int) -> Iterator[UsageRow]:
        """Yield what a record counts."""
        kind = text_of(record, "type")
        if kind not in KINDS:
            if "usageMetadata" in record:
                raise UnknownShapeError(f"usage in a row of unknown type {kind[:40]!r}")
            return
        self.is_known = True
        self.session = text_of(record, "sessionId") or self.session
        self.cwd = self.cwd or text_of(record, "cwd")
        self.version = text_of(record, "version") or self.version
        time_ms = instant_ms(record.get("timestamp"))
        if kind == "system":
            yield from self._system(record, time_ms, offset)
            return
        is_answer = kind == "assistant"
        self.spoke(
            tools_or_text(table_of(record, "message").get("parts"), "functionCall") if is_answer else "user", time_ms
        )
        self.has_answers |= is_answer
        if is_answer:
            self.context_window = as_count(record.get("contextWindowSize")) or self.context_window
        if is_answer and not self.has_usage and table_of(record, "usageMetadata"):
            raise UnknownShapeError("usage without a telemetry row: not counted")

    def _system(self, record: Mapping[str, Any], time_ms: int, offset: int) -> Iterator[UsageRow]:
        payload = table_of(record, "systemPayload")
        if text_of(record, "subtype") == "chat_compression":
            self.compactions += 1
            self.context_tokens = count_of(table_of(payload, "info"), "newTokenCount")
            return
        event = table_of(payload, "uiEvent")
        if text_of(event, "event.name") != RESPONSE:
            return
        self.has_usage = True
        if not any(name in event for name in _COUNTERS):
            raise UnknownShapeError("a response without counters")
        usage = usage_of(event)
        if not usage.tokens:
            return
        model, agent = text_of(event, "model"), text_of(event, "subagent_id") or text_of(event, "subagent_name")
        if is_of_conversation(agent, text_of(event, "prompt_id")):
            self.answered(model, usage.prompt)
        yield UsageRow(
            key=text_of(event, "response_id") or f"{time_ms}/{model}/{text_of_counters(usage[:5])}",
            time_ms=time_ms,
            session=self.session,
            agent=agent,
            cwd=text_of(record, "cwd"),
            model=model,
            usage=usage,
            is_copy="forkedFrom" in record,
            is_sidechain=bool(agent),
            offset=offset,
        )


def usage_of(event: Mapping[str, object]) -> Usage:
    """The counters of a response, disjoint. Input holds what was read from the cache; what was written to it is input.

    Whether output holds the thoughts differs by provider; the total tells.
    """
    prompt, cached = count_of(event, "input_token_count"), count_of(event, "cached_content_token_count")
    output, thoughts = count_of(event, "output_token_count"), count_of(event, "thoughts_token_count")
    output = billed_output(prompt, output, thoughts, count_of(event, "total_token_count"), text_of(event, "auth_type"))
    return Usage(input=max(0, prompt - cached), output=output, cache_read=cached)


def billed_output(prompt: int, output: int, thoughts: int, total: int, auth_type: str) -> int:
    """Return the output with the thoughts in it."""
    if total > prompt:
        return max(output, total - prompt)
    return output + thoughts if any(name in auth_type for name in THOUGHTS_BESIDE) else output


def is_of_conversation(agent: str, prompt_id: str) -> bool:
    """Whether a response is part of the main conversation, whose context its prompt fills."""
    return not agent and not prompt_id.startswith("compress-")
