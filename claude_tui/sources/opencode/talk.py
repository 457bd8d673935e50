"""What messages say about their sessions beside usage: who spoke last, how full the context is. Must not count."""

from __future__ import annotations

from collections.abc import Mapping

from claude_tui.sources.opencode.message import OpenCodeSession
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.records.events import ResponseEvent
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of


class Heard:
    """What the messages of one session said so far."""

    __slots__ = (
        "compactions", "context_model", "context_tokens", "is_main", "largest_prompt", "last_kind", "last_ms",
        "session",
    )  # fmt: skip

    def __init__(self, session: OpenCodeSession) -> None:
        self.session = session
        self.is_main = session.root == session.id
        self.last_ms = self.context_tokens = self.largest_prompt = self.compactions = 0
        self.last_kind = self.context_model = ""

    def see(self, last_ms: int, kind: str) -> bool:
        """Record that a message of a kind ended. Returns whether none ended later."""
        if last_ms < self.last_ms:
            return False
        self.last_ms, self.last_kind = last_ms, kind
        return True

    def see_answer(self, last_ms: int, kind: str, prompt: int, model: str, *, is_summary: bool) -> None:
        """Record that an answer ended, to a prompt of so many tokens. A summary leaves another context."""
        is_newest = self.see(last_ms, kind)
        if not self.is_main:
            return
        if is_newest and not is_summary:
            self.context_tokens, self.context_model = prompt, model
        self.largest_prompt = max(self.largest_prompt, prompt)

    def facts(self) -> FileFacts:
        """Return it as facts."""
        session, is_main = self.session, self.is_main
        return FileFacts(
            session=session.id if is_main else "",
            parent="" if is_main else session.root,
            cwd=session.directory,
            title=session.title,
            version=session.version,
            agent="" if is_main else session.id,
            agent_type="" if is_main else session.agent,
            context_tokens=self.context_tokens,
            context_model=self.context_model,
            compactions=self.compactions,
            last_kind=self.last_kind,
            last_ms=self.last_ms,
            largest_prompt=self.largest_prompt,
        )


class OpenCodeTalk:
    """Facts of every session that has messages, in the order they were written."""

    def __init__(self) -> None:
        self._heard: dict[str, Heard] = {}

    def of(self, session: OpenCodeSession) -> Heard:
        """Return what was said in a session so far, to be kept once anything was."""
        return self._heard.get(session.id) or Heard(session)

    def keep(self, heard: Heard) -> None:
        """Keep what was said in a session."""
        self._heard[heard.session.id] = heard

    def see(
        self, session: OpenCodeSession, data: Mapping[str, object], created_ms: int, event: ResponseEvent | None
    ) -> None:
        """Record a message of either side."""
        last_ms = instant_ms(table_of(data, "time").get("completed")) or created_ms
        heard, kind = self.of(session), _kind(data)
        self.keep(heard)
        if event is None:
            heard.see(last_ms, kind)
        else:
            row, is_summary = event.row, bool(data.get("summary"))
            heard.see_answer(last_ms, kind, row.usage.prompt, row.model, is_summary=is_summary)

    def count_compactions(self, session: str, count: int) -> None:
        """Record how often a session was compacted."""
        if session in self._heard:
            self._heard[session].compactions = count

    def sessions(self) -> list[str]:
        """Ids of the sessions seen."""
        return list(self._heard)

    def facts(self) -> tuple[FileFacts, ...]:
        """The facts gathered, one entry per session."""
        return tuple(heard.facts() for heard in self._heard.values())


def _kind(data: Mapping[str, object]) -> str:
    if text_of(data, "role") == "user" or text_of(data, "type") == "user":
        return "user"
    return kind_of_answer(text_of(data, "finish"))


def kind_of_answer(finish: str) -> str:
    """Return "tool_use" for an answer that waits for a tool, else "assistant"."""
    return "tool_use" if finish == "tool-calls" else "assistant"
