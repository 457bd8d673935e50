"""For which sessions somebody should be called: each reason once. Must not know how one is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from claude_tui.model import Activity, NamedActivity, SessionState

WAITS_MS: Final = 2_000
"""Who sits in front of it answers sooner, and needs no call."""

_WORKS: Final = (SessionState.WORKING, SessionState.RETRYING)
_OVER: Final = (SessionState.FINISHED, SessionState.FAILED, SessionState.LIMITED, SessionState.IDLE)
_ENDS: Final = (SessionState.FINISHED, SessionState.FAILED, SessionState.LIMITED)

SessionKey = tuple[str, str]


class AlertWatch:
    """Compares what sessions do with what they did. `turn_s` is how long a turn must be for its end to be told."""

    def __init__(self, turn_s: float) -> None:
        self._turn_ms = turn_s * 1000
        self._began_ms: dict[SessionKey, int] = {}
        self._said: set[tuple[SessionKey, int]] = set()
        self._is_first = True

    def news(self, sessions: Mapping[SessionKey, NamedActivity], now_ms: int) -> list[str]:
        """Return a sentence for each new reason to call somebody. What was so at the first look is on screen."""
        calls = []
        stamps = set()
        for key, (name, activity) in sessions.items():
            stamp = key, activity.since_ms
            if activity.state in _WORKS or activity.is_waiting_for_you:
                self._began_ms.setdefault(key, activity.since_ms or now_ms)
            if activity.is_waiting_for_you:
                stamps.add(stamp)
                # Where the same signs can mean that an approved tool runs, nobody is called.
                if activity.is_certain and now_ms - activity.since_ms >= WAITS_MS and stamp not in self._said:
                    self._said.add(stamp)
                    calls.append(f"{name} waits for you: {_asked(activity)}")
            elif activity.state in _OVER:
                began_ms = self._began_ms.pop(key, None)
                ended_ms = activity.since_ms or now_ms
                if activity.state in _ENDS and began_ms is not None and ended_ms - began_ms >= self._turn_ms:
                    calls.append(f"{name}: {_ended(activity)}")
        self._said &= stamps
        self._began_ms = {key: began_ms for key, began_ms in self._began_ms.items() if key in sessions}
        is_first, self._is_first = self._is_first, False
        return [] if is_first else calls


def _asked(activity: Activity) -> str:
    return f"{activity.why} for {activity.tool}" if activity.why == "permission" and activity.tool else activity.why


def _ended(activity: Activity) -> str:
    return f"{activity.state.value} {activity.error}".strip()
