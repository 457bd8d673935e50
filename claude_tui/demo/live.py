"""The present: continues the active sessions, starts and ends some, and appends what they say.

Must not know the format of a row.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from claude_tui.demo.conversation import HOUR, SECOND, DemoConversation, around
from claude_tui.demo.history import new_session, store
from claude_tui.demo.rows import DemoTranscript

PACE: Final = 0.35
"""Pauses are shorter than in reality, because somebody is watching."""

NEW_SESSION_EVERY_MS: Final = 240 * SECOND


class DemoWriter:
    """Keeps the logs below a config folder growing. Call `step` as often as you like; it catches up with the clock."""

    def __init__(self, folder: Path, seed: int = 7) -> None:
        self._projects = folder / "projects"
        self._rng = Random(f"live/{seed}")
        self._sessions: list[DemoConversation] | None = None
        self._next_session_ms = 0

    def step(self, now_ms: int) -> list[Path]:
        """Append what has been said up to `now_ms`, one write per batch. Returns the files that grew.

        Raises OSError if they cannot be written.
        """
        if self._sessions is None:
            self._sessions = self._resume(now_ms)
        if not self._sessions or now_ms >= self._next_session_ms:
            self._sessions.append(new_session(self._rng, now_ms, 1.0, around(self._rng, 40, 0.5, 150), PACE))
            self._next_session_ms = now_ms + int(self._rng.expovariate(1) * NEW_SESSION_EVERY_MS)
        grown = []
        for session in self._sessions:
            for speaker, rows in session.play(now_ms):
                path = store(self._projects, speaker, rows)
                if path not in grown:
                    grown.append(path)
        self._sessions = [session for session in self._sessions if not session.is_over]
        return grown

    def _resume(self, now_ms: int) -> list[DemoConversation]:
        self._next_session_ms = now_ms + NEW_SESSION_EVERY_MS // 2
        since_s = (now_ms - HOUR) / 1000
        recent = sorted(path for path in self._projects.glob("*/*.jsonl") if path.stat().st_mtime >= since_s)
        resumed = (self._go_on(path, now_ms) for path in recent)
        return [session for session in resumed if session]

    def _go_on(self, path: Path, now_ms: int) -> DemoConversation | None:
        rows: list[dict[str, Any]] = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        answers = [row for row in rows if row["type"] == "assistant" and not row["isSidechain"]]
        if not answers:
            return None
        last = answers[-1]
        parent = [row["uuid"] for row in rows if "uuid" in row][-1]
        log = DemoTranscript(last["sessionId"], last["cwd"], last["gitBranch"], last["version"], self._rng, "", parent)
        start_ms = now_ms + self._rng.randrange(12 * SECOND)
        session = DemoConversation(log, last["message"]["model"], start_ms, around(self._rng, 60, 0.5, 200), PACE)
        session.last_ms = now_ms
        usage = last["message"]["usage"]
        session.context = sum(value for name, value in usage.items() if name.endswith("_tokens"))
        block = last["message"]["content"][-1]
        if block["type"] == "tool_use":
            session.waiting_tool, session.tool_text = block["id"], "Done."
        return session
