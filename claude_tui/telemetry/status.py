"""What has arrived and what was refused: counted by the receiver, kept in a file that other processes read.

Must not know the network, nor the files that what arrives is written to.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any, Final

from claude_tui import files
from claude_tui.figures import share
from claude_tui.records import NamedTuple
from claude_tui.sources.values.json_values import as_count
from claude_tui.units import DAY_MS, MINUTE_MS

FILE_NAME: Final = "telemetry.json"
"""In the state folder, beside the folder of what arrived."""

ROOM_BYTES: Final = 4096
"""Of so many bytes, or a multiple, the file is, so that what is said on a full disk has room in it."""

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""How a disk, a quota or a limit says that there is no room."""

_KNOWN: Final = os.O_WRONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)

REFUSED_MS: Final = 10 * MINUTE_MS
"""So long after it a refused post is a shortcoming."""

AWAY_MS: Final = DAY_MS
"""Where something arrived within this time, somebody should receive."""


class Refusal(str, Enum):
    """Why a post was refused. Nothing of it was written."""

    METHOD = "not a post"
    HOST = "foreign host or page"
    TOKEN = "without the token"
    SIZE = "too large"
    ENCODING = "unknown encoding"
    MALFORMED = "malformed"


@dataclass
class EventTally:
    """How often something happened, and when last (ms since the epoch; 0: never)."""

    count: int = 0
    last_ms: int = 0

    def add(self, count: int, at_ms: int) -> None:
        """Count it again."""
        self.count += count
        self.last_ms = at_ms


@dataclass
class ReceiverStatus:
    """The receiver that is or was last at work, and what all receivers together have counted.

    `trouble` is why the receiver cannot listen, "" if it does. `kept` has the responses by client; `posts` every post
    that was accepted, `repeated` the records that had been written before. `lost` has the posts that could not be
    written, `failing` why, "" as soon as one could be again.
    """

    pid: int = 0
    role: str = ""
    port: int = 0
    since_ms: int = 0
    trouble: str = ""
    kept: dict[str, EventTally] = field(default_factory=dict)
    posts: EventTally = field(default_factory=EventTally)
    repeated: EventTally = field(default_factory=EventTally)
    refused: dict[str, EventTally] = field(default_factory=dict)
    lost: EventTally = field(default_factory=EventTally)
    failing: str = ""

    def add(self, kept: Mapping[str, int], repeated: int, at_ms: int) -> None:
        """Count a post that was accepted: its new records by client, and those that were known."""
        self.posts.add(1, at_ms)
        self.failing = ""
        for client, count in kept.items():
            self.kept.setdefault(client, EventTally()).add(count, at_ms)
        if repeated:
            self.repeated.add(repeated, at_ms)

    def refuse(self, why: Refusal, at_ms: int) -> None:
        """Count a post that was refused."""
        self.refused.setdefault(why.value, EventTally()).add(1, at_ms)

    def lose(self, why: str, at_ms: int) -> None:
        """Count a post that could not be written."""
        self.lost.add(1, at_ms)
        self.failing = why


def load(folder: Path) -> ReceiverStatus:
    """Return the status that is kept in a folder; an empty one if there is none that makes sense."""
    try:
        document = json.loads(files.read(folder / FILE_NAME, 1 << 20))
    except (OSError, ValueError, RecursionError):
        return ReceiverStatus()
    return _status(document) if isinstance(document, dict) else ReceiverStatus()


