"""What one transcript says of its responses, as columns: some fifteen bytes each, and some hundred a file.

Must not know rows of other files, or prices.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import accumulate, chain
from typing import Any, Final

from claude_tui.engine.state.rows.interner import Numbers
from claude_tui.engine.state.rows.table import ResponseTable
from claude_tui.records import NamedTuple
from claude_tui.sources.causes import STARTERS, Caused, FileCauses, Repeat

NOBODY: Final = -1
"""The row of a response that is not counted."""
_ZEROS: Final = bytes(1 << 12)
_NONE: Final[Mapping[Any, Any]] = {}
_WIDTHS: Final = ((1 << 16, "H"), (1 << 32, "I"), (1 << 63, "q"))


class Told(NamedTuple):
    """What a transcript says of a response in words; a few such records cover all the responses of a session."""

    skill: str = ""
    plugin: str = ""
    agent_type: str = ""
    branch: str = ""
    version: str = ""
    lifetime: str = ""
    reason: str = ""
    boundary: str = ""


_told_of: Final = partial(tuple.__new__, Told)
"""Makes one of a tuple, for there may be tens of thousands: its own way takes three times as long."""


class CauseNames:
    """What columns of all files share, by number: names of calls, what is told in words, and parts of prompts. Number
    0 is no call."""

    def __init__(self) -> None:
        self.calls: Numbers[tuple[str, ...]] = Numbers([()])
        self.told: Numbers[Told] = Numbers()
        self.parts: Numbers[str] = Numbers()


class PartSizes:
    """Bytes of parts of many prompts or responses. Parts are numbers of `CauseNames`."""

    __slots__ = ("_ends", "_parts", "_sizes")

    def __init__(self, found: Sequence[Mapping[int, int]], number_of: Sequence[int]) -> None:
        self._ends = narrow(list(accumulate(map(len, found))))
        self._parts = narrow([*map(number_of.__getitem__, chain.from_iterable(found))])
        self._sizes = narrow([*chain.from_iterable(one.values() for one in found)])

    def __getitem__(self, at: int) -> tuple[Sequence[int], Sequence[int]]:
        """Return the parts of one, and how many bytes each has."""
        start, end = self._ends[at - 1] if at else 0, self._ends[at]
        return self._parts[start:end], self._sizes[start:end]


class FileCalls:
    """The responses of one file in the order of their first rows.

    `size` is how many they are; a column may have zeros behind them. `rows` are their rows in the table, -1 where they
    are not counted: then `uncounted` has their keys. `failed` has the positions of calls that failed; `starts` the
    sub-agents' calls by id, each with its response and the type it names. `is_shared`: some response is in other
    files, too; `seen_as`: how its responses were counted when something was made of them, None if nothing was yet.
    `added` and `wrote` are there where sizes were asked for.
    """

    __slots__ = (
        "_time", "_took", "added", "agent_type", "calls", "failed", "first_ms", "has_calls_only",
        "interrupted", "is_shared", "path", "repeats", "rows", "seen_as", "size", "started", "started_by", "starts",
        "thinking", "thread", "told", "uncounted", "wrote",
    )  # fmt: skip

    def __init__(self, path: str, found: FileCauses, names: CauseNames, *, with_sizes: bool = False) -> None:
        self.path = path
        self.agent_type = found.agent_type
        self.started_by = found.started_by
        self.started: Mapping[str, str] = found.started or _NONE
        self.has_calls_only = found.has_calls_only
        self.is_shared = False
        self.seen_as: int | None = None
        responses = found.responses
        self.size = len(responses)
        self.rows: Sequence[int] = array("i", [NOBODY]) * self.size
        self.uncounted: array[int] | Mapping[int, int] = array("q", [one.key for one in responses])
        self.thread = narrow([one.thread for one in responses])
        self.first_ms = min((one.time_ms for one in responses), default=0)
        self._time = narrow([one.time_ms - self.first_ms for one in responses])
        self._took = narrow([_took(one) for one in responses])
        self.calls = narrow([_calls(one, names) for one in responses])
        told = names.told.of
        self.told = narrow([told(_told(one)) for one in responses])
        self.thinking = narrow([one.thinking for one in responses])
        self.interrupted: Collection[int] = [at for at, one in enumerate(responses) if one.is_interrupted] or ()
        repeats = {at: one.repeats for at, one in enumerate(responses) if one.repeats}
        self.repeats: Mapping[int, Sequence[Repeat]] = repeats or _NONE
        number_of = [names.parts.of(part) for part in found.parts] if with_sizes else []
        self.added = PartSizes([one.added for one in responses], number_of) if with_sizes else None
        self.wrote = PartSizes([one.wrote for one in responses], number_of) if with_sizes else None
        failed: dict[int, tuple[int, ...]] = {}
        starts: dict[str, tuple[int, str]] = {}
        for at, one in enumerate(responses):
            for number, call in enumerate(one.calls):
                if call.is_failed:
                    failed[at] = (*failed.get(at, ()), number)
                if call.kind or call.name in STARTERS:
                    starts[call.id] = at, call.kind
        self.failed: Mapping[int, tuple[int, ...]] = failed or _NONE
        self.starts: Mapping[str, tuple[int, str]] = starts or _NONE

    def time_ms(self, at: int) -> int:
        """Return the instant of the last row of a response."""
        return self.first_ms + self._time[at]

    def asked_ms(self, at: int) -> int:
        """Return when a response was asked for, 0 if that is not known."""
        took = self._took[at]
        return self.time_ms(at) - (took - 1 if took > 0 else took) if took else 0

    def keys(self, before: ResponseTable | None) -> Sequence[int]:
        """Return the keys of all responses; known rows are of the table `before`."""
        uncounted = self.uncounted
        if before is None or isinstance(uncounted, array):
            return [uncounted[at] for at in range(self.size)]
        return [uncounted[at] if row == NOBODY else before.key[row] for at, row in enumerate(self.rows)]

    def settle(self, keys: Sequence[int], rows: array[int]) -> None:
        """Take over the rows of all responses, which have these keys."""
        self.uncounted = {at: keys[at] for at, row in enumerate(rows) if row == NOBODY} if NOBODY in rows else _NONE
        self.rows = _rows(rows)


def _rows(rows: array[int]) -> Sequence[int]:
    """Return rows in few bytes: those of a log that was read whole follow one another."""
    run = range(rows[0], rows[0] + len(rows)) if rows and rows[0] != NOBODY else range(0)
    return run if array("i", run) == rows else rows


def narrow(numbers: Sequence[int]) -> Sequence[int]:
    """Return whole numbers in as few bytes as hold them. Zeros alone take nothing, and more of them may follow."""
    if not any(numbers):
        return _ZEROS if len(numbers) <= len(_ZEROS) else bytes(len(numbers))
    most, least = max(numbers), min(numbers)
    if least < 0:
        return array("q", numbers) if max(most, -least) < 1 << 63 else numbers
    if most < 1 << 8:
        return bytes(iter(numbers))
    return next((array(width, numbers) for limit, width in _WIDTHS if most < limit), numbers)


def _took(one: Caused) -> int:
    """Return how long a response took: 0 if that is not known, else one more than that, where it is not negative."""
    if not one.asked_ms:
        return 0
    took_ms = one.time_ms - one.asked_ms
    return took_ms + 1 if took_ms >= 0 else took_ms


def _told(one: Caused) -> Told:
    return _told_of((
        one.skill, one.plugin, one.agent_type, one.branch, one.version, one.lifetime, one.reason, one.boundary,
    ))  # fmt: skip


def _calls(one: Caused, names: CauseNames) -> int:
    return names.calls.of(tuple([call.name for call in one.calls])) if one.calls else 0
