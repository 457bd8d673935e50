"""What Claude Code itself reported about plan limits and context windows, stored for later.

The statusline hook receives these figures; `remember` stores the newest of each account (a client's config folder) and
session in one small file, and `read_limits` returns them. Imported by the statusline: only the standard library, and
little of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from claude_tui import files
from claude_tui.records import NamedTuple
from claude_tui.sources.values.numbers import number_of
from claude_tui.units import DAY_MS, HOUR_MS, MINUTE_MS

FILE_NAME: Final = "reported.json"
SCHEMA: Final = 1
WINDOWS: Final = {"five_hour": 5 * HOUR_MS, "seven_day": 7 * DAY_MS}
"""The windows every plan has, and their lengths in milliseconds. Others may be reported, of a length not told."""
LABELS: Final = {
    "five_hour": "5-hour limit", "seven_day": "7-day limit", "seven_day_opus": "7-day limit of Opus",
    "seven_day_sonnet": "7-day limit of Sonnet", "spend_limit": "spend limit", "one_day": "1-day limit",
    "thirty_day": "30-day limit",
}  # fmt: skip
MOST_WINDOWS: Final = 16
MOST_PERCENT: Final = 1000
LONGEST_NAME: Final = 40

MOST_CONTEXT: Final = 1_000_000_000
"""Tokens of the longest context window that is believed."""

MOST_SAMPLES: Final = 48
MOST_SESSIONS: Final = 64
EARLIEST_MS: Final = 10 * MINUTE_MS
"""No estimate of when a limit is reached from samples over a shorter time."""


class ReportedWindow(NamedTuple):
    """A plan window as a client reported it at `seen_ms`. `account` is the client's config folder.

    `full_ms` is when the limit is reached at the pace of the samples, None if that cannot be estimated. `source` is the
    client: windows of several clients and accounts have nothing to do with each other.
    """

    account: str
    name: str
    used_percent: float
    resets_ms: int
    seen_ms: int
    full_ms: int | None
    source: str = "claude"


NO_CONTEXTS: Final[Mapping[str, int]] = {}


class Limits(NamedTuple):
    """Everything reported so far."""

    windows: tuple[ReportedWindow, ...] = ()
    contexts: Mapping[str, int] = NO_CONTEXTS
    """How long the context window of each session is, in tokens."""


def remember(folder: str, account: str, given: dict[str, Any], now_ms: int) -> None:
    """Store what the client's JSON says about limits and context windows. Raises OSError if nothing can be written."""
    windows = given.get("rate_limits")
    context = _number(given.get("context_window"), "context_window_size")
    if not isinstance(windows, dict) and context is None:
        return
    known = _load(folder)
    is_changed = False
    for name, window in list(windows.items())[:MOST_WINDOWS] if isinstance(windows, dict) else ():
        if not _is_name(name):
            continue
        percent, resets_ms = _percent(window), _instant_ms(window, "resets_at")
        if percent is not None and resets_ms:
            own = known["accounts"].setdefault(account, {})
            is_changed |= _take(own, name, percent, resets_ms, now_ms)
            for oldest in sorted(own, key=lambda key: own[key]["seen_ms"])[:-MOST_WINDOWS]:
                del own[oldest]
    session = given.get("session_id")
    if context is not None and 0 < context <= MOST_CONTEXT and isinstance(session, str):
        contexts = known.setdefault("contexts", {})  # which a file of an earlier version has not
        if contexts.get(session) != int(context):
            contexts.pop(session, None)
            contexts[session] = int(context)
            for oldest in list(contexts)[:-MOST_SESSIONS]:
                del contexts[oldest]
            is_changed = True
    if is_changed:
        text = json.dumps(known, separators=(",", ":"))
        files.replace(os.path.join(folder, FILE_NAME), text.encode("utf-8", "surrogatepass"), files.OWN)


def _take(own: dict[str, Any], name: str, percent: float, resets_ms: int, now_ms: int) -> bool:
    window = own.get(name)
    is_new = window is None or abs(window["resets_ms"] - resets_ms) > MINUTE_MS
    samples = [] if is_new or window is None else window["samples"]
    if not samples or samples[-1][1] != percent:
        samples.append([now_ms, percent])
    elif not is_new and now_ms - own[name]["seen_ms"] < 10_000:
        return False
    own[name] = {"resets_ms": resets_ms, "seen_ms": now_ms, "samples": samples[-MOST_SAMPLES:]}
    return True


def read_limits(folder: str) -> Limits:
    """Return what was reported; nothing if there is nothing, or if the file is invalid."""
    known = _load(folder)
    windows = []
    for account, own in known["accounts"].items():
        ordered = [name for name in WINDOWS if name in own] + sorted(name for name in own if name not in WINDOWS)
        for name in ordered:
            if _is_name(name):
                samples, seen_ms = own[name]["samples"], own[name]["seen_ms"]
                full_ms = reached_ms(samples, seen_ms, own[name]["resets_ms"])
                windows.append(ReportedWindow(account, name, samples[-1][1], own[name]["resets_ms"], seen_ms, full_ms))
    contexts = {session: size for session, size in known.get("contexts", {}).items() if 0 < size <= MOST_CONTEXT}
    return Limits(tuple(windows), contexts)


def reached_ms(samples: Sequence[Sequence[float]], seen_ms: int, resets_ms: int) -> int | None:
    """Return when 100 percent are reached at the pace between the first and the last sample, if before the reset."""
    (first_ms, first), last = samples[0], samples[-1][1]
    if last <= first or seen_ms - first_ms < EARLIEST_MS:
        return None
    full_ms = seen_ms + (100 - last) * (seen_ms - first_ms) / (last - first)
    return int(full_ms) if full_ms < resets_ms else None


def _percent(window: object) -> float | None:
    value = _number(window, "used_percentage")
    return value if value is not None and 0 <= value <= MOST_PERCENT else None


def label(name: str) -> str:
    """Return what a window is called; its name where nobody knows it."""
    for usual in LABELS if name not in LABELS else ():
        if name.startswith(f"{usual}_"):
            return f"{LABELS[usual]} of {name.removeprefix(f'{usual}_').replace('_', ' ')}"
    return LABELS.get(name) or name.replace("_", " ")


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isascii() and name.isidentifier()


def _instant_ms(figures: object, name: str) -> int:
    """Parse an instant in seconds since the epoch; 0 if there is none."""
    value = _number(figures, name)
    return int(value * 1000) if value is not None and 0 < value < 10**11 else 0


def _number(figures: object, name: str) -> float | None:
    return number_of(figures.get(name)) if isinstance(figures, dict) else None


def _load(folder: str) -> dict[str, Any]:
    try:
        known = json.loads(files.read(os.path.join(folder, FILE_NAME)))
        if known["schema"] == SCHEMA and _is_whole(known):
            return dict(known)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return {"schema": SCHEMA, "accounts": {}, "caches": {}}  # an earlier version asks for the last


def _is_whole(known: dict[str, Any]) -> bool:
    windows = [window for own in known["accounts"].values() for window in own.values()]
    contexts = known.get("contexts", {})
    return all(isinstance(size, int) for size in contexts.values()) and all(
        isinstance(window["resets_ms"], int) and isinstance(window["seen_ms"], int) and len(window["samples"][0]) == 2
        for window in windows
    )