def save(folder: Path, status: ReceiverStatus) -> None:
    """Keep a status, also on a full disk if it was kept before: that is when it matters most. Raises OSError."""
    text = json.dumps(asdict(status), indent=1).encode()
    try:
        files.replace(folder / FILE_NAME, _filled(text, -(-len(text) // ROOM_BYTES) * ROOM_BYTES), files.OWN)
    except OSError as error:
        if error.errno not in FULL:
            raise
        _overwrite(folder / FILE_NAME, text)


def _overwrite(path: Path, text: bytes) -> None:
    """Write over what a file has, which takes no room. Raises OSError, also if it is too small."""
    descriptor = os.open(path, _KNOWN)
    try:
        size = os.fstat(descriptor).st_size
        if size <= len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.pwrite(descriptor, _filled(text, size), 0)
    finally:
        os.close(descriptor)


def _filled(text: bytes, size: int) -> bytes:
    return text.ljust(size - 1) + b"\n"


def _status(document: Mapping[str, Any]) -> ReceiverStatus:
    status = ReceiverStatus()
    for entry in fields(ReceiverStatus):
        value, default = document.get(entry.name), getattr(status, entry.name)
        if isinstance(default, EventTally):
            setattr(status, entry.name, _tally(value))
        elif isinstance(default, dict) and isinstance(value, dict):
            setattr(status, entry.name, {name: _tally(tally) for name, tally in value.items()})
        elif isinstance(default, int):
            setattr(status, entry.name, as_count(value) or 0)
        elif isinstance(default, str) and isinstance(value, str):
            setattr(status, entry.name, value)
    return status


def _tally(value: object) -> EventTally:
    found = value if isinstance(value, dict) else {}
    return EventTally(as_count(found.get("count")) or 0, as_count(found.get("last_ms")) or 0)


class TelemetryStanding(NamedTuple):
    """How telemetry stands. `state` is off, on, away (nobody receives) or failing (`why` it cannot be kept).

    `coverage` is the part of the day's logged responses that telemetry has, too: below 1 it was away for some time.
    None if nothing was logged.
    """

    state: str
    why: str = ""
    coverage: float | None = None


def standing(*, is_on: bool, is_received: bool, failing: str, logged: int, told: int) -> TelemetryStanding:
    """Return how telemetry stands.

    `is_on`: the settings want it. `is_received`: a receiver is at work, in whatever process. `failing` is why what
    arrives cannot be kept (`ReceiverStatus.failing`). `logged` are the responses of today that the logs have of
    clients that told anything today, `told` those among them that telemetry has, too.
    """
    coverage = told / logged if logged else None
    if failing:
        return TelemetryStanding("failing", failing, coverage)
    if is_received:
        return TelemetryStanding("on", "", coverage)
    return TelemetryStanding("away" if is_on else "off", "", coverage)


def missed(logged: int, told: int) -> Shortcoming | None:
    """Return that telemetry was away for some of today, None if it was not: it has not all that the logs have. One in a
    hundred may be an answer that was stopped, of which no client tells."""
    if told * 100 >= logged * 99:
        return None
    return Shortcoming(f"telemetry has {share(told, logged)} of today", False)


class Shortcoming(NamedTuple):
    """What somebody should know of telemetry: few words, and behind a colon why. `is_lost`: what is sent is lost."""

    text: str
    is_lost: bool


def shortcoming(status: ReceiverStatus, *, is_owned: bool, now_ms: int) -> Shortcoming | None:
    """Return what is wrong with telemetry now, None for nothing: where it is switched off, nothing is.

    `is_owned`: a process receives, or would if it could listen.
    """
    latest_ms = max((tally.last_ms for tally in [*status.kept.values()]), default=0)
    stands = standing(
        is_on=now_ms - latest_ms < AWAY_MS, is_received=is_owned and not status.trouble,
        failing=status.failing if is_owned else "", logged=0, told=0,
    )  # fmt: skip
    if stands.state == "failing":
        return Shortcoming(f"telemetry not kept: {stands.why}", True)
    if is_owned and status.trouble:
        return Shortcoming(f"no telemetry: {status.trouble}", True)
    if stands.state == "away":
        return Shortcoming("no telemetry: nobody receives it", True)
    recent = [(tally.last_ms, why) for why, tally in [*status.refused.items()] if now_ms - tally.last_ms < REFUSED_MS]
    return Shortcoming(f"telemetry refused: {max(recent)[1]}", False) if recent else None
