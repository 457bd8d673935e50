"""The plan windows of every client: what Claude Code reported to the statusline, and what other clients log of theirs.

Windows of several clients, or of several folders of one, are never mixed: each has its own source and account. Must not
count.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from claude_tui.clients import SOURCES
from claude_tui.engine.queries.allowances.limits import (
    MOST_PERCENT,
    MOST_WINDOWS,
    WINDOWS,
    Limits,
    ReportedWindow,
    reached_ms,
    read_limits,
)
from claude_tui.sources.protocol import PlanSample, SourceConfig
from claude_tui.sources.registry import load, reader
from claude_tui.sources.values.instants import AHEAD_MS
from claude_tui.units import MINUTE_MS

EVERY_S: Final = 5.0
"""So often at most logs are searched for limits again while they grow."""
IDLE_S: Final = 60.0
"""So often they are searched though nothing was counted: a limit may be logged again without a response."""

Roots = list[tuple[str, str]]
"""(source, root)."""


def roots_with_limits(config: SourceConfig) -> Roots:
    """Return the roots of the clients that log limits, of those that are asked for."""
    return [
        (name, str(root)) for name in config.sources if SOURCES[name].read_limits for root in reader(name).roots(config)
    ]


def plan_limits(folder: str, config: SourceConfig, now_ms: int) -> Limits:
    """Return what is known of the limits of the clients asked for; `folder` is where reported ones are kept."""
    own = read_limits(folder) if "claude" in config.sources else Limits()
    return own._replace(windows=own.windows + logged_windows(roots_with_limits(config), now_ms))


def logged_windows(roots: Iterable[tuple[str, str]], now_ms: int) -> tuple[ReportedWindow, ...]:
    """Return the windows that logs tell, by client and folder, the usual ones first."""
    found: list[ReportedWindow] = []
    for source, root in roots:
        samples: list[PlanSample] = load(SOURCES[source].read_limits)(Path(root))
        found += _windows(source, os.path.abspath(root), [one for one in samples if one.seen_ms <= now_ms + AHEAD_MS])
    return tuple(found)


def _windows(source: str, account: str, samples: Iterable[PlanSample]) -> list[ReportedWindow]:
    """Return the newest state of each window; earlier samples of the same window tell its pace."""
    by_name: dict[str, list[PlanSample]] = {}
    for sample in sorted(samples, key=lambda one: one.seen_ms):
        if 0 <= sample.used_percent <= MOST_PERCENT:
            by_name.setdefault(sample.name, []).append(sample)
    names = [*(name for name in WINDOWS if name in by_name), *sorted(name for name in by_name if name not in WINDOWS)]
    windows = []
    for name in names[:MOST_WINDOWS]:
        newest = by_name[name][-1]
        # Several threads report the same window, whose end wanders by seconds.
        same = [one for one in by_name[name] if abs(one.resets_ms - newest.resets_ms) <= MINUTE_MS]
        pace = [(one.seen_ms, one.used_percent) for one in same]
        full_ms = reached_ms(pace, newest.seen_ms, newest.resets_ms)
        windows.append(
            ReportedWindow(account, name, newest.used_percent, newest.resets_ms, newest.seen_ms, full_ms, source)
        )
    return windows


class LoggedLimits:
    """The windows that logs tell, for somebody who asks all the time. Safe from any thread."""

    def __init__(self, roots: Roots) -> None:
        self._roots = [(source, root) for source, root in roots if SOURCES[source].read_limits]
        self._lock = threading.Lock()
        self._looked_s: float | None = None
        self._revision = 0
        self._windows: tuple[ReportedWindow, ...] = ()

    def windows(self, now_ms: int, revision: int) -> tuple[ReportedWindow, ...]:
        """Return the windows as they were known a few seconds ago at most; `revision` moves when anything was read."""
        with self._lock:
            at_s = time.monotonic()
            wait_s = EVERY_S if revision != self._revision else IDLE_S
            if self._roots and (self._looked_s is None or at_s - self._looked_s >= wait_s):
                self._windows = logged_windows(self._roots, now_ms)
                self._looked_s, self._revision = at_s, revision
            return self._windows
