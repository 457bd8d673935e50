"""Divides the cost of single responses by a dimension, all of it. Made for one answer; hold the store's lock.

Must not sum over responses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from claude_tui.engine.queries.causes.costs.billing import KINDS, BilledLine, Biller
from claude_tui.engine.queries.causes.costs.misses import CAUSES, CacheMiss
from claude_tui.engine.queries.causes.costs.split import split
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS, Target, targets_of
from claude_tui.engine.queries.causes.known.book import CauseBook
from claude_tui.engine.queries.causes.known.facts import Finder
from claude_tui.engine.queries.causes.sums import Share
from claude_tui.engine.queries.causes.tables import NOT_LOGGED, Facts
from claude_tui.engine.state.store import Store
from claude_tui.model import Usage

KEPT: Final = Target(None, "(nothing lost)")
_KINDS: Final = tuple(Target(kind, kind.replace("_", " ")) for kind in KINDS)


class Division:
    """Divides by one dimension. `misses` are the lost caches by row of the table."""

    def __init__(
        self,
        store: Store,
        book: CauseBook,
        finder: Finder,
        misses: Mapping[int, CacheMiss],
        by: str,
        ticket: re.Pattern[str],
    ) -> None:
        self._dimension = DIMENSIONS[by]
        self._store, self._book, self._finder, self._misses = store, book, finder, misses
        self._ticket = ticket
        self._biller = Biller(store)
        self._known: dict[tuple[object, ...], Sequence[Target]] = {}

    def lines(self, row: int, model: str = "") -> list[BilledLine]:
        """Return what is billed for a row of the table, all of it or only what is billed at a model."""
        return self._biller.lines(row, model)

    def shares(self, row: int, lines: list[BilledLine]) -> list[Share]:
        """Return what of these lines of a row goes where."""
        by = self._dimension.name
        if by == "kind":
            place = self._book.place(row)
            thinking = place.file.thinking[place.at] if place is not None else 0
            return [share for number, line in enumerate(lines) for share in self._kinds(line, thinking * (not number))]
        amounts = _amounts(lines)
        if by == "cache":
            return _cache(amounts, self._misses.get(row) if self._biller.is_own(row, lines) else None)
        facts = self._finder.facts(row)
        targets = self._targets(row, facts)
        is_call = self._is_call(facts)
        if len(targets) == 1:
            return [Share(targets[0], amounts, is_call, is_call and bool(facts.failed_calls))]
        failed = self._finder.failed(row)
        divided = zip(*(split(amount, [1] * len(targets)) for amount in amounts), strict=True)
        return [
            Share(target, part, is_call, number in failed)
            for number, (target, part) in enumerate(zip(targets, divided, strict=True))
        ]

    def whole(self, row: int) -> tuple[Target | None, bool]:
        """Return what all of a row goes to by a dimension that names things, None if it is divided, and whether that is
        a call."""
        facts = self._finder.facts(row)
        targets = self._targets(row, facts)
        return targets[0] if len(targets) == 1 else None, self._is_call(facts)

    def _is_call(self, facts: Facts) -> bool:
        return self._dimension.is_by_call and bool(facts.tools)

    def _targets(self, row: int, facts: Facts) -> Sequence[Target]:
        """Return what a row goes to. Many rows are for the same."""
        by, owner = self._dimension.name, self._store.table.owner[row] if self._dimension.name == "branch" else -1
        known = owner, *facts[:1], *facts[2:6], facts.problem, facts.has_calls_only
        targets = self._known.get(known)
        if targets is None:
            targets = targets_of(by, facts, self._ticket)
            if by == "branch":
                project = self._store.project_of(self._store.owners[owner])
                targets = [target._replace(project=project) for target in targets]
            self._known[known] = targets
        return targets

    def unlogged(self, line: BilledLine) -> list[Share]:
        """Return what that goes to which the client counted and no log shows."""
        by = self._dimension.name
        if by == "kind":
            return self._kinds(line, 0)
        return [Share(KEPT if by == "cache" else Target(None, NOT_LOGGED), _amounts([line]))]

    def _kinds(self, line: BilledLine, thinking: int) -> list[Share]:
        usage = line.usage
        thinking = min(thinking, usage.output)
        parts = self._biller.parts(line, thinking)
        counters = (
            Usage(input=usage.input),
            Usage(cache_write_5m=usage.cache_write_5m),
            Usage(cache_write_1h=usage.cache_write_1h),
            Usage(cache_read=usage.cache_read),
            Usage(output=thinking),
            Usage(output=usage.output - thinking),
            Usage(web_search=usage.web_search),
        )
        found = zip(_KINDS, parts, counters, strict=True)
        is_unpriced = bool(line.doubts.unpriced_tokens)
        return [
            Share(kind, (part, *counter, counter.tokens * is_unpriced), has_output=bool(counter.output))
            for kind, part, counter in found
            if part or any(counter)
        ]


def _amounts(lines: list[BilledLine]) -> tuple[int, ...]:
    if len(lines) == 1:
        line = lines[0]
        return line.cost_nano, *line.usage, line.doubts.unpriced_tokens
    return tuple(map(sum, zip(*(_amounts([line]) for line in lines), strict=True)))


def _cache(amounts: tuple[int, ...], miss: CacheMiss | None) -> list[Share]:
    """Divide into what a lost cache cost above reading it, with the tokens paid anew, and all else."""
    if miss is None:
        return [Share(KEPT, amounts)]
    cost_nano, *counters, unpriced_tokens = amounts
    usage = Usage(*counters)
    lost_nano, left = min(miss.cost_nano, cost_nano), miss.lost_tokens
    taken = []
    for fresh in (usage.cache_write_5m, usage.cache_write_1h, usage.input):
        taken.append(min(left, fresh))
        left -= taken[-1]
    lost = Usage(input=taken[2], cache_write_5m=taken[0], cache_write_1h=taken[1])
    part = (lost_nano, *lost, 0 if lost_nano else min(unpriced_tokens, lost.tokens))
    rest = tuple(whole - amount for whole, amount in zip(amounts, part, strict=True))
    return [Share(Target(miss.cause, CAUSES[miss.cause]), part, has_output=False), Share(KEPT, rest)]
