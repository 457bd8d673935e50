"""What a log says beside usage, gathered record by record: whose it is, who spoke last, how full the context is.

Clients whose logs are files of lines share it. Must not know any client's format, nor count.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

from claude_tui.sources.protocol import FileFacts


class UnknownShapeError(ValueError):
    """A record is of a kind that counts and not of a form that is known. The message says what is odd."""


@dataclass(slots=True)
class Conversation:
    """One log so far. What a client must remember beside this are fields of its own subclass, JSON values all.

    `agent` is "" in a main session's log; otherwise `session` is the one that started the agent. `is_known` says that
    a record of a known kind was there: a log without any is not what it was taken for. `has_usage` says that usage was
    where it is known to be, `has_answers` that there was something to use any.
    """

    session: str = ""
    agent: str = ""
    agent_type: str = ""
    cwd: str = ""
    title: str = ""
    version: str = ""
    compactions: int = 0
    context_tokens: int = 0
    context_model: str = ""
    largest_prompt: int = 0
    context_window: int = 0
    last_kind: str = ""
    last_ms: int = 0
    is_known: bool = False
    has_answers: bool = False
    has_usage: bool = False

    def resume(self, state: str) -> None:
        """Go on where `state()` was taken."""
        for name, value in json.loads(state).items() if state else ():
            if hasattr(self, name):  # an older version may have remembered more
                setattr(self, name, value)

    def state(self) -> str:
        """Return what must be known to follow the next records."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if not one.name.startswith("_")}
        return json.dumps({name: value for name, value in values.items() if value})

    def spoke(self, kind: str, time_ms: int) -> None:
        """Note who spoke: "user", "assistant", or "tool_use" where tools are to answer next."""
        if time_ms >= self.last_ms:
            self.last_kind, self.last_ms = kind, time_ms

    def answered(self, model: str, prompt: int) -> None:
        """Note a response of the main conversation, and how many tokens its prompt had."""
        self.context_tokens, self.context_model = prompt, model
        self.largest_prompt = max(self.largest_prompt, prompt)

    def facts(self) -> FileFacts:
        """Return what is known now."""
        return FileFacts(
            session="" if self.agent else self.session,
            parent=self.session if self.agent else "",
            cwd=self.cwd,
            title="" if self.agent else self.title,
            version=self.version,
            agent=self.agent,
            agent_type=self.agent_type,
            context_tokens=0 if self.agent else self.context_tokens,
            context_model="" if self.agent else self.context_model,
            compactions=self.compactions,
            last_kind=self.last_kind,
            last_ms=self.last_ms,
            largest_prompt=0 if self.agent else self.largest_prompt,
            context_window=0 if self.agent else self.context_window,
        )


def tools_or_text(parts: Any, kind: str) -> str:
    """Return "tool_use" if any part of a message has a key or a type `kind`, which calls a tool; else "assistant"."""
    listed = parts if isinstance(parts, list) else []
    called = (isinstance(part, dict) and (kind in part or part.get("type") == kind) for part in listed)
    return "tool_use" if any(called) else "assistant"
