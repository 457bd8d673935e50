"""The first prompts of sessions that have no title, by a look at the beginnings of their logs.

In memory alone: nothing of a prompt is kept in cache or ledger, and no number depends on one. Must not count anything.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from claude_tui.clients import SOURCES
from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.store import Store
from claude_tui.sources.registry import load
from claude_tui.sources.turns.first_prompt import MOST_READ, first_prompt

MOST: Final = 2_000
"""Sessions that are looked at, the newest."""


class FirstPrompts:
    """What the sessions of a store without a title were asked first. Not thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._revision = -1
        self._sizes: dict[SessionKey, int] = {}
        """How large the log of a session was in which no prompt was found."""
        self.found: Mapping[SessionKey, str] = {}
        """Prompts by session; replaced whole when there are more."""

    def look(self) -> bool:
        """Look at the sessions that are new since the last call. Returns whether more is known. Raises nothing."""
        store = self._store
        with store.lock:
            if store.revision == self._revision:
                return False
            self._revision = store.revision
            untitled = [
                (facts.last_ms, key)
                for key, facts in store.facts.sessions.items()
                if not facts.title.strip() and key not in self.found and SOURCES[key[0]].prompt_of
            ]
            paths = {key: store.facts.path_of(key) for _, key in sorted(untitled, reverse=True)[:MOST]}
        new = {key: words for key, path in paths.items() if (words := self._read(key, path))}
        self.found = {**self.found, **new} if new else self.found
        return bool(new)

    def _read(self, key: SessionKey, path: str) -> str:
        try:
            size = min(os.stat(path).st_size, MOST_READ)
            if self._sizes.get(key) == size:
                return ""
            self._sizes[key] = size
            return first_prompt(path, load(SOURCES[key[0]].prompt_of))
        except OSError:
            return ""  # it is gone, or the count says what is wrong with it
