"""What `claude-top telemetry status` and `doctor` say of telemetry, as JSON and as lines. Must not look at anything
itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from claude_tui.clients import CLIENTS
from claude_tui.figures import many, size
from claude_tui.moments import age, instant, instant_or_none
from claude_tui.sources.telemetry.keeping import KEEP_DAYS
from claude_tui.sources.values.display import display_name
from claude_tui.telemetry.settings import TelemetrySettings
from claude_tui.telemetry.status import EventTally, ReceiverStatus, TelemetryStanding, standing

SCHEMA: Final = "claude-top/telemetry@1"


@dataclass(frozen=True, slots=True)
class SpoolFolder:
    """The folder of what arrived: the days it has a file of, and the bytes of all.

    `overdue` of the files are old enough to go but stay, as far as the ledger does not hold all of them.
    """

    folder: str
    days: Sequence[str]
    bytes: int
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class TelemetryFindings:
    """All findings. `is_owned`: a receiver is there; whether it can listen says `status.trouble`.

    `installed` are the clients that send telemetry to us, of those that were asked for.
    """

    status: ReceiverStatus
    settings: TelemetrySettings
    is_owned: bool
    kept: SpoolFolder
    now_ms: int
    installed: Sequence[str]

    @property
    def owner(self) -> str | None:
        """The process that receives, None if there is none."""
        return f"{display_name(self.status.role)} (process {self.status.pid})" if self.is_owned else None

    @property
    def standing(self) -> TelemetryStanding:
        """Whether it is received and kept, as far as that can be told without counting."""
        is_on, is_received = (
            self.settings.on or self.is_owned or bool(self.installed),
            self.is_owned and not self.status.trouble,
        )
        return standing(is_on=is_on, is_received=is_received, failing=self.status.failing, logged=0, told=0)


def document(found: TelemetryFindings) -> dict[str, Any]:
    """Return the findings for JSON."""
    status = found.status
    return {
        "schema": SCHEMA,
        "state": found.standing.state,
        "receiver": {
            "role": status.role, "pid": status.pid, "port": status.port, "since": instant_or_none(status.since_ms),
            "trouble": status.trouble or None,
        } if found.is_owned else None,
        "settings": {"on": found.settings.on, "port": found.settings.port, "resource": list(found.settings.resource)},
        "clients": list(found.installed),
        "kept": {name: _tally(tally) for name, tally in sorted(status.kept.items())},
        "posts": _tally(status.posts),
        "repeated": _tally(status.repeated),
        "refused": {why: _tally(tally) for why, tally in sorted(status.refused.items())},
        "lost": _tally(status.lost),
        "failing": status.failing or None,
        "files": {"folder": found.kept.folder, "days": list(found.kept.days), "bytes": found.kept.bytes,
                  "keep_days": KEEP_DAYS, "overdue": found.kept.overdue},
    }  # fmt: skip


def lines(found: TelemetryFindings) -> list[str]:
    """Return the findings as lines of text."""
    status = found.status
    made = ["receiver", *_receiver(found), "", "clients that are set up"]
    made.append(f"  {', '.join(CLIENTS[name].label for name in found.installed) or 'none'}")
    made += ["", "what arrived"]
    for name, tally in sorted(status.kept.items()):
        label = CLIENTS[name].label if name in CLIENTS else display_name(name)
        made.append(f"  {label}: {many(tally.count, 'response')}, the last {_ago(tally, found)}")
    if not status.kept:
        made.append(
            "  nothing yet" if found.installed else "  nothing yet; `claude-top telemetry install` has clients send it"
        )
    if status.repeated.count:
        made.append(f"  {many(status.repeated.count, 'response')} sent again, and kept once")
    made += ["", "what was refused"]
    made += [f"  {many(one.count, 'post')} {why}, the last {_ago(one, found)}" for why, one in _sorted(status.refused)]
    if status.lost.count:
        why = f": {display_name(status.failing)}" if status.failing else ""
        lost = many(status.lost.count, "post")
        made.append(f"  {lost} that could not be written, the last {_ago(status.lost, found)}{why}")
    if not status.refused and not status.lost.count:
        made.append("  nothing")
    days = found.kept.days
    span = f", {days[0]} to {days[-1]}" if days else ""
    folder = display_name(found.kept.folder)
    made += ["", "kept in", f"  {folder}: {many(len(days), 'file')}, {size(found.kept.bytes)}{span}"]
    made.append(f"  a file goes {KEEP_DAYS} days after its day, once the ledger holds all of it")
    if found.kept.overdue:
        older = many(found.kept.overdue, "older file")
        made.append(f"  {older} not gone yet: the screen, `serve` and `claude-top ledger keep` see to it")
    return made


def summary(found: TelemetryFindings) -> list[str]:
    """Return what `doctor` says: how it stands, what arrives, and how to switch it on."""
    made = _receiver(found)
    total = sum(tally.count for tally in found.status.kept.values())
    if total:
        latest = max(found.status.kept.values(), key=lambda tally: tally.last_ms)
        made.append(f"  {many(total, 'response')} arrived, the last {_ago(latest, found)}")
    if found.status.failing:
        made.append(f"  what arrives is not kept: {display_name(found.status.failing)}")
    if not found.installed:
        made += [
            "  without telemetry, calls that are in no log are not counted: titles, compaction, side questions",
            "  claude-top telemetry install             has Claude Code send it (--client codex: Codex)",
            "  claude-top telemetry install --service   has the system receive it",
        ]
    return made


def _receiver(found: TelemetryFindings) -> list[str]:
    status = found.status
    if not found.is_owned:
        how = "while the screen or `serve` is open" if found.settings.on else "by `claude-top telemetry run` only"
        return [f"  nothing receives telemetry now; port {found.settings.port} is opened {how}"]
    if status.trouble:
        return [f"  {found.owner}: {display_name(status.trouble)}"]
    return [f"  {found.owner} receives on port {status.port} since {instant(status.since_ms)}"]


def _sorted(tallies: Mapping[str, EventTally]) -> list[tuple[str, EventTally]]:
    return sorted((display_name(why), tally) for why, tally in tallies.items() if tally.count)


def _ago(tally: EventTally, found: TelemetryFindings) -> str:
    text = age(tally.last_ms, found.now_ms)
    return text if text == "now" else f"{text} ago"


def _tally(tally: EventTally) -> dict[str, Any]:
    return {"count": tally.count, "last": instant_or_none(tally.last_ms)}
