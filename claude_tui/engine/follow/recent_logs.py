"""Recently grown logs of clients that keep no list of their running sessions. Must not read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from claude_tui.engine.queries.activity import SILENT_MS
from claude_tui.engine.state.facts import SessionKey
from claude_tui.engine.state.store import Store
from claude_tui.sources.values.instants import AHEAD_MS

AGAIN_MS: Final = 30_000
"""How often it is asked anew though nothing new was counted: what was recent grows old."""


class RecentLogs:
    """What the store knows of sessions with a line in the last hour."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked = (-1, 0)
        self._logs: dict[SessionKey, str] = {}

    def of_codex(self, now_ms: int) -> Mapping[SessionKey, str]:
        """Return the rollout of each main thread that has a line in the last hour."""
        store = self._store
        revision, asked_ms = self._asked
        if store.revision != revision or not asked_ms <= now_ms < asked_ms + AGAIN_MS:
            with store.lock:
                self._asked = store.revision, now_ms
                recent = store.facts.seen_between(now_ms - SILENT_MS, now_ms + AHEAD_MS)
                logs = {key: store.facts.logs(key) for key in recent if key[0] == "codex"}
            # A rollout that was packed is not written any more.
            plain = {
                key: max((path for path in paths if path.endswith(".jsonl")), default="") for key, paths in logs.items()
            }
            self._logs = {key: path for key, path in plain.items() if path}
        return self._logs
