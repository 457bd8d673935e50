"""The rows in which Claude Code says what a session has used so far ("cost-state"), and what stands before them.

Such a row has no instant and says nothing of the process that wrote it: the lines before it do, and they are looked
at here, once, when it is met. Must not know responses, nor what follows from a total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from claude_tui.model import Usage
from claude_tui.sources.claude.counting.counters import count_of
from claude_tui.sources.client_totals import ClientTotal
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import text_of

KIND: Final = "cost-state"
CLOCK_MS: Final = 250
"""So much later than a line says it may have been written."""

_MOST: Final = 1e15
"""The client itself refuses a row with larger numbers."""
_NEAR_BYTES: Final = 1 << 16
_WINDOW_BYTES: Final = 1 << 20
_TOKENS: Final = ("inputTokens", "outputTokens", "cacheCreationInputTokens", "cacheReadInputTokens")
_HOUR: Final = "cacheCreationEphemeral1hInputTokens"

ReadAt = Callable[[int, int], bytes]
"""Takes a size and an offset and returns bytes of the file, fewer at its end."""


def client_total(row: Mapping[str, Any], offset: int) -> ClientTotal | None:
    """Return what a row says, None if the client would not believe it. `complete` adds what it does not say."""
    session, used = row.get("sessionId"), row.get("modelUsage")
    numbers = [row.get(name) for name in ("startTime", "totalDuration", "totalAPIDuration", "totalCostUSD")]
    if not isinstance(session, str) or not isinstance(used, dict) or not all(map(_is_sound, numbers)):
        return None
    models: dict[str, Usage] = {}
    for name, one in used.items():
        told = (*_TOKENS, "webSearchRequests", "costUSD")
        if not isinstance(one, dict) or not all(_is_sound(one.get(key)) for key in told):
            return None
        given, output, writes, reads = (count_of(one[key]) for key in _TOKENS)
        hour = min(count_of(one.get(_HOUR)), writes)
        usage = Usage(given, output, writes - hour, hour, reads, count_of(one["webSearchRequests"]))
        model = name.removesuffix("[1m]")
        models[model] = Usage(*map(sum, zip(models.get(model, Usage()), usage, strict=True)))
    start_ms, duration_ms, api_ms = (int(value) for value in numbers[:3])  # type: ignore[arg-type]
    cost_nano = round(numbers[3] * 1e9)  # type: ignore[operator]
    is_split = all(_HOUR in one for one in used.values())
    ordered = tuple(sorted(models.items()))
    return ClientTotal(session, start_ms, duration_ms, api_ms, cost_nano, offset, 0, is_split, ordered)


def complete(found: Iterable[ClientTotal], known: Iterable[ClientTotal], read_at: ReadAt) -> list[ClientTotal]:
    """Add to totals what the lines before them say. `known` are those that stood before them in the same file."""
    before = dict[object, ClientTotal]()  # a job in the background says it twice: what follows begins with the first
    for total in known:
        before.setdefault(total.identity, total)
    made: list[ClientTotal] = []
    doubtful: list[tuple[int, int]] = []
    for total in found:
        total = total._replace(last_ms=_newest_ms(read_at, total.offset))
        base = next((one for one in reversed(before.values()) if _may_follow(one, total)), None)
        if base is not None:
            start_ms = total.last_ms - (total.duration_ms - base.duration_ms)
            first_ms = _first_ms(read_at, base.offset, total.offset)
            is_doubtful = 0 < first_ms < start_ms - 1
        else:
            is_doubtful = total.last_ms > total.start_ms + total.duration_ms + CLOCK_MS
        if is_doubtful:
            doubtful.append((len(made), base.offset if base is not None else -1))
        before.setdefault(total.identity, total)
        made.append(total)
    if doubtful:
        with_turns = _with_turns([(made[at], since) for at, since in doubtful], read_at)
        for (at, _), total in zip(doubtful, with_turns, strict=True):
            made[at] = total
    return made


def _may_follow(one: ClientTotal, total: ClientTotal) -> bool:
    """Whether a process may have begun with what `one` says and ended with `total`."""
    return (one.session, one.start_ms) == (total.session, total.start_ms) and one.duration_ms <= total.duration_ms


def _is_sound(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value <= _MOST  # type: ignore[operator]


def _newest_ms(read_at: ReadAt, end: int) -> int:
    """Return the newest instant of the lines shortly before an offset that are the session's own."""
    size = _NEAR_BYTES
    while True:
        start = max(0, end - size)
        data = read_at(end - start, start)
        lines = data.split(b"\n")
        found = [
            _time_ms(value) for line in lines[1 if start else 0 :] for value in decode_objects(line) if _is_own(value)
        ]
        newest = max(found, default=0)
        if newest or not start:
            return newest
        size *= 16


def _first_ms(read_at: ReadAt, start: int, end: int) -> int:
    """Return the instant of the first dated line between two offsets that is the session's own."""
    for _, value in _objects(read_at, start, end):
        if _is_own(value) and _time_ms(value):
            return _time_ms(value)
    return 0


