"""The past: the sessions of a year, and the files they wrote. Must not know the format of a row."""

from __future__ import annotations

import math
import os
from datetime import datetime, timezone
from pathlib import Path
from random import Random
from typing import Final

import orjson

from claude_tui.demo import cast
from claude_tui.demo.conversation import HOUR, SECOND, DemoConversation, around
from claude_tui.demo.rows import DemoTranscript, Row, to_lines

DAY: Final = 24 * HOUR
SILENT_FOR_S: Final = (2, 9, 17, 1_500)
"""How long ago each session that continues at the end was interrupted."""

WORKING_HOURS: Final = (1, 0, 0, 0, 0, 0, 1, 4, 12, 18, 20, 16, 8, 14, 20, 20, 16, 10, 5, 5, 8, 9, 6, 3)
"""How often a session starts in each hour of the day, UTC."""


def write_demo(folder: Path, now_ms: int, days: int = 365, seed: int = 7) -> Path:
    """Write `days` of invented history up to `now_ms` below `folder` and return a client's config folder.

    The same arguments give the same bytes. Raises OSError if nothing can be written.
    """
    rng = Random(f"{seed}/{now_ms}/{days}")
    begin_ms = (now_ms // DAY - days + 1) * DAY
    quiet_weeks = set(rng.sample(range(2, max(3, days // 7)), k=min(5, days // 70)))
    projects = folder / "projects"
    for day in range(days):
        day_ms = begin_ms + day * DAY
        part = (day + 1) / days
        for _ in range(_sessions_on(rng, day_ms, part, day // 7 in quiet_weeks)):
            hour = rng.choices(range(24), WORKING_HOURS)[0]
            start_ms = day_ms + hour * HOUR + rng.randrange(HOUR)
            if start_ms < now_ms - HOUR:
                session = new_session(rng, start_ms, part, around(rng, 10, 0.7, 70))
                _write(projects, session, min(now_ms, start_ms + DAY // 2))
    for silent_for_s in SILENT_FOR_S:
        start_ms = now_ms - rng.randint(40, 55) * 60 * SECOND
        _write(projects, new_session(rng, start_ms, 1.0, responses=10_000, pace=2.0), now_ms - silent_for_s * SECOND)
    return folder


def new_session(rng: Random, start_ms: int, part: float, responses: int, pace: float = 1.0) -> DemoConversation:
    """Return a session at an instant, `part` (0..1) of the way through the history."""
    project = cast.pick(rng, cast.PROJECTS, part)
    log = DemoTranscript("", project.cwd, rng.choice(project.branches), cast.newest(cast.VERSIONS, start_ms), rng)
    log.session = log.uuid()
    model = cast.newest(cast.MODELS[rng.choice(project.families)], start_ms)
    return DemoConversation(log, model, start_ms, responses, pace)


def store(projects: Path, speaker: DemoConversation, rows: list[Row], mode: str = "ab") -> Path:
    """Write rows to the transcript they belong to, in one write, as the client does. Returns its path.

    A sub-agent's first rows also write the note beside them. The file's modification time is that of its last row.
    """
    path = speaker.log.path(projects)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.parent.name == "subagents":
            note = {
                "agentType": speaker.agent_type,
                "description": speaker.agent_task,
                "toolUseId": speaker.started_by,
            }
            path.with_suffix(".meta.json").write_bytes(orjson.dumps(note))
    with open(path, mode, opener=_private) as log:
        log.write(to_lines(rows))
    os.utime(path, (speaker.last_ms / 1000, speaker.last_ms / 1000))
    return path


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sessions_on(rng: Random, day_ms: int, part: float, is_quiet: bool) -> int:
    date = datetime.fromtimestamp(day_ms / 1000, timezone.utc)
    is_holiday = (date.month, date.day) >= (12, 24) or (date.month, date.day) <= (1, 2)
    if is_quiet or is_holiday:
        return rng.random() < 0.08
    expected = (0.35 if date.weekday() >= 5 else 1.6) * (0.6 + 0.7 * part) * math.exp(rng.gauss(0, 0.45))
    whole = int(expected)
    return whole + (rng.random() < expected - whole)


def _write(projects: Path, session: DemoConversation, until_ms: int) -> None:
    spoken: dict[str, tuple[DemoConversation, list[Row]]] = {}
    for speaker, rows in session.play(until_ms):
        spoken.setdefault(speaker.log.agent, (speaker, []))[1].extend(rows)
    for speaker, rows in spoken.values():
        store(projects, speaker, rows, "wb")
