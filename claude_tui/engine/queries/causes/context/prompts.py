"""The rule for one file: what its prompts were made of, and what that cost: written once, new once, and then carried
along by each response.

Sizes of a prompt are exact; what it is made of is estimated from bytes. All costs are given away to the nanodollar.

What is carried is not spread response by response. A thread has a price per carried token, S, that grows with each
response; what came in at S_0 and goes at S_1 has cost tokens * (S_1 - S_0). So each part needs two numbers, its tokens
and the sum of tokens * S at entry. Hold the store's lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Final

from claude_tui.engine.queries.causes.context.sums import PartSums, PartTotals
from claude_tui.engine.queries.causes.costs.billing import BilledLine, Biller
from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.engine.queries.causes.costs.misses import CacheMiss
from claude_tui.engine.queries.causes.costs.plain import PlainCosts
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.engine.queries.causes.known.book import CauseBook
from claude_tui.engine.queries.causes.known.columns import NOBODY, FileCalls, PartSizes
from claude_tui.engine.state.store import Store
from claude_tui.sources.causes import COMPACTED
from claude_tui.sources.claude.causes.sizes import ANSWERS, BYTES_PER_TOKEN, RESULTS, THINKING
from claude_tui.sources.claude.counting.rule import requests_of

START: Final = "start of the prompt"
REBUILT: Final = "cache rebuilt"
BESIDE: Final = "(billed beside responses)"
SHIFT: Final = 32
"""Binary digits of a nanodollar that the price of a carried token has."""

_Sizes = tuple[Sequence[int], Sequence[int]]
"""Parts, and how many bytes each has."""


class _Part:
    """A part of the prompt of one thread: how many tokens it has, and the sum of these with the price when they came
    in. `came` and `new_nano` are how many came in and what that cost, as far as it is not added yet."""

    __slots__ = ("came", "entered", "new_nano", "tokens")

    def __init__(self) -> None:
        self.tokens = self.entered = self.came = self.new_nano = 0


class _Thread:
    """What the prompt of one thread is made of just now. Parts are numbers."""

    __slots__ = ("carried_nano", "parts", "price", "prompt")

    def __init__(self) -> None:
        self.prompt = 0
        self.parts: dict[int, _Part] = {}
        self.price = 0
        self.carried_nano = 0

    def carry(self, cost_nano: int) -> None:
        """Let everything there cost its share of what was carried."""
        self.price += (cost_nano << SHIFT) // self.prompt
        self.carried_nano += cost_nano

    def take_in(self, numbers: Sequence[int], tokens: Sequence[int], new_nano: int, *, is_own: bool) -> None:
        """Let tokens of some parts come in, which cost so much; without cost, and uncounted, if they are not own."""
        costs = split(new_nano, tokens) if new_nano else repeat(0)
        known, price = self.parts, self.price
        for number, size, cost_nano in zip(numbers, tokens, costs, strict=False):
            part = known.get(number)
            if part is None:
                part = known[number] = _Part()
            part.tokens += size
            part.entered += size * price
            if is_own:
                part.came += size
                part.new_nano += cost_nano


class Prompts:
    """Divides the costs of the responses of single files. `model`: only what is billed at it."""

    def __init__(
        self, store: Store, book: CauseBook, biller: Biller, misses: Mapping[int, CacheMiss], model: str = ""
    ) -> None:
        self._store, self._book, self._biller, self._misses, self._model = store, book, biller, misses, model
        number = book.names.parts.of
        self._start, self._rebuilt, self._beside = number(START), number(REBUILT), number(BESIDE)
        self._thinking, self._answers = number(THINKING), number(ANSWERS)
        self._results = number(RESULTS)
        self._sums = PartSums()

    def divided(self, found: FileCalls, held: Sequence[int]) -> PartTotals:
        """Return what the responses in some rows of a file went to, given as `held`, with -1 for those that are not
        asked for."""
        self._sums = PartSums()
        if found.added is not None and found.wrote is not None:
            self._add_file(found, held, found.added, found.wrote)
        return self._sums.totals()

    def _add_file(self, found: FileCalls, held: Sequence[int], added: PartSizes, wrote: PartSizes) -> None:
        threads: dict[int, _Thread] = {}
        told, plain = self._book.names.told.names, PlainCosts(self._store, found.rows, self._model)
        thread_of, told_of, thinking, misses, plain_cost = (
            found.thread, found.told, found.thinking, self._misses, plain.of,
        )  # fmt: skip
        for at, row in enumerate(found.rows):
            if row == NOBODY:
                continue
            number = thread_of[at]
            thread = threads.get(number)
            if thread is None or told[told_of[at]].boundary == COMPACTED:
                if thread is not None:
                    self._close(thread)
                thread = threads[number] = _Thread()
            cost = plain_cost(row, thinking[at]) if held[at] >= 0 else None
            if cost is None:
                self._add_any(thread, row, thinking[at], added[at], wrote[at], is_held=held[at] >= 0)
                continue
            prompt, new_nano, old_nano, thinking_nano, output_nano = cost
            self._pay_written(*wrote[at], thinking_nano, output_nano)
            if row in misses:
                new_nano, old_nano = self._pay_lost(row, self._biller.lines(row)[0], new_nano, old_nano)
            self._move_on(thread, prompt, prompt, added[at], new_nano, old_nano, is_own=True)
        for thread in threads.values():
            self._close(thread)

    def _add_any(
        self, thread: _Thread, row: int, thinking: int, added: _Sizes, wrote: _Sizes, *, is_held: bool
    ) -> None:
        """Add a response of any kind to its thread, or only what its prompt was, if it is not `is_held`."""
        table, model = self._store.table, self._model
        lines = self._biller.lines(row, model) if is_held else []
        new_nano = old_nano = 0
        own = lines[0] if lines and model in ("", self._store.models[table.model[row]]) else None
        if own is not None:
            *new, old_nano, thinking_nano, output_nano, searches_nano = self._biller.parts(own, thinking)
            if searches_nano:
                self._sums.pay(self._beside, searches_nano)
            self._pay_written(*wrote, thinking_nano, output_nano)
            new_nano, old_nano = self._pay_lost(row, own, sum(new), old_nano)
        usage = own.usage if own is not None else table.usage(row)
        requests = requests_of(table.terms[row], usage) if row in table.terms else [usage]
        first, last = requests[0].prompt, requests[-1].prompt
        self._move_on(thread, first, last, added, new_nano, old_nano, is_own=own is not None)
        if len(lines) > (own is not None):
            self._pay_beside(lines[own is not None :])
        if own is not None and own.doubts != NO_DOUBTS:
            self._doubt_all(thread, own.doubts, wrote[0])

    def _move_on(
        self, thread: _Thread, first: int, last: int, added: _Sizes, new_nano: int, old_nano: int, *, is_own: bool
    ) -> None:
        """Let the prompt of a thread be that of its next response, and divide the cost of what was new in it, and of
        what was there. One that is not `is_own` costs nothing here, and only the prompt moves on.

        Of several requests that the server itself sent, `first` and `last` are the prompts of the first and the last,
        which has what its own tools gave, too.
        """
        is_start = not thread.prompt
        if first < thread.prompt:
            self._shrink(thread, first)
        growth, more = first - thread.prompt, max(0, last - first) if last != first else 0
        if growth + more <= 0:
            new_nano, old_nano = 0, old_nano + new_nano
        if old_nano and not is_start:
            thread.carry(old_nano)
            old_nano = 0
        thread.prompt = first + more
        if growth + more > 0:
            parts, tokens = self._new_parts(*added, growth, is_start=is_start) if growth else ((), ())
            if more:
                parts, tokens = [*parts, self._results], [*tokens, more]
            thread.take_in(parts, tokens, new_nano, is_own=is_own)
        if old_nano:
            self._carry_at_start(thread, old_nano)
        if last < first:
            self._shrink(thread, last)

    def _pay_lost(self, row: int, line: BilledLine, new_nano: int, old_nano: int) -> tuple[int, int]:
        """Pay for a cache that a response lost, if it did. Returns the cost of what was new in its prompt, and of what
        was there."""
        miss = self._misses.get(row)
        if miss is None or miss.cause == COMPACTED:
            return new_nano, old_nano
        rebuilt_nano = min(miss.cost_nano, new_nano)
        reread_nano = min(self._biller.as_read(line, miss.lost_tokens), new_nano - rebuilt_nano)
        self._sums.pay(self._rebuilt, rebuilt_nano)
        return new_nano - rebuilt_nano - reread_nano, old_nano + reread_nano

    def _pay_beside(self, lines: list[BilledLine]) -> None:
        for line in lines:
            self._sums.pay(self._beside, line.cost_nano)
            self._sums.doubt([self._beside], line.doubts)
            self._sums.doubt_all(line.doubts)

    def _doubt_all(self, thread: _Thread, doubts: Doubts, wrote: Sequence[int]) -> None:
        """Doubt what a response went to: its output is logged in part, or it has no price, or one that is assumed."""
        self._sums.doubt_all(doubts)
        written = set(wrote) or {self._answers}
        self._sums.doubt(written, doubts._replace(unpriced_tokens=0))
        self._sums.doubt(thread.parts.keys() - written, doubts._replace(unpriced_tokens=0).but_for_output())

    def _carry_at_start(self, thread: _Thread, cost_nano: int) -> None:
        """Let what has just come in cost what was read of it: a cache that was there before the thread."""
        if thread.prompt:
            thread.carry(cost_nano)
        else:
            self._sums.pay(self._start, cost_nano)

    def _pay_written(self, parts: Sequence[int], sizes: Sequence[int], thinking_nano: int, output_nano: int) -> None:
        """Divide the output: thinking where its tokens are logged, the rest by bytes."""
        if thinking_nano:
            self._sums.pay(self._thinking, thinking_nano)
            if self._thinking in parts:
                at = parts.index(self._thinking)
                parts, sizes = [*parts[:at], *parts[at + 1 :]], [*sizes[:at], *sizes[at + 1 :]]
        if not output_nano:
            return
        if len(parts) > 1:
            self._sums.spread(output_nano, parts, sizes)
        else:
            self._sums.pay(parts[0] if parts else self._answers, output_nano)

    def _shrink(self, thread: _Thread, prompt: int) -> None:
        """Make all parts of a prompt smaller alike: something went, and the log does not say what."""
        self._close(thread)
        parts = list(thread.parts.values())
        for part, tokens in zip(parts, split(prompt, [part.tokens for part in parts]), strict=True):
            part.tokens = tokens
            part.entered = 0
        thread.price = thread.carried_nano = 0
        thread.prompt = prompt

    def _close(self, thread: _Thread) -> None:
        """Give what a thread carried to its parts, with what came in; what is left of rounding goes to the start of the
        prompt."""
        left, start, sums, price = thread.carried_nano, self._start, self._sums, thread.price
        for number, part in thread.parts.items():
            cost_nano = (part.tokens * price - part.entered) >> SHIFT
            sums.pay_carried(number, cost_nano)
            sums.come_in(number, part.came, part.new_nano)
            part.came = part.new_nano = 0
            left -= cost_nano
        sums.pay_carried(start, left)

    def _new_parts(
        self, parts: Sequence[int], sizes: Sequence[int], growth: int, *, is_start: bool
    ) -> tuple[Sequence[int], Sequence[int]]:
        """Return what is new in a prompt and the tokens of each, by how many bytes of it came; together as many as the
        prompt grew by.

        At the start the log names a part of them, and the rest is the start of the prompt.
        """
        if is_start:
            named = [-(-size // BYTES_PER_TOKEN) for size in sizes]
            if sum(named) <= growth:
                return [*parts, self._start], [*named, growth - sum(named)]
        if not parts:
            return [self._start], [growth]
        return parts, split(growth, sizes)