class _Turns:
    """What the dated lines of a file said so far of which line follows which, and of what was asked.

    The lines of a turn are of one process: those that follow what was asked, by the lines they name. What follows a
    line that is not there is a turn of its own. A process that goes on with a turn that was cut off ends it with two
    lines of its own, written together, and what it is asked follows them.
    """

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._prompts: list[tuple[int, str]] = []
        self._leaf, self._leaf_offset, self._root_offset = "", -1, -1
        self._turn_of: dict[str, int] = {}
        self._turns: list[tuple[int, int]] = []
        self._turn_ms, self._asked_ms = 0, 0
        self._meta = "", 0
        self._added_ms: dict[str, int] = {}

    def see(self, offset: int, value: Mapping[str, Any]) -> None:
        """Take in the next line."""
        uuid, time_ms = text_of(value, "uuid"), _time_ms(value)
        if not time_ms:
            return
        is_own = _is_own(value)
        if uuid:
            self._parents[uuid] = text_of(value, "parentUuid")
            self._leaf, self._leaf_offset = uuid, offset
            if not self._parents[uuid]:
                self._root_offset = offset
            if is_own:
                self._see_turn(offset, time_ms, uuid, value)
        elif value.get("operation") == "dequeue" and is_own:
            self._asked_ms = time_ms
        if is_own and _is_prompt(value):
            self._prompts.append((offset, uuid))

    def _see_turn(self, offset: int, time_ms: int, uuid: str, value: Mapping[str, Any]) -> None:
        parent = self._parents[uuid]
        start_ms = self._turn_of.get(parent, time_ms)
        if value.get("type") == "user" and not _is_result(value):
            start_ms = min(time_ms, self._asked_ms or time_ms, self._added_ms.get(parent, time_ms))
            if value.get("isMeta"):
                self._meta = uuid, time_ms
        elif (parent, time_ms) == self._meta and _is_synthetic(value):
            self._added_ms = {uuid: start_ms}
        self._asked_ms = 0
        self._turn_of[uuid] = start_ms
        if start_ms != self._turn_ms:
            self._turns.append((offset, start_ms))
            self._turn_ms = start_ms

    def told_with(self, total: ClientTotal, since: int) -> ClientTotal:
        """Return the total that stands here with whether all asked since an offset led here: then one process wrote
        it."""
        is_linear = self._root_offset > since or self._led_here(since)
        return total._replace(since=since, is_linear=is_linear, turns=tuple(self._turns))

    def _led_here(self, since: int) -> bool:
        """Whether the last line follows on everything that was asked since."""
        left = {uuid for offset, uuid in self._prompts if offset > since and uuid}
        at = self._leaf if self._leaf_offset > since else ""
        passed = set[str]()
        while left and at and at not in passed:
            passed.add(at)
            left.discard(at)
            at = self._parents.get(at, "")
        return not left


def _with_turns(doubtful: Sequence[tuple[ClientTotal, int]], read_at: ReadAt) -> list[ClientTotal]:
    """Add to totals, each with the offset of its base, what was asked before them. Reads the file once for all."""
    turns = _Turns()
    lines = _objects(read_at, 0, doubtful[-1][0].offset)
    made, line = [], next(lines, None)
    for total, since in doubtful:
        while line is not None and line[0] < total.offset:
            turns.see(*line)
            line = next(lines, None)
        made.append(turns.told_with(total, since))
    return made


def _objects(read_at: ReadAt, start: int, end: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of the lines from one offset to another, with the offsets of their lines."""
    carry, at = b"", start
    while start < end and (data := read_at(min(_WINDOW_BYTES, end - start), start)):
        start += len(data)
        *lines, carry = (carry + data).split(b"\n")
        for line in lines:
            for value in decode_objects(line, is_slim=True):
                yield at, value
            at += len(line) + 1


def _is_prompt(value: Mapping[str, Any]) -> bool:
    """Whether a line is what the user asked, not what a tool answered."""
    return value.get("type") == "user" and not _is_result(value) and not value.get("isMeta")


def _is_result(value: Mapping[str, Any]) -> bool:
    """Whether a line is what a tool answered."""
    return bool(value.get("sourceToolAssistantUUID") or value.get("toolUseResult"))


def _is_synthetic(value: Mapping[str, Any]) -> bool:
    """Whether a line stands for an answer that no model gave."""
    message = value.get("message")
    return isinstance(message, dict) and message.get("model") == "<synthetic>"


def _is_own(value: Mapping[str, Any]) -> bool:
    """Whether a line is the session's own and not copied from another one."""
    session, fork = text_of(value, "sessionId"), value.get("forkedFrom")
    origin = text_of(value, "requestSessionId") or (text_of(fork, "sessionId") if isinstance(fork, dict) else "")
    return not origin or origin == session


def _time_ms(value: Mapping[str, Any]) -> int:
    return instant_ms(value.get("timestamp"))
