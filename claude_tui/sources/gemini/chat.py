"""The counting rule of Gemini CLI: records of a chat become events.

A message with a `tokens` object is one API response; its id identifies it in every file it was copied to. A message is
written plainly, again when its tools have finished, and inside rewrites (`$set.messages`) that may have lost its
tokens; a rewrite or a rewind never takes back usage. Must not know files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from claude_tui.model import Usage, UsageRow
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.records.events import BadCountError, ResponseEvent, count_of
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

KINDS: Final = {"user": "user", "gemini": "assistant"}
_MARKS = ("sessionId", "messages", "$set", "$rewindTo", "type")
"""Of these every record has one."""


@dataclass(slots=True)
class GeminiChat:
    """One chat, followed record by record. `parent` is the main session of a sub-agent's chat, else "".

    `stem` replaces a session id that no record contains. `folder_of` finds the project's folder by the hash in the
    records, for a chat whose `cwd` is not known otherwise. `bad_counts` collects the names of counters that are not
    counts; their messages are not counted. `is_known`, `has_answers`, `has_usage`: see
    `records.conversation.Conversation`. `place` is the folder that its place stands for.
    """

    stem: str
    folder_of: Callable[[str], str]
    parent: str = ""
    cwd: str = ""
    session: str = ""
    project_hash: str = ""
    title: str = ""
    context: tuple[int, str] = (0, "")
    last: tuple[int, str] = (0, "")
    bad_counts: list[str] = field(default_factory=list)
    is_known: bool = False
    has_answers: bool = False
    has_usage: bool = False
    place: str = ""

    def resume(self, state: str) -> None:
        """Continue from where `state()` was taken."""
        if state:
            self.session, self.project_hash, self.title, *more = json.loads(state)
            self.is_known, self.has_answers, self.has_usage, *_ = more
            self._locate()

    def state(self) -> str:
        """Return what must be known to follow the next records."""
        return json.dumps(
            [self.session, self.project_hash, self.title, self.is_known, self.has_answers, self.has_usage, self.place]
        )

    def events(self, record: Mapping[str, object], offset: int) -> Iterator[ResponseEvent]:
        """Yield what a record counts."""
        self.is_known = self.is_known or any(name in record for name in _MARKS)
        change = table_of(record, "$set")
        for part in (record, change):
            self.session = text_of(part, "sessionId") or self.session
            self.project_hash = text_of(part, "projectHash") or self.project_hash
            self.title = text_of(part, "summary") or self.title
            self._locate()
            messages = part.get("messages")
            if isinstance(messages, list):
                for message in messages:
                    if isinstance(message, dict):
                        yield from self._message(message, offset)
        yield from self._message(record, offset)

    def facts(self) -> FileFacts:
        """Return what the chat contains beside usage."""
        session = self.session or self.stem
        tokens, model = self.context
        last_ms, last_kind = self.last
        return FileFacts(
            session="" if self.parent else session,
            parent=self.parent,
            cwd=self.cwd,
            title="" if self.parent else self.title,
            agent=session if self.parent else "",
            context_tokens=0 if self.parent else tokens,
            context_model="" if self.parent else model,
            last_kind=last_kind,
            last_ms=last_ms,
        )

    def _locate(self) -> None:
        if self.project_hash and not self.cwd:
            self.cwd = self.folder_of(self.project_hash)

    def _message(self, message: Mapping[str, object], offset: int) -> Iterator[ResponseEvent]:
        kind = KINDS.get(text_of(message, "type"))
        time_ms = instant_ms(message.get("timestamp"))
        if kind and time_ms >= self.last[0]:
            self.last = time_ms, "tool_use" if kind == "assistant" and message.get("toolCalls") else kind
        tokens = message.get("tokens")
        self.has_answers |= kind == "assistant"
        if kind != "assistant" or not isinstance(tokens, dict):
            return
        self.has_usage = True
        try:
            usage, reasoning = usage_of(tokens)
        except BadCountError as error:
            self.bad_counts.append(f"tokens.{error}")
            return
        session, model = self.session or self.stem, text_of(message, "model")
        key = text_of(message, "id") or f"{session}/{time_ms}/{'.'.join(map(str, usage))}"
        self.context = usage.prompt, model
        row = UsageRow(
            key=key,
            time_ms=time_ms,
            session=self.parent or session,
            agent=session if self.parent else "",
            cwd=self.cwd,
            model=model,
            usage=usage,
            # Old versions name a project by a hash only; the same message may also be where the folder is told.
            is_copy=not self.cwd,
            is_sidechain=bool(self.parent),
            offset=offset,
        )
        yield ResponseEvent(row, reasoning)


def holds_tools(tool: int, others: int, total: int) -> bool:
    """Whether the other counters hold the prompts of tools, too."""
    return tool > 0 and total == others


def usage_of(tokens: Mapping[str, object]) -> tuple[Usage, int]:
    """Return the counters of a `tokens` object, disjoint, and how much of the output was thoughts.

    `input` includes the cached part. Thoughts are billed as output and are counted separately; tool prompts are billed
    as input and are separate, too, unless the message's own total shows that they are included.
    """
    prompt, cached = count_of(tokens, "input"), count_of(tokens, "cached")
    output, thoughts, tool = count_of(tokens, "output"), count_of(tokens, "thoughts"), count_of(tokens, "tool")
    if holds_tools(tool, prompt + output + thoughts, count_of(tokens, "total")):
        tool = 0
    return Usage(input=max(0, prompt - cached) + tool, output=output + thoughts, cache_read=cached), thoughts
