"""What a transcript says beside usage: folder, title, branch, context, whose turn it is.

Everything is defined so that it can be known without decoding every line: by the first line that names a
folder, by short lines outside the conversation, by usage rows, and by the last turn. Must not count anything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import orjson

from claude_tui.model import UsageRow
from claude_tui.sources.claude.client_totals import KIND, ReadAt, client_total, complete
from claude_tui.sources.claude.counting.counters import count_of
from claude_tui.sources.claude.counting.dating import Dating
from claude_tui.sources.claude.counting.rule import requests_of
from claude_tui.sources.claude.discovery import AGENT, session_of_path
from claude_tui.sources.client_totals import ClientTotal, pack_pairs, pack_totals, short_model, unpack_totals
from claude_tui.sources.protocol import NO_FACTS, FileFacts
from claude_tui.sources.reading.log import FileLog, Opener
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import text_of

MAX_NOTE: Final = 8192
"""Bytes of the longest line that is looked at for a title or a compaction."""

_NEVER: Final = 1 << 62
_to_json: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode
_facts: Final = partial(tuple.__new__, FileFacts)
"""Makes those of a file: their own way takes longer."""
_MAX_META: Final = 1 << 20
_TITLES: Final = {"summary": "summary", "ai-title": "aiTitle", "custom-title": "customTitle"}
"""Kinds of title lines with the field that holds the title, the least important first."""


NOTES: Final = frozenset({"system", KIND, *_TITLES})
"""Kinds of lines that may hold a title, a compaction or what the client counted."""

CONTINUES: Final = b'{"parentUuid":"'
"""How most lines of a conversation begin, and none with a title or a compaction."""

TOTAL: Final = b'{"type":"cost-state"'
"""How the client begins a line with what it counted."""

_NOTE_MARKS: Final = (b"title", b"summary", b"compact_boundary", KIND.encode(), b"\\u")
"""What a line that is a note cannot be without; an escape may hide any of them."""


def is_note(line: bytes) -> bool:
    """Whether a raw line may be of a kind of `NOTES`: it is short, continues no other line and has its mark.

    What the client counted is as long as it used models, and begins as no other line.
    """
    if len(line) > MAX_NOTE:
        return line.startswith(TOTAL)
    return not line.startswith(CONTINUES) and any(mark in line for mark in _NOTE_MARKS)


class FactsGatherer:
    """Gathers the facts of one file from its lines, given in file order.

    `usage_ms` is the newest instant of a usage row; `context`, the prompt and the model of the newest of the main
    chain, was seen at `context_ms`; `largest_prompt` is the largest of that chain. `named` is the first session a line
    names. `state` is what `state()` gave at the end of the lines before these, "" at the start of a file: the facts are
    those of the whole file up to here, however it was read.
    """

    def __init__(self, path: str, state: str = "") -> None:
        self._session_of_path = session_of_path(path)
        self._found: dict[str, Any] = {}
        self._turn: dict[str, Any] = {}
        self._title_rank = -1
        self.usage_ms = 0
        self.context_ms = 0
        self.context: tuple[int, str] = (0, "")
        self.largest_prompt = 0
        self.named = ""
        self.dating = Dating()
        self._totals: list[ClientTotal] = []
        self._asked: set[tuple[str, str]] = set()
        self._is_agent = False
        if state:
            ranks, self._found, self._turn, self.named, dating, asked = json.loads(state)
            self._asked = {(model, other) for model, other in asked}
            self._title_rank, self.context_ms, self.usage_ms = ranks
            self.dating = Dating(*dating)
            self.context = self._found.get("context_tokens", 0), self._found.get("context_model", "")
            self.largest_prompt = self._found.get("largest_prompt", self.context[0])
            self._is_agent = "agent" in self._found
            if self._is_agent:
                self._leave_context()
        else:
            stem = path.rpartition(os.sep)[2].removesuffix(".jsonl")
            if stem.startswith(AGENT):
                self._set_agent(stem.removeprefix(AGENT))

    def state(self) -> str:
        """Return what later lines are added to: the same text for the same facts, in any order."""
        self._note_context()
        ranks = [self._title_rank, self.context_ms, self.usage_ms]
        known = [ranks, self._found, self._turn, self.named, self.dating.state(), sorted(self._asked)]
        try:
            return orjson.dumps(known, option=orjson.OPT_SORT_KEYS).decode()
        except TypeError:  # a text that is no Unicode, or a number of more than 64 bits
            return _to_json(known)

    def facts(self) -> FileFacts:
        """Return what has been gathered."""
        self._note_context()
        last_ms = max(self.usage_ms, self._turn.get("last_ms", 0))
        whose = "parent" if self._is_agent else "session"
        named = self.named if self._is_agent else self._turn.get("session") or self.named
        told = {**self._found, **self._turn, "session": "", whose: named or self._session_of_path, "last_ms": last_ms}
        told["asked_models"], told["is_complete"] = pack_pairs(self._asked) if self._asked else "", True
        return _facts(map(told.get, FileFacts._fields, NO_FACTS))

    @property
    def session(self) -> str:
        """The session of a line that names none."""
        return self.named or self._session_of_path

    def see(self, value: Mapping[str, Any], row: UsageRow | None, line: bytes, offset: int) -> Iterable[UsageRow]:
        """Take in one object of a line but for whose turn it is, the usage row it is if it is one, the line's bytes.

        Returns the rows to count: this one, unless it must wait for an instant, and those that waited for it.
        """
        if self.needs_start:
            self.see_start(text_of(value, "cwd"), text_of(value, "sessionId"), agent_of(value))
        if is_note(line):
            self.see_note(value, offset)
        rows = self.see_time(instant_ms(value.get("timestamp")))
        dated = row if row is None or row.time_ms else self.dating.date(row)
        if dated is not None:
            self._see_usage(dated)
            rows.append(dated)
        if row is not None and not _has_fallback(value):
            self.see_asked(row.model, text_of(value, "requestedModel"))
        return rows

    def see_asked(self, model: str, asked: str) -> None:
        """Learn which model was asked when `model` answered, "" if the client does not say."""
        if asked:
            name = short_model(asked)
            self._asked.add((short_model(model), name))

    def may_come_later(self, value: Mapping[str, Any], row: UsageRow | None, line: bytes) -> bool:
        """Whether an object of a line says the same after the lines that follow it, of which no compaction is one."""
        if row is not None and (not row.time_ms or row.time_ms == self.context_ms):
            return False
        return not is_note(line) or text_of(value, "type") not in NOTES - {KIND}

    def see_time(self, time_ms: int) -> list[UsageRow]:
        """Process the instant of a line, 0 if it has none. Returns the rows that waited for it."""
        rows = self.dating.see(time_ms)
        for row in rows:
            self._see_usage(row)
        return rows

    @property
    def needs_start(self) -> bool:
        """Whether the first lines are still needed."""
        return not (self.named and self.dating.near_ms and "cwd" in self._found)

    def see_start(self, cwd: str, session: str, agent: str) -> None:
        """Learn the folder, whose file this is, and of which sub-agent, from the first lines that say so."""
        self.named = self.named or session
        if "cwd" not in self._found and cwd:
            self._found["cwd"] = cwd
            if agent and not self._is_agent:
                self._set_agent(agent)

    def _set_agent(self, agent: str) -> None:
        """Take the file for a sub-agent's."""
        self._is_agent, self._found["agent"] = True, agent
        self._leave_context()
        for name in ("context_tokens", "context_model", "largest_prompt"):
            self._found.pop(name, None)

    def _leave_context(self) -> None:
        """Let no prompt be newer or larger: the context shown is that of the main chain."""
        self.context_ms = self.largest_prompt = _NEVER
        self.context = 0, ""

    def see_note(self, value: Mapping[str, Any], offset: int) -> None:
        """Learn titles, compactions and what the client counted.

        A name the user gave beats one a model made, which beats a summary; of one kind the newest.
        """
        kind = text_of(value, "type")
        if kind == "system" and value.get("subtype") == "compact_boundary":
            self._see_compaction(value)
        total = client_total(value, offset) if kind == KIND and not self._is_agent else None
        if total is not None:
            self._totals.append(total)
        if kind not in _TITLES:
            return
        rank = list(_TITLES).index(kind)
        title = text_of(value, _TITLES[kind]) or text_of(value, "title")
        if title and rank >= self._title_rank:
            self._title_rank = rank
            self._found["title"] = title

    def complete_totals(self, read_at: ReadAt) -> None:
        """Look at what stands before what the client counted, if anything of that is new."""
        if self._totals:
            known = unpack_totals(self._found.get("client_totals", ""))
            made = complete(self._totals, known, read_at)
            self._found["client_totals"] = pack_totals((*known, *made))
            self._totals = []

    def _see_compaction(self, value: Mapping[str, Any]) -> None:
        """Learn how full the context was and, if the client says so, what is left of it."""
        found, (tokens, model) = self._found, self.context
        found["compactions"] = found.get("compactions", 0) + 1
        told = value.get("compactMetadata")
        before, after = (told.get("preTokens"), told.get("postTokens")) if isinstance(told, dict) else (None, None)
        found["compacted_tokens"] = count_of(before) or tokens
        if count_of(after) and tokens:
            self.context = count_of(after), model

    def _see_usage(self, row: UsageRow) -> None:
        """Learn from a usage row: the context is the newest prompt of the main chain."""
        self.usage_ms = max(self.usage_ms, row.time_ms)
        prompts = [one.prompt for one in requests_of(row.terms, row.usage)]
        if row.is_sidechain or not prompts[-1]:
            return
        if row.time_ms >= self.context_ms:
            self.context_ms, self.context = row.time_ms, (prompts[-1], row.model)
        self.largest_prompt = max(self.largest_prompt, *prompts)

    def _note_context(self) -> None:
        if self.context[0]:
            self._found["context_tokens"], self._found["context_model"] = self.context
            self._found["largest_prompt"] = self.largest_prompt

    def see_turn(self, value: Mapping[str, Any]) -> bool:
        """Take a line for the last turn if it is one: of the main chain, or any in a sub-agent's file."""
        kind = text_of(value, "type")
        if not self.is_turn(kind, value.get("isSidechain")):
            return False
        message = value.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        blocks = [b.get("type") for b in content if isinstance(b, dict)] if isinstance(content, list) else []
        told = text_of(value, "gitBranch"), text_of(value, "version"), text_of(value, "sessionId")
        self.set_turn(kind, blocks, told, instant_ms(value.get("timestamp")))
        return True

    def is_turn(self, kind: str, is_sidechain: object) -> bool:
        """Whether a line of this type is a turn that is looked at."""
        return kind in ("user", "assistant") and (self._is_agent or not is_sidechain)

    def set_turn(self, kind: str, blocks: Sequence[object], told: tuple[str, str, str], time_ms: int) -> None:
        """Remember the last turn: the types of its parts; the branch, version and session it names."""
        last_kind = ""
        if not self._is_agent:
            call, otherwise = ("tool_use", "assistant") if kind == "assistant" else ("tool_result", "user")
            last_kind = call if call in blocks else otherwise
        branch, version, session = told
        self._turn = {
            "branch": branch, "version": version, "session": session, "last_kind": last_kind, "last_ms": time_ms,
        }  # fmt: skip


