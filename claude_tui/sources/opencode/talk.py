"""What messages say about their sessions beside usage: who spoke last, how full the context is."""

from __future__ import annotations

from collections.abc import Mapping

from claude_tui.sources.opencode.message import Session
from claude_tui.sources.protocol import FileFacts
from claude_tui.sources.records.events import Event
from claude_tui.sources.values.json_values import table_of, text_of


class Talk:
    """Facts of every session that has messages, in the order they were written."""

    def __init__(self) -> None:
        self._facts: dict[str, FileFacts] = {}

    def see(self, session: Session, data: Mapping[str, object], created_ms: int, event: Event | None) -> None:
        """Record a message of either side."""
        is_main = session.root == session.id
        facts = self._facts.get(session.id) or FileFacts(
            session=session.id if is_main else "",
            parent="" if is_main else session.root,
            cwd=session.directory,
            title=session.title,
            version=session.version,
            agent="" if is_main else session.id,
            agent_type="" if is_main else session.agent,
        )
        completed = table_of(data, "time").get("completed")
        last_ms = completed if isinstance(completed, int) else created_ms
        if last_ms >= facts.last_ms:
            facts = facts._replace(last_ms=last_ms, last_kind=_kind(data))
            if event is not None and is_main and not data.get("summary"):
                facts = facts._replace(context_tokens=event.row.usage.prompt, context_model=event.row.model)
        if event is not None and is_main:
            facts = facts._replace(largest_prompt=max(facts.largest_prompt, event.row.usage.prompt))
        self._facts[session.id] = facts

    def count_compactions(self, session: str, count: int) -> None:
        """Record how often a session was compacted."""
        if session in self._facts:
            self._facts[session] = self._facts[session]._replace(compactions=count)

    def sessions(self) -> list[str]:
        """Ids of the sessions seen."""
        return list(self._facts)

    def facts(self) -> tuple[FileFacts, ...]:
        """The facts gathered, one entry per session."""
        return tuple(self._facts.values())


def _kind(data: Mapping[str, object]) -> str:
    if text_of(data, "role") == "user" or text_of(data, "type") == "user":
        return "user"
    return "tool_use" if text_of(data, "finish") == "tool-calls" else "assistant"
