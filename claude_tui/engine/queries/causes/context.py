"""What prompts were made of, and what that cost: written once, new once, and then carried along by each response.

Sizes of a prompt are exact; what it is made of is estimated from bytes. All costs are given away to the nanodollar.

What is carried is not spread response by response. A thread has a price per carried token, S, that grows with each
response; what came in at S_0 and goes at S_1 has cost tokens * (S_1 - S_0). So each part needs two numbers, its tokens
and the sum of tokens * S at entry. Hold the store's lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from claude_tui.engine.queries.causes.costs.billing import KINDS, BilledLine, Biller
from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.engine.queries.causes.costs.misses import CacheMiss
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.engine.queries.causes.known.book import CauseBook
from claude_tui.engine.queries.causes.known.columns import FileCalls
from claude_tui.engine.queries.causes.sums import ordered
from claude_tui.engine.queries.causes.tables import GONE, NOT_LOGGED, CauseRow
from claude_tui.engine.state.store import Store
from claude_tui.sources.causes import COMPACTED
from claude_tui.sources.claude.causes.sizes import ANSWERS, BYTES_PER_TOKEN, THINKING

CONTEXT: Final = "context"
START: Final = "start of the prompt"
REBUILT: Final = "cache rebuilt"
BESIDE: Final = "(billed beside responses)"
UNNAMED: Final = frozenset({BESIDE, NOT_LOGGED, GONE})
SHIFT: Final = 32
"""Binary digits of a nanodollar that the price of a carried token has."""


class _Thread:
    """What the prompt of one thread is made of just now."""

    def __init__(self) -> None:
        self.prompt = 0
        self.tokens: dict[str, int] = {}
        self.entered: dict[str, int] = {}
        self.price = 0
        self.carried_nano = 0

    def put(self, parts: Mapping[str, int]) -> None:
        """Let so many tokens of each part come in."""
        known, entered, price = self.tokens, self.entered, self.price
        for label, tokens in parts.items():
            known[label] = known.get(label, 0) + tokens
            entered[label] = entered.get(label, 0) + tokens * price

    def carry(self, cost_nano: int) -> None:
        """Let everything there cost its share of what was carried."""
        self.price += (cost_nano << SHIFT) // self.prompt
        self.carried_nano += cost_nano


class Context:
    """The costs of responses by what their prompts were made of."""

    def __init__(
        self, store: Store, book: CauseBook, biller: Biller, misses: Mapping[int, CacheMiss], model: str = ""
    ) -> None:
        self._store, self._book, self._biller, self._misses, self._model = store, book, biller, misses, model
        self._costs: dict[str, int] = {}
        self._carried: dict[str, int] = {}
        self._tokens: dict[str, int] = {}
        self._compacted = book.names.texts.of(COMPACTED)
        self._bounded: dict[str, int] = {}
        self.doubts = NO_DOUBTS

    def add(self, rows: Collection[int]) -> Iterator[None]:
        """Add the responses in some rows of the table. Yields after each file; all are added at the end."""
        wanted = set(rows)
        for found in self._book.files():
            if found.has_calls_only or len(found.added) != len(found.keys):  # sizes are not kept for good
                continue
            held = [row if row in wanted and self._holds(found, row) else -1 for row in found.rows]
            if any(row >= 0 for row in held):
                self._add_file(found, held)
                wanted.difference_update(held)
                yield
        table = self._store.table
        for row in wanted:
            ref = table.files[table.owner_file.get(row, table.file[row])]
            label = GONE if ref.path in self._book.gone else NOT_LOGGED
            self.add_nothing_logged(self._biller.lines(row, self._model), label)

    def add_nothing_logged(self, lines: Iterable[BilledLine], label: str) -> None:
        """Add what was billed of which no log says anything."""
        for line in lines:
            self.doubts = Doubts.together((self.doubts, line.doubts))
            self._pay(label, line.cost_nano)

    def rows(self) -> tuple[CauseRow, ...]:
        """Return the rows, the dearest first."""
        labels = {label for label, cost_nano in self._costs.items() if cost_nano} | self._tokens.keys()
        return ordered(
            [
                CauseRow(
                    None if label in UNNAMED else label,
                    label,
                    self._costs.get(label, 0),
                    tokens_est=self._tokens.get(label, 0),
                    carried_nano=self._carried.get(label, 0),
                    doubts=Doubts(lower_bound=self._bounded.get(label, 0))
                    if self._costs.get(label)
                    else self.doubts._replace(lower_bound=0, flagged=0),
                )
                for label in labels
            ]
        )

    def _holds(self, found: FileCalls, row: int) -> bool:
        place = self._book.place(row)
        return place is not None and place.file is found

    def _add_file(self, found: FileCalls, held: list[int]) -> None:
        threads: dict[int, _Thread] = {}
        compacted, usage_of, lines_of = self._compacted, self._store.table.usage, self._biller.lines
        for at, (row, own_row, number) in enumerate(zip(found.rows, held, found.thread, strict=True)):
            if row < 0:
                continue
            thread = threads.get(number)
            if thread is None or found.boundary[at] == compacted:
                if thread is not None:
                    self._close(thread)
                thread = threads[number] = _Thread()
            lines = lines_of(row, self._model) if own_row >= 0 else []
            self._add_response(thread, found, at, usage_of(row).prompt, lines)
        for thread in threads.values():
            self._close(thread)

    def _add_response(self, thread: _Thread, found: FileCalls, at: int, prompt: int, lines: list[BilledLine]) -> None:
        """Add one response: what it wrote, what was new in its prompt, and what was there. Without lines, that costs
        nothing here, and only the prompt moves on."""
        new_nano = old_nano = 0
        is_own = False
        if lines:
            is_own = not self._model or self._model == self._store.models[self._store.table.model[found.rows[at]]]
            for line in lines:
                if line.doubts != NO_DOUBTS:
                    self.doubts = Doubts.together((self.doubts, line.doubts))
            self._pay(BESIDE, sum([line.cost_nano for line in lines[is_own:]]))
        if is_own:
            new_nano, old_nano = self._pay_own(found, at, lines[0])
        is_start = not thread.prompt
        if prompt < thread.prompt:
            self._shrink(thread, prompt)
        growth = _new_parts(found.added[at], prompt - thread.prompt, is_start=is_start)
        if not growth:
            new_nano, old_nano = 0, old_nano + new_nano
        if thread.prompt and old_nano:
            thread.carry(old_nano)
            old_nano = 0
        thread.prompt = prompt
        if growth:
            thread.put(growth)
            if is_own:
                _add(self._tokens, growth, growth.values())
            if new_nano:
                _add(self._costs, growth, split(new_nano, [*growth.values()]))
        if old_nano:
            self._carry_at_start(thread, old_nano)

    def _pay_own(self, found: FileCalls, at: int, line: BilledLine) -> tuple[int, int]:
        """Pay what a response wrote and searched, and for a cache that was lost. Returns the cost of what was new in
        its prompt, and of what was there."""
        biller = self._biller
        read_at, parts = KINDS.index("cache_read"), biller.parts(line, found.thinking.get(at, 0))
        new_nano, old_nano = sum(parts[:read_at]), parts[read_at]
        thinking_nano, output_nano, searches_nano = parts[read_at + 1 :]
        if searches_nano:
            self._pay(BESIDE, searches_nano)
        self._pay_written(found.wrote[at], thinking_nano, output_nano)
        if line.doubts.lower_bound:  # of the output, and of nothing else
            for label in found.wrote[at] or (ANSWERS,):
                self._bounded[label] = self._bounded.get(label, 0) + 1
        miss = self._misses.get(found.rows[at])
        if miss is not None and miss.cause != COMPACTED:
            rebuilt_nano = min(miss.cost_nano, new_nano)
            reread_nano = min(biller.as_read(line, miss.lost_tokens), new_nano - rebuilt_nano)
            self._pay(REBUILT, rebuilt_nano)
            new_nano, old_nano = new_nano - rebuilt_nano - reread_nano, old_nano + reread_nano
        return new_nano, old_nano

    def _carry_at_start(self, thread: _Thread, cost_nano: int) -> None:
        """Let what has just come in cost what was read of it: a cache that was there before the thread."""
        if thread.prompt:
            thread.carry(cost_nano)
        else:
            self._pay(START, cost_nano)

    def _pay_written(self, wrote: Mapping[str, int], thinking_nano: int, output_nano: int) -> None:
        """Divide the output: thinking where its tokens are logged, the rest by bytes."""
        sizes = wrote
        if thinking_nano:
            self._pay(THINKING, thinking_nano)
            sizes = {label: size for label, size in wrote.items() if label != THINKING}
        if not output_nano:
            return
        if sizes:
            _add(self._costs, sizes, split(output_nano, [*sizes.values()]))
        else:
            self._pay(ANSWERS, output_nano)

    def _shrink(self, thread: _Thread, prompt: int) -> None:
        """Make all parts of a prompt smaller alike: something went, and the log does not say what."""
        self._close(thread)
        labels = list(thread.tokens)
        for label, tokens in zip(labels, split(prompt, [thread.tokens[label] for label in labels]), strict=True):
            thread.tokens[label] = tokens
            thread.entered[label] = 0
        thread.price = thread.carried_nano = 0
        thread.prompt = prompt

    def _close(self, thread: _Thread) -> None:
        """Give what a thread carried to its parts; what is left of rounding goes to the start of the prompt."""
        left = thread.carried_nano
        for label, tokens in thread.tokens.items():
            cost_nano = (tokens * thread.price - thread.entered[label]) >> SHIFT
            self._pay(label, cost_nano)
            self._carried[label] = self._carried.get(label, 0) + cost_nano
            left -= cost_nano
        self._pay(START, left)
        self._carried[START] = self._carried.get(START, 0) + left

    def _pay(self, label: str, cost_nano: int) -> None:
        if cost_nano:
            self._costs[label] = self._costs.get(label, 0) + cost_nano


def _add(sums: dict[str, int], labels: Iterable[str], amounts: Iterable[int]) -> None:
    for label, amount in zip(labels, amounts, strict=True):
        sums[label] = sums.get(label, 0) + amount


def _new_parts(sizes: Mapping[str, int], growth: int, *, is_start: bool) -> dict[str, int]:
    """Return the new tokens of a prompt, by what they are and how many bytes of it came; together as many as it grew
    by.

    At the start the log names a part of them, and the rest is the start of the prompt.
    """
    if growth <= 0:
        return {}
    if is_start:
        named = {label: -(-size // BYTES_PER_TOKEN) for label, size in sizes.items()}
        if sum(named.values()) <= growth:
            return {**named, START: growth - sum(named.values())}
    if not sizes:
        return {START: growth}
    return dict(zip(sizes, split(growth, [*sizes.values()]), strict=True))
