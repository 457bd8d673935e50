"""Sessions as the client itself counted them, beside what their logs show. Must not change the store it reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from claude_tui.engine.queries.responses import covers, lines_of, unlogged_lines
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.unlogged.by_session import SOURCE
from claude_tui.model import Query, Response
from claude_tui.records import NamedTuple


class ClientSession(NamedTuple):
    """One session the client told a total of. Costs are at our list prices but for `client_nano`, the client's own.

    `client_nano` is what it counted in this session, without what a fork took over from its parent. `responses` and
    `logged_nano` are what the log shows of the session, of which `uncovered` responses are in no total. `unlogged_nano`
    and `unlogged_tokens` are what only the totals or telemetry show, `estimated_output` output the client estimated of
    answers that were cut off. `is_lower_bound`: more may be missing, for the reasons in `notes`.
    """

    session: str
    project: str
    client_nano: int
    responses: int
    logged_nano: int
    uncovered: int
    unlogged_nano: int
    unlogged_tokens: int
    estimated_output: int
    is_lower_bound: bool
    notes: tuple[str, ...]


def client_sessions(store: Store, query: Query) -> list[ClientSession]:
    """Return the sessions of which the client told a total, as far as `query` names them, by what is not logged.

    Days and models are not looked at: a total is of a whole session.
    """
    with store.lock:
        store.settle()
        whole = query._replace(since=None, until=None, model="")
        logged: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for key, sums in store.cells.all.items():
            owner = store.owners[key.owner]
            if owner.source == SOURCE and owner.session in store.unlogged.all:
                logged[owner.session][0] += sums[0]
                logged[owner.session][1] += sums[7]
        unlogged: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for line in unlogged_lines(store, Query()):
            unlogged[line.session][0] += line.price.nano or 0
            unlogged[line.session][1] += line.usage.tokens
        for line in _only_told(store):
            logged[line.session][0] -= 1
            unlogged[line.session][0] += line.price.nano or 0
            unlogged[line.session][1] += line.usage.tokens
        found = []
        for session, left in store.unlogged.all.items():
            owner = store.unlogged_owner(session)
            project = store.project_of(owner)
            if not covers(store, owner, whole):
                continue
            nano, tokens = unlogged[session]
            responses, all_nano = logged[session]
            found.append(
                ClientSession(
                    session, project, left.spent_nano, responses, all_nano - nano, left.uncovered, nano, tokens,
                    left.estimated_output, left.is_lower_bound, left.notes,
                )
            )  # fmt: skip
    return sorted(found, key=lambda one: (-one.unlogged_nano, -one.unlogged_tokens, one.session))


def _only_told(store: Store) -> Iterator[Response]:
    """Yield the responses of these sessions that only telemetry tells."""
    events = store.events if store.is_telemetry_read else None
    for event in events.rows - events.paired_with.keys() if events is not None else ():
        line = next(lines_of(store, event))
        if line.source == SOURCE and line.session in store.unlogged.all:
            yield line
