"""What Codex's rollouts say of the limits of the plan: each `token_count` carries how much of each window is used.

Only the ends of the rollouts written last are read, so asking costs little however long the history is. Windows are
told apart by how long they are, and by the limit they belong to where that is not the plan's own. Must not count.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from claude_tui.sources.codex.compressed import SUFFIX
from claude_tui.sources.codex.counting.records import kind_of
from claude_tui.sources.codex.discovery import rollouts
from claude_tui.sources.protocol import REFUSED, PlanSample
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import text_of

MOST_ROLLOUTS: Final = 32
"""So many rollouts, those written last, are looked at."""
TAIL: Final = 1 << 16
LONGEST_TAIL: Final = 1 << 20
"""Bytes at the end of a rollout that are searched: more where the first have nothing, up to the second."""
MARK: Final = b'"rate_limits"'

OWN_LIMIT: Final = "codex"
"""The limit of the plan itself. Others are of a model or a feature, and are shown beside it."""
LENGTHS: Final = {300: "five_hour", 1440: "one_day", 10_080: "seven_day", 43_200: "thirty_day"}
"""Names of windows by their length in minutes, which older versions log a little short."""
TOLERANCE: Final = 0.02


def read_limits(root: Path) -> list[PlanSample]:
    """Return what the newest rollouts below a folder of Codex say, in no order; nothing if none says anything."""
    found = (file for file in rollouts(root) if file.dev != REFUSED and not file.path.endswith(SUFFIX))
    newest = heapq.nlargest(MOST_ROLLOUTS, found, key=lambda file: (file.mtime_ns, file.path))
    return [sample for file in newest for sample in _samples_of(file.path, file.size, file.mtime_ns)]


@lru_cache(maxsize=4 * MOST_ROLLOUTS)
def _samples_of(path: str, size: int, mtime_ns: int) -> tuple[PlanSample, ...]:
    """Read the end of a rollout. Size and time identify its state for the cache."""
    try:
        with open(path, "rb") as stream:
            length = TAIL
            while True:
                begin = stream.seek(max(0, size - length))
                block = stream.read(size - begin)
                # The first line may be a part of one, and the last one is still being written.
                lines = block[: block.rfind(b"\n") + 1].split(b"\n")[begin > 0 :]
                samples = tuple(sample for line in lines if MARK in line for sample in _samples_in(line))
                if samples or begin == 0 or length >= LONGEST_TAIL:
                    return samples
                length = LONGEST_TAIL
    except OSError:
        return ()


def _samples_in(line: bytes) -> Iterator[PlanSample]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return
    if not isinstance(record, dict):
        return
    kind, payload = kind_of(record)
    limits = payload.get("rate_limits") if kind == "token_count" else None
    seen_ms = instant_ms(record.get("timestamp"))
    if not isinstance(limits, dict) or not seen_ms:
        return
    limit = text_of(limits, "limit_name") or text_of(limits, "limit_id")
    is_own = text_of(limits, "limit_id") in ("", OWN_LIMIT)
    for part in ("primary", "secondary"):
        window = limits.get(part)
        sample = _sample(window, "" if is_own else limit, seen_ms) if isinstance(window, dict) else None
        if sample is not None:
            yield sample


def _sample(window: Mapping[str, object], limit: str, seen_ms: int) -> PlanSample | None:
    percent, minutes = _number(window.get("used_percent")), _number(window.get("window_minutes"))
    if percent is None or not minutes:
        return None
    resets_s, left_s = _number(window.get("resets_at")), _number(window.get("resets_in_seconds"))
    resets_ms = int(resets_s * 1000) if resets_s else seen_ms + int(left_s * 1000) if left_s is not None else 0
    return PlanSample(_name(minutes, limit), percent, resets_ms, seen_ms) if resets_ms else None


def _name(minutes: float, limit: str) -> str:
    usual = (name for length, name in LENGTHS.items() if abs(minutes - length) <= TOLERANCE * length)
    name = next(usual, f"limit_of_{minutes:.0f}_minutes")
    return f"{name}_{'_'.join(_words(limit))}" if limit else name


def _words(text: str) -> list[str]:
    return "".join(one if one.isascii() and one.isalnum() else " " for one in text.lower()).split()


def _number(value: object) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 1e11:
        return None
    return float(value)
