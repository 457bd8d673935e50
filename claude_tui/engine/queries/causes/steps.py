"""Divides what a query covers, in steps of some milliseconds. Must not lock: whoever takes a step holds the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from claude_tui.engine.queries.causes.alike import AlikeRows
from claude_tui.engine.queries.causes.context.context import CONTEXT, Context
from claude_tui.engine.queries.causes.context.kept import KeptTotals
from claude_tui.engine.queries.causes.costs.billing import BilledLine, Biller
from claude_tui.engine.queries.causes.costs.doubts import NO_DOUBTS, Doubts
from claude_tui.engine.queries.causes.costs.misses import CacheMiss
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS, NO_ROW
from claude_tui.engine.queries.causes.division import Division
from claude_tui.engine.queries.causes.known.book import CauseBook
from claude_tui.engine.queries.causes.known.facts import Finder
from claude_tui.engine.queries.causes.of_which import of_which
from claude_tui.engine.queries.causes.sums import Sums
from claude_tui.engine.queries.causes.tables import NOT_LOGGED, CauseOf, CauseTable, OfWhich
from claude_tui.engine.queries.responses import matching_rows, unlogged_lines
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, Response
from claude_tui.records import NamedTuple

STEP: Final = 64
"""Responses that are divided before it is asked whether others may have the store."""
MANY: Final = 1 << 10
"""The same of those that are put into groups."""


class Dividend(NamedTuple):
    """What is divided: the responses of a store, with what their logs say of causes, and the lost caches by row."""

    store: Store
    book: CauseBook
    biller: Biller
    misses: Mapping[int, CacheMiss]

    def of_which(self, rows: Collection[int], model: str) -> OfWhich:
        """Return what may have been avoided in the costs of some rows. See `of_which`."""
        return of_which(self.store, self.book, self.biller, self.misses, rows, model)


def by_response(
    dividend: Dividend, query: Query, by: str, division: Division, finder: Finder
) -> Iterator[CauseTable | None]:
    """Divide by what single responses say; yields None after each step, the table at last."""
    store = dividend.store
    sums, responses, total_nano, doubts = Sums(), 0, 0, Doubts()
    rows = one_by_one = matching_rows(store, query)
    table, owners = store.table, store.owners
    if AlikeRows.can_divide(by) and not query.model:
        alike = AlikeRows(store, dividend.book, division, dividend.misses, by)
        one_by_one = []
        for start in range(0, len(rows), MANY):
            one_by_one += alike.add(rows[start : start + MANY])
            yield None
        for number, (of_group, group) in enumerate(alike.groups()):
            if not number % STEP:
                yield None
            if group is None:
                one_by_one += of_group
                continue
            row, share, count, last_ms = group
            owner = owners[table.owner[row]]
            agent = (owner.session, owner.agent) if owner.agent else None
            sums.add([share], last_ms, responses=count, agent=agent)
            cost_nano = share.amounts[0]
            responses, total_nano = responses + count, total_nano + cost_nano
            if by == "agent":
                sums.add_of_agent(share.target, store.models[table.model[row]], cost_nano, None)
            if by == "tool" and agent is not None and (tool := finder.starter(row)):
                sums.add_started(tool, agent, cost_nano)
    for number, row in enumerate(one_by_one):
        if not number % STEP:
            yield None
        lines = division.lines(row, query.model)
        owner = owners[table.owner[row]]
        agent = (owner.session, owner.agent) if owner.agent else None
        is_response = not query.model or query.model == store.models[table.model[row]]
        doubted = lines[0].doubts if len(lines) == 1 else Doubts.together(line.doubts for line in lines)
        shares = division.shares(row, lines)
        sums.add(shares, table.time[row], responses=int(is_response), agent=agent, doubts=doubted)
        doubts = doubts if doubted is NO_DOUBTS else Doubts.together((doubts, doubted))
        cost_nano = lines[0].cost_nano if len(lines) == 1 else sum(line.cost_nano for line in lines)
        responses, total_nano = responses + is_response, total_nano + cost_nano
        if by == "agent" and is_response:
            (target,) = {share.target for share in shares}
            sums.add_of_agent(target, store.models[table.model[row]], cost_nano, dividend.misses.get(row))
        if by == "tool" and agent is not None and (tool := finder.starter(row)):
            sums.add_started(tool, agent, cost_nano)
    for one in unlogged_lines(store, query):
        line = line_of(one)
        sums.add(division.unlogged(line), one.time_ms, responses=0, doubts=line.doubts)
        doubts = Doubts.together((doubts, line.doubts))
        total_nano += line.cost_nano
    notes = DIMENSIONS[by].notes if by in ("kind", "cache") else (*DIMENSIONS[by].notes, NO_ROW)
    of_which = dividend.of_which(rows, query.model)
    yield CauseTable(by, DIMENSIONS[by].convention, total_nano, responses, sums.rows(), of_which, notes, doubts)


def by_context(dividend: Dividend, contexts: KeptTotals, query: Query) -> Iterator[CauseTable | None]:
    """Divide by what prompts were made of, in steps as `by_response` does."""
    store = dividend.store
    rows = matching_rows(store, query)
    context = Context(store, dividend.book, dividend.biller, dividend.misses, contexts, query.model)
    for _ in context.add(rows):
        yield None
    for one in unlogged_lines(store, query):
        context.add_nothing_logged([line_of(one)], NOT_LOGGED)
    made, model = context.rows(), query.model
    models, model_of = store.models, store.table.model
    responses = sum(model == models[model_of[row]] for row in rows) if model else len(rows)
    about = DIMENSIONS[CONTEXT]
    total_nano = sum(row.cost_nano for row in made)
    of_which = dividend.of_which(rows, model)
    notes = (*about.notes, NO_ROW)
    yield CauseTable(CONTEXT, about.convention, total_nano, responses, made, of_which, notes, context.doubts)


def line_of(unlogged: Response) -> BilledLine:
    """Return what is billed for calls that no log shows."""
    price = unlogged.price
    return BilledLine(
        unlogged.source,
        unlogged.model,
        unlogged.time_ms,
        unlogged.usage,
        "",
        price.nano or 0,
        doubts=Doubts.of(price, unlogged.usage.tokens, is_response=False),
    )


def shares_of(division: Division, rows: Iterable[int], model: str, of: CauseOf) -> list[tuple[int, int, Doubts]]:
    """Return the rows of which something goes where one asks for, each with how much, and the doubts of that."""
    found = []
    for row in rows:
        lines = division.lines(row, model)
        parts = [share for share in division.shares(row, lines) if share.target.is_of(of)]
        if parts:
            doubts = Doubts.together(line.doubts for line in lines)
            if not any(share.has_output for share in parts):
                doubts = doubts.but_for_output()
            found.append((row, sum(share.amounts[0] for share in parts), doubts))
    return found
