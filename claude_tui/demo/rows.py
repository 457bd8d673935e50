"""The lines Claude Code writes, field by field in its own order, for the three formats of the last year.

Until 2.1.5x, the fields that say what a row belongs to were at its front, later at its end; 2.1.3xx added fields. Must
not know what is said or when: that is the task of the conversation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import orjson

Row = dict[str, Any]

NAMING: Final = (2, 1, 205)
"""Versions from this one on name the skill of a response, and what the API says of its cache."""


@dataclass(slots=True)
class DemoUsage:
    """The counters of one response, before a version formats them."""

    input: int
    output: int
    write_5m: int
    write_1h: int
    read: int
    web_search: int = 0
    is_fast: bool = False
    advisor: tuple[str, int, int] | None = None
    """Model, input and output of an advisor that the response consulted."""


def timestamp(time_ms: int) -> str:
    """Return an instant as the client writes it."""
    moment = datetime.fromtimestamp(time_ms / 1000, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"


def folder_name(cwd: str) -> str:
    """Return the folder below projects/ for a working directory."""
    return re.sub(r"[^A-Za-z0-9]", "-", cwd)


def to_lines(rows: list[Row]) -> bytes:
    """Return rows as the client stores them, each on its own line."""
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


@dataclass(slots=True)
class DemoTranscript:
    """One file of one session and the chain of rows in it."""

    session: str
    cwd: str
    branch: str
    version: str
    rng: Random
    agent: str = ""
    parent: str | None = None

    @property
    def release(self) -> tuple[int, ...]:
        """Return the version in a comparable form."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def era(self) -> int:
        """Return which of the three formats applies: 0 until 2.1.5x, 1 until 2.1.30x, 2 since."""
        return (self.release >= (2, 1, 59)) + (self.release >= (2, 1, 306))

    def path(self, projects: Path) -> Path:
        """Return the path of this file below the projects folder."""
        base = projects / folder_name(self.cwd)
        if not self.agent:
            return base / f"{self.session}.jsonl"
        if self.version.startswith("2.0."):
            return base / f"agent-{self.agent}.jsonl"
        return base / self.session / "subagents" / f"agent-{self.agent}.jsonl"

    def uuid(self) -> str:
        """Return a new random id."""
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def user(self, time_ms: int, content: str | list[Row]) -> Row:
        """Return a prompt, or the result of a tool."""
        prompt: Row = {"promptId": self.uuid()} if self.era else {}
        return self._chained(time_ms, prompt, {"type": "user", "message": {"role": "user", "content": content}})

    def tool_result(self, time_ms: int, tool_id: str, text: str, *, is_error: bool = False) -> Row:
        """Return the output of a tool."""
        result: Row = {"tool_use_id": tool_id, "type": "tool_result", "content": text, "is_error": is_error}
        return self.user(time_ms, [result])

    def assistant(
        self,
        time_ms: int,
        key: str,
        model: str,
        blocks: list[Row],
        stop: str,
        usage: DemoUsage,
        skill: str = "",
        lost: str = "",
    ) -> list[Row]:
        """Return a response: one row per content block, with the counters that this version knew at that time.

        `skill` was running, and `lost` is what the API says of a prompt that was not in its cache.
        """
        rows = []
        reference = self.uuid()
        for index, block in enumerate(blocks):
            is_last = index == len(blocks) - 1
            is_known = self._knows_output(is_last)
            message = {
                "id": f"msg_{key}",
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [block],
                "stop_reason": stop if is_known else None,
                "stop_sequence": None,
                "usage": self._usage(usage) if is_known else self._placeholder(usage, min(usage.output, 4)),
            }
            body: Row = {"message": message}
            if self.era == 2:
                message["stop_details"] = None
                body["apiBlockIndex"] = index
            body["requestId"] = f"req_{key}"
            if self.era == 2:
                cached = "1h" if usage.write_1h else "5m"
                body |= {"requestRef": reference, "requestedModel": model, "promptCacheRequested": cached}
            if lost and self.release >= NAMING:
                message["diagnostics"] = {"cache_miss_reason": {"type": lost}}
            if skill and self.release >= NAMING:
                body["attributionSkill"] = skill
            body["type"] = "assistant"
            rows.append(self._chained(time_ms + index, {}, body))
        return rows

    def compaction(self, time_ms: int, tokens: int) -> list[Row]:
        """Return the boundary after which the conversation continues from a summary."""
        logical, self.parent = self.parent, None
        boundary: Row = {"type": "system", "subtype": "compact_boundary", "content": "Conversation compacted"}
        boundary |= {"isMeta": False, "level": "info", "compactMetadata": {"trigger": "auto", "preTokens": tokens}}
        rows = [self._chained(time_ms, {"logicalParentUuid": logical}, boundary)]
        summary = self.user(time_ms, "This session is being continued from a previous conversation.")
        rows.append({**summary, "isVisibleInTranscriptOnly": True, "isCompactSummary": True})
        return rows

    def turn_end(self, time_ms: int, duration_ms: int) -> list[Row]:
        """Return what an interactive client notes when it waits for the user again."""
        if not self.era or self.agent:
            return []
        note: Row = {"type": "system", "subtype": "turn_duration", "durationMs": duration_ms, "isMeta": False}
        return [self._chained(time_ms, {}, note)]

    def title(self, text: str, is_custom: bool) -> Row:
        """Return the name of the session, given by the user or made by the client."""
        kind, field = ("custom-title", "customTitle") if is_custom else ("ai-title", "aiTitle")
        return {"type": kind, field: text, "sessionId": self.session}

    def _chained(self, time_ms: int, lead: Row, body: Row) -> Row:
        place = {"cwd": self.cwd, "sessionId": self.session, "version": self.version, "gitBranch": self.branch}
        own = {"agentId": self.agent} if self.agent else {}
        row: Row = {"parentUuid": self.parent, **lead, "isSidechain": bool(self.agent)}
        self.parent = self.uuid()
        ends: Row = {"uuid": self.parent, "timestamp": timestamp(time_ms)}
        if self.era == 0:
            return {**row, "userType": "external", **place, **own, **body, **ends}
        if self.era == 2 and "message" in body and body["type"] == "assistant":
            ends |= {"perTurnEffort": None, "madeBy": "model"}
        return {**row, **own, **body, **ends, "userType": "external", "entrypoint": "cli", **place}

    def _knows_output(self, is_last: bool) -> bool:
        """Whether the final counters had arrived when this version wrote the row."""
        if self.release >= (2, 1, 98):
            return True
        return is_last and not (2, 1, 8) <= self.release < (2, 1, 30)

    def _usage(self, usage: DemoUsage) -> Row:
        if self.era == 0:
            return self._placeholder(usage, usage.output)
        details = {"output_tokens_details": {"thinking_tokens": usage.output // 3}} if self.era == 2 else {}
        return {
            "input_tokens": usage.input,
            "cache_creation_input_tokens": usage.write_5m + usage.write_1h,
            "cache_read_input_tokens": usage.read,
            "output_tokens": usage.output,
            **details,
            "server_tool_use": {"web_search_requests": usage.web_search, "web_fetch_requests": 0},
            "service_tier": "standard",
            "cache_creation": {
                "ephemeral_1h_input_tokens": usage.write_1h,
                "ephemeral_5m_input_tokens": usage.write_5m,
            },
            "inference_geo": "not_available",
            "iterations": _iterations(usage),
            "speed": "fast" if usage.is_fast else "standard",
        }

    def _placeholder(self, usage: DemoUsage, output: int) -> Row:
        """Return how a response begins; older versions had no other way."""
        return {
            "input_tokens": usage.input,
            "cache_creation_input_tokens": usage.write_5m + usage.write_1h,
            "cache_read_input_tokens": usage.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": usage.write_5m,
                "ephemeral_1h_input_tokens": usage.write_1h,
            },
            "output_tokens": output,
            "service_tier": "standard",
            "inference_geo": "not_available",
        }


def _iterations(usage: DemoUsage) -> list[Row]:
    if not usage.advisor:
        return []
    model, asked, answered = usage.advisor
    own: Row = {"type": "message", "input_tokens": usage.input, "output_tokens": usage.output}
    own |= {"cache_read_input_tokens": usage.read, "cache_creation_input_tokens": usage.write_5m + usage.write_1h}
    advisor: Row = {"type": "advisor_message", "model": model, "input_tokens": asked, "output_tokens": answered}
    advisor |= {"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    return [own, advisor]
