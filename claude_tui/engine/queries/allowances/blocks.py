"""Five-hour usage blocks: when each began, what it holds, where it is heading. Pure: entries in, blocks out.

A subscription's usage window opens with the first message and lasts five hours. Logs do not say when it opened,
so a block is an estimate unless a reported reset time says otherwise. Must not know prices, files or clocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.model import Response, Totals, Usage
from claude_tui.records import NamedTuple
from claude_tui.units import HOUR_MS, MINUTE_MS

LENGTH_MS: Final = 5 * HOUR_MS

EARLIEST_MS: Final = 5 * MINUTE_MS
FEWEST: Final = 3
"""No projection before this time and this many entries: evidence would be thin."""

NOTHING: Final = Usage()


class BlockEntry(NamedTuple):
    """One response (or one extra of it, which is no response). `nano` is None if it has no price."""

    time_ms: int
    usage: Usage
    nano: int | None
    model: str = ""
    is_extra: bool = False
    doubts: Doubts = NO_DOUBTS


class UsageBlock(NamedTuple):
    """Entries of one window [start_ms, end_ms), or a gap between two windows, which has none.

    `models` are in order of first use. `responses` are the entries that are no extras. `unpriced` counts entries
    without a price, which are not in `nano`.
    """

    start_ms: int
    end_ms: int
    entries: int = 0
    responses: int = 0
    usage: Usage = NOTHING
    nano: int = 0
    unpriced: int = 0
    doubts: Doubts = NO_DOUBTS
    models: tuple[str, ...] = ()
    first_ms: int = 0
    last_ms: int = 0

    @property
    def is_gap(self) -> bool:
        """Whether nothing happened in it."""
        return not self.entries

    @property
    def totals(self) -> Totals:
        """What it holds, as the sums of a day or a session; what its cache saved is not kept."""
        return Totals(
            self.responses, *self.usage, cost_nano=self.nano, **self.doubts._asdict(),
            first_ms=self.first_ms, last_ms=self.last_ms,
        )  # fmt: skip

    def is_active(self, now_ms: int) -> bool:
        """Whether it goes on: begun, not over, and the last entry less than its length ago."""
        return (
            not self.is_gap
            and self.start_ms <= now_ms < self.end_ms
            and now_ms - self.last_ms < self.end_ms - self.start_ms
        )


def entries_of(responses: Iterable[Response]) -> Iterator[BlockEntry]:
    """Yield responses as entries, in the order given."""
    for response in responses:
        price, is_extra = response.price, bool(response.extra)
        doubts = Doubts.of(
            price, response.usage.tokens, is_response=not is_extra, is_lower_bound=response.is_lower_bound
        )
        yield BlockEntry(response.time_ms, response.usage, price.nano, response.model, is_extra, doubts)


def blocks(entries: Iterable[BlockEntry], length_ms: int = LENGTH_MS, anchor_ms: int = HOUR_MS) -> list[UsageBlock]:
    """Divide entries, in any order, into blocks, the earliest first.

    A block starts at its first entry, rounded down to `anchor_ms` in UTC. An entry more than `length_ms` after
    that start or after the entry before it starts another; where it is that far after the entry before, a gap
    lies between, from `length_ms` after that entry. Both comparisons are strict: the rule of ccusage.
    """
    found: list[UsageBlock] = []
    inside: list[BlockEntry] = []
    start_ms = 0
    for entry in sorted(entries, key=lambda entry: entry.time_ms):
        if inside:
            pause_ms = entry.time_ms - inside[-1].time_ms
            if entry.time_ms - start_ms > length_ms or pause_ms > length_ms:
                found.append(_block(start_ms, length_ms, inside))
                if pause_ms > length_ms:
                    found.append(UsageBlock(inside[-1].time_ms + length_ms, entry.time_ms))
                inside = []
        if not inside:
            start_ms = entry.time_ms // anchor_ms * anchor_ms
        inside.append(entry)
    if inside:
        found.append(_block(start_ms, length_ms, inside))
    return found


def _block(start_ms: int, length_ms: int, inside: Sequence[BlockEntry]) -> UsageBlock:
    return UsageBlock(
        start_ms=start_ms,
        end_ms=start_ms + length_ms,
        entries=len(inside),
        responses=sum(not entry.is_extra for entry in inside),
        usage=Usage(*map(sum, zip(*(entry.usage for entry in inside), strict=True))),
        nano=sum(entry.nano or 0 for entry in inside),
        unpriced=sum(entry.nano is None for entry in inside),
        doubts=Doubts.together(entry.doubts for entry in inside),
        models=tuple(dict.fromkeys(entry.model for entry in inside if entry.model)),
        first_ms=inside[0].time_ms,
        last_ms=inside[-1].time_ms,
    )


class Window(NamedTuple):
    """The window that is open now. `is_reported` says that its end is the client's own figure, not an estimate.

    `low_nano` and `high_nano` are what it will have cost at its end, at the slower and the faster of two paces:
    that of the whole block and that of its last 30 minutes. None if the evidence is thin.
    """

    start_ms: int
    end_ms: int
    block: UsageBlock
    is_reported: bool
    low_nano: int | None = None
    high_nano: int | None = None


def open_window(
    entries: Sequence[BlockEntry],
    now_ms: int,
    *,
    reset_ms: int = 0,
    length_ms: int = LENGTH_MS,
    anchor_ms: int = HOUR_MS,
) -> Window | None:
    """Return the window that is open at `now_ms`, or None if none is.

    `reset_ms` is a reported instant at which the window ends; it wins over any estimate while it is ahead.
    """
    if now_ms < reset_ms <= now_ms + length_ms:
        start_ms, is_reported = reset_ms - length_ms, True
        inside = sorted(entry for entry in entries if start_ms <= entry.time_ms <= now_ms)
        block = _block(start_ms, length_ms, inside) if inside else UsageBlock(start_ms, reset_ms)
    else:
        is_reported = False
        found = [block for block in blocks(entries, length_ms, anchor_ms) if block.is_active(now_ms)]
        if not found:
            return None
        block = found[-1]
        inside = [entry for entry in entries if block.first_ms <= entry.time_ms <= min(now_ms, block.last_ms)]
    paces = _paces(inside, now_ms)
    ends = sorted(block.nano + pace * (block.end_ms - now_ms) // HOUR_MS for pace in paces)
    low, high = (ends[0], ends[-1]) if ends else (None, None)
    return Window(block.start_ms, block.end_ms, block, is_reported, low, high)


def _paces(inside: Sequence[BlockEntry], now_ms: int) -> list[int]:
    """Cost per hour since the first entry and over the last 30 minutes; nothing if evidence is thin."""
    if len(inside) < FEWEST:
        return []
    since_ms = now_ms - min(entry.time_ms for entry in inside)
    if since_ms < EARLIEST_MS:
        return []
    paces = []
    for span_ms in {since_ms, min(since_ms, 30 * MINUTE_MS)}:
        spent = sum(entry.nano or 0 for entry in inside if now_ms - entry.time_ms <= span_ms)
        paces.append(spent * HOUR_MS // span_ms)
    return paces
