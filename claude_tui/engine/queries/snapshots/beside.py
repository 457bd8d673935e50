"""What is known of sessions beside what was counted of them: who runs, what clients said, and what they are called.

Must not know rows or sums.
"""

from __future__ import annotations

from collections.abc import Mapping

from claude_tui.engine.queries.snapshots.sessions import Presence
from claude_tui.engine.queries.snapshots.shown_rows import session_name, title_of
from claude_tui.engine.state.facts import SessionKey
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import FileFacts


class BesideCounts(NamedTuple):
    """What is known at one moment. `presences` are the sessions with a known process.

    `context_windows` is what Claude Code said of those of sessions, by id; `prompts` are first prompts of sessions
    without a title, none unless they are read. `has_titles`: sessions are called by their titles; else by their ids.
    """

    presences: Mapping[SessionKey, Presence]
    context_windows: Mapping[str, int]
    prompts: Mapping[SessionKey, str]
    has_titles: bool

    def name(self, key: SessionKey, facts: FileFacts | None, presence: Presence | None) -> str:
        """Return what a session is called."""
        return session_name(key, facts, presence) if self.has_titles else session_name(key, None, None)

    def called(self, key: SessionKey, facts: FileFacts | None, presence: Presence | None) -> str:
        """Return what the screen calls a session."""
        prompt = "" if title_of(facts, presence) else self.prompts.get(key, "")
        return prompt or self.name(key, facts, presence)
