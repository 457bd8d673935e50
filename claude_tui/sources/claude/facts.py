"""What a transcript says beside usage: folder, title, branch, context, whose turn it is.

Everything is defined so that it can be known without decoding every line: by the first line that names a
folder, by short lines outside the conversation, by usage rows, and by the last turn. Must not count anything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from claude_tui.model import Row
from claude_tui.sources.claude.rule import count_of
from claude_tui.sources.instants import instant_ms
from claude_tui.sources.lines import open_regular
from claude_tui.sources.protocol import FileFacts

MAX_NOTE: Final = 8192
"""Bytes of the longest line that is looked at for a title or a compaction."""

_NEVER: Final = 1 << 62
_to_json: Final = json.JSONEncoder(separators=(",", ":")).encode
_MAX_META: Final = 1 << 20
_TITLES: Final = {"summary": "summary", "ai-title": "aiTitle", "custom-title": "customTitle"}
"""Kinds of title lines with the field that holds the title, the least important first."""


NOTES: Final = frozenset({"system", *_TITLES})
"""Kinds of lines that may hold a title or a compaction."""

CONTINUES: Final = b'{"parentUuid":"'
"""How most lines of a conversation begin, and none with a title or a compaction."""

_NOTE_MARKS: Final = (b"title", b"summary", b"compact_boundary", b"\\u")
"""What a line with a title or a compaction cannot be without; an escape may hide any of them."""


def is_note(line: bytes) -> bool:
    """Whether a raw line may hold a title or a compaction: it is short, continues no other line and has its mark."""
    return len(line) <= MAX_NOTE and not line.startswith(CONTINUES) and any(mark in line for mark in _NOTE_MARKS)


class FactsGatherer:
    """Gathers the facts of one file from its lines, given in file order.

    `usage_ms` is the newest instant of a usage row; `context`, the prompt and the model of the newest of the main
    chain, was seen at `context_ms`; `largest_prompt` is the largest of that chain. `state` is what `state()` gave at
    the end of the lines before these, "" at the start of a file: the facts are those of the whole file up to here,
    however it was read.
    """

    def __init__(self, stem: str, state: str = "") -> None:
        self._is_agent = stem.startswith("agent-")
        self._found: dict[str, Any] = {}
        self._turn: dict[str, Any] = {}
        self._title_rank = -1
        self.usage_ms = 0
        self.context_ms = 0
        self.context: tuple[int, str] = (0, "")
        self.largest_prompt = 0
        if state:
            self._title_rank, self.context_ms, self.usage_ms, self._found, self._turn = json.loads(state)
            self.context = self._found.get("context_tokens", 0), self._found.get("context_model", "")
            self.largest_prompt = self._found.get("largest_prompt", self.context[0])
        elif self._is_agent:
            self._found["agent"] = stem.removeprefix("agent-")
        else:
            self._found["session"] = stem
        if self._is_agent:
            # No prompt is newer or larger: the context shown is that of the main chain.
            self.context_ms = self.largest_prompt = _NEVER

    def state(self) -> str:
        """Return what later lines are added to."""
        self._note_context()
        known = [self._title_rank, self.context_ms, self.usage_ms, self._found, self._turn]
        try:
            return orjson.dumps(known).decode()
        except TypeError:  # a text that is no Unicode, or a number of more than 64 bits
            return _to_json(known)

    def facts(self) -> FileFacts:
        """Return what has been gathered."""
        self._note_context()
        last_ms = max(self.usage_ms, self._turn.get("last_ms", 0))
        return FileFacts(**{**self._found, **self._turn, "last_ms": last_ms}, is_complete=True)

    def see(self, value: Mapping[str, Any], row: Row | None, line: bytes) -> None:
        """Take in one object of a line, the usage row it is if it is one, and the line's bytes."""
        self.see_but_turn(value, row, line)
        self.see_turn(value)

    def see_but_turn(self, value: Mapping[str, Any], row: Row | None, line: bytes) -> None:
        """Take in one object of a line as `see` does, where the last turn is looked for apart."""
        if self.needs_start:
            self.see_start(_text(value, "cwd"), _text(value, "sessionId"))
        if is_note(line):
            self.see_note(value)
        if row is not None:
            self.see_usage(row.time_ms, row.usage.prompt, row.model, is_main=not row.is_sidechain)

    @property
    def needs_start(self) -> bool:
        """Whether the first lines have not yet told all they can."""
        return "cwd" not in self._found or (self._is_agent and "parent" not in self._found)

    def see_start(self, cwd: str, session: str) -> None:
        """Learn the folder, and whose agent this is, from the first lines that say so."""
        if "cwd" not in self._found and cwd:
            self._found["cwd"] = cwd
        if self._is_agent and "parent" not in self._found and session:
            self._found["parent"] = session

    def see_note(self, value: Mapping[str, Any]) -> None:
        """Learn titles and compactions.

        A name the user gave beats one a model made, which beats a summary; of one kind the newest.
        """
        kind = _text(value, "type")
        if kind == "system" and value.get("subtype") == "compact_boundary":
            self._see_compaction(value)
        if kind not in _TITLES:
            return
        rank = list(_TITLES).index(kind)
        title = _text(value, _TITLES[kind]) or _text(value, "title")
        if title and rank >= self._title_rank:
            self._title_rank = rank
            self._found["title"] = title

    def _see_compaction(self, value: Mapping[str, Any]) -> None:
        """Learn how full the context was, and where the client says so what is left of it."""
        found, (tokens, model) = self._found, self.context
        found["compactions"] = found.get("compactions", 0) + 1
        told = value.get("compactMetadata")
        before, after = (told.get("preTokens"), told.get("postTokens")) if isinstance(told, dict) else (None, None)
        found["compacted_tokens"] = count_of(before) or tokens
        if count_of(after) and tokens:
            self.context = count_of(after), model

    def see_usage(self, time_ms: int, prompt: int, model: str, *, is_main: bool) -> None:
        """Learn from a usage row: the context is the prompt of the newest of the main chain."""
        self.usage_ms = max(self.usage_ms, time_ms)
        if is_main and prompt and time_ms >= self.context_ms:
            self.context_ms, self.context = time_ms, (prompt, model)
        if is_main and prompt > self.largest_prompt:
            self.largest_prompt = prompt

    def _note_context(self) -> None:
        if self.context[0]:
            self._found["context_tokens"], self._found["context_model"] = self.context
            self._found["largest_prompt"] = self.largest_prompt

    def see_turn(self, value: Mapping[str, Any]) -> bool:
        """Take a line for the last turn if it is one: of the main chain, or any in a sub-agent's file."""
        kind = _text(value, "type")
        if not self.is_turn(kind, value.get("isSidechain")):
            return False
        message = value.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        blocks = [b.get("type") for b in content if isinstance(b, dict)] if isinstance(content, list) else []
        branch, version = _text(value, "gitBranch"), _text(value, "version")
        self.set_turn(kind, blocks, branch, version, instant_ms(value.get("timestamp")))
        return True

    def is_turn(self, kind: str, is_sidechain: object) -> bool:
        """Whether a line of this type is a turn that is looked at."""
        return kind in ("user", "assistant") and (self._is_agent or not is_sidechain)

    def set_turn(self, kind: str, blocks: Sequence[object], branch: str, version: str, time_ms: int) -> None:
        """Remember the last turn, `blocks` being the types of its parts."""
        last_kind = ""
        if not self._is_agent:
            call, otherwise = ("tool_use", "assistant") if kind == "assistant" else ("tool_result", "user")
            last_kind = call if call in blocks else otherwise
        self._turn = {"branch": branch, "version": version, "last_kind": last_kind, "last_ms": time_ms}


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def with_agent_type(facts: FileFacts, path: str) -> FileFacts:
    """Add what the small file beside a sub-agent's transcript says: which type of agent it is."""
    if not facts.agent or os.sep + "subagents" + os.sep not in path:
        return facts
    try:
        fd, _ = open_regular(path.removesuffix(".jsonl") + ".meta.json")
        try:
            meta = json.loads(os.read(fd, _MAX_META))
        finally:
            os.close(fd)
    except (OSError, ValueError, RecursionError):
        return facts
    kind = meta.get("agentType") if isinstance(meta, dict) else None
    return facts._replace(agent_type=kind) if isinstance(kind, str) else facts
