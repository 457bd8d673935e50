"""ccusage's own counting rule for Claude Code logs (version 20), written for reading: to show where it differs.

Only `explain` uses it. Must not be used to count anything we show as ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from claude_tui.records import NamedTuple
from claude_tui.reports.ccusage.against.their_shapes import is_row, is_usage
from claude_tui.sources.values.json_values import member_of

_VERSION: Final = re.compile(r"\d+\.\d+\.\d")
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{3})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MARKER: Final = b'"usage":{'
_NOT_NULL: Final = (
    "id", "cwd", "speed", "costUSD", "version", "sessionId", "requestId", "isApiErrorMessage",
    "cache_read_input_tokens", "cache_creation_input_tokens",
)  # fmt: skip
_NULL: Final = re.compile(rb'"(?:' + "|".join(_NOT_NULL).encode() + rb')":null')
_NO_MODEL: Final = b'"model":null'


class LinePlace(NamedTuple):
    """Where a line is."""

    path: str
    offset: int


@dataclass(slots=True)
class CcusageEntry:
    """One line (or one advisor entry of a line) as ccusage takes it in. `model` is "" for synthetic ones."""

    place: LinePlace
    time_ms: int
    session: str
    message_id: str | None
    request_id: str | None
    is_sidechain: bool
    has_speed: bool
    model: str
    usage: Mapping[str, Any]
    advisor: bool = False
    logged_nano: int | None = None
    """The cost the row carries itself, which is then taken."""

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Input, output, cache writes, cache reads."""
        return (
            _count(self.usage, "input_tokens"),
            _count(self.usage, "output_tokens"),
            _writes(self.usage),
            _count(self.usage, "cache_read_input_tokens"),
        )

    @property
    def tokens(self) -> int:
        """Every token."""
        return sum(self.counts)


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _writes(usage: Mapping[str, Any]) -> int:
    """Cache writes: what the split by lifetime adds up to where there is one, whatever the total says."""
    split = usage.get("cache_creation")
    if not isinstance(split, dict):
        return _count(usage, "cache_creation_input_tokens")
    return _count(split, "ephemeral_5m_input_tokens") + _count(split, "ephemeral_1h_input_tokens")


def entries(raw: bytes, line: Any, place: LinePlace, path_session: str) -> Iterator[CcusageEntry]:
    """Yield what ccusage reads from one line; nothing if it passes the line over.

    `raw` is the line itself, `line` the same decoded by a strict reader, which takes no half characters;
    `path_session` the session its file's name stands for.
    """
    # It looks at bytes before it decodes: another spacing, or a null in one of these fields, and the line is gone.
    if _MARKER not in raw or _NULL.search(raw) or _NO_MODEL in _without_iterations(raw):
        return
    outer, inner = line, line
    if not _has_usage(line):
        inner = member_of(member_of(line, "data"), "message")
        if not _has_usage(inner):
            return
    if not is_row(inner):
        return
    message = inner["message"]
    usage = message["usage"]
    time_ms = _instant_ms(inner.get("timestamp"))
    texts = [message.get("id"), message.get("model"), inner.get("requestId"), outer.get("sessionId")]
    version = inner.get("version") if inner is outer else None
    if time_ms is None or "" in texts or (isinstance(version, str) and not _VERSION.match(version)):
        return
    message_id, model, request_id, session = (text if isinstance(text, str) else None for text in texts)
    first = CcusageEntry(
        place,
        time_ms,
        session if session is not None else path_session,
        message_id,
        request_id,
        inner.get("isSidechain") is True,
        "speed" in usage,
        "" if model in (None, "<synthetic>") else str(model),
        usage,
        logged_nano=_nano(inner.get("costUSD")),
    )
    yield first
    iterations = usage.get("iterations")
    advised = [one for one in iterations if _is_advice(one)] if isinstance(iterations, list) else []
    for number, one in enumerate(advised):
        own_id = f"{message_id}:advisor:{number}" if message_id is not None else None
        yield CcusageEntry(
            place,
            time_ms,
            first.session,
            own_id,
            request_id,
            first.is_sidechain,
            "speed" in one,
            one["model"],
            one,
            True,
        )


def _nano(dollars: Any) -> int | None:
    is_number = isinstance(dollars, (int, float)) and not isinstance(dollars, bool)
    return round(dollars * 1_000_000_000) if is_number and abs(dollars) < 1e9 else None


def _instant_ms(text: Any) -> int | None:
    """The instant of a timestamp of the one shape it takes: seconds with three decimals or none, and an offset."""
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:  # a day or a minute that is none
        return None
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _without_iterations(raw: bytes) -> bytes:
    return re.sub(rb'"iterations":\[[^\]]*\]', b"", raw)


def _has_usage(line: Any) -> bool:
    return isinstance(member_of(member_of(line, "message"), "usage"), dict) and isinstance(line.get("timestamp"), str)


def _is_advice(iteration: Any) -> bool:
    kind, model = member_of(iteration, "type"), member_of(iteration, "model")
    return kind == "advisor_message" and isinstance(model, str) and bool(model) and is_usage(iteration)


def kept(found: Iterable[CcusageEntry]) -> list[CcusageEntry]:
    """Return what ccusage counts of entries in the order of their files' names and lines.

    With a request id, message and request id are one response wherever they are. Without one, a message id is one
    response within a session at one instant. A sidechain's copy gives way to its parent's, whatever its request id,
    within a session. Of equals the one with more tokens stays. This is how its days are counted, and its months by
    default; its sessions and blocks, which collapse what has no request id, come to less.
    """
    counted: list[CcusageEntry] = []
    exact: dict[tuple[Any, ...], int] = {}
    replays: dict[tuple[str, str], list[int]] = {}
    for entry in found:
        if entry.message_id is None:
            counted.append(entry)
            continue
        key = _key(entry, entry.message_id)
        at = exact.get(key)
        if at is None:
            at = _replayed(entry, counted, replays.get((entry.message_id, entry.session), []))
        if at is None:
            at = exact[key] = len(counted)
            counted.append(entry)
        else:
            replays.setdefault((entry.message_id, counted[at].session), []).append(at)
            # Only of the one that stays is it remembered under which request id it came.
            if _rank(entry) > _rank(counted[at]):
                exact.pop(_key(counted[at], entry.message_id), None)
                counted[at] = entry
                exact[key] = at
        replays.setdefault((entry.message_id, entry.session), []).append(at)
    return counted


def _key(entry: CcusageEntry, message_id: str) -> tuple[Any, ...]:
    if entry.request_id is not None:
        return message_id, entry.request_id
    return message_id, None, entry.session, entry.time_ms


def _replayed(entry: CcusageEntry, counted: list[CcusageEntry], places: list[int]) -> int | None:
    return next((at for at in places if entry.is_sidechain or counted[at].is_sidechain), None)


def _rank(entry: CcusageEntry) -> tuple[bool, int, bool]:
    return not entry.is_sidechain, entry.tokens, entry.has_speed