def _has_fallback(value: Mapping[str, Any]) -> bool:
    """Whether the server itself had another model answer, which is then the one the client counts at."""
    message = value.get("message")
    usage = message.get("usage") if isinstance(message, dict) else None
    passes = usage.get("iterations") if isinstance(usage, dict) else None
    return isinstance(passes, list) and any(
        isinstance(one, dict) and one.get("type") == "fallback_message" for one in passes
    )


def agent_of(value: Mapping[str, Any]) -> str:
    """Return the sub-agent that a line of a file of its own is of, "" for one of a session's file."""
    return text_of(value, "agentId") if value.get("isSidechain") else ""


def with_agent_type(facts: FileFacts, path: str, opener: Opener = FileLog) -> FileFacts:
    """Add what the small file beside a sub-agent's transcript says: which type of agent it is."""
    if not facts.agent or os.sep + "subagents" + os.sep not in path:
        return facts
    beside = path.removesuffix(".jsonl") + ".meta.json"
    if opener is FileLog and not os.access(beside, os.F_OK):  # most have none, and an error costs five times as much
        return facts
    try:
        log = opener(beside)
        try:
            meta = json.loads(log.pread(_MAX_META, 0))
        finally:
            log.close()
    except (OSError, ValueError, RecursionError):
        return facts
    kind = meta.get("agentType") if isinstance(meta, dict) else None
    return facts._replace(agent_type=kind) if isinstance(kind, str) else facts
