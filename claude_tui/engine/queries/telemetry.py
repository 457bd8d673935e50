"""What telemetry tells beside the logs: how many responses each knows, day by day, what only it knows, and prices.

Costs what there are events, not what there are responses. Must not change the store it reads.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from claude_tui.engine.queries.responses import covers, lines_of, totals_of
from claude_tui.engine.state.store import Store
from claude_tui.model import FIRST, RESPONSES, Query, Response, Totals
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import LOWER_BOUND, is_sum_of_calls
from claude_tui.sources.values.display import display_name
from claude_tui.units import MINUTE_MS

EXACT_NANO: Final = 1_000
"""The client's costs are floating-point numbers: less than a microdollar is no difference."""

NAMES: Final = {
    "generate_session_title": "title", "compact": "compaction", "side_question": "side question",
    "web_search_tool": "web search", "auto_mode": "check of auto mode", "prompt_suggestion": "suggested prompt",
    "main": "turn", "user": "turn", "agent": "sub-agent turn", "subagent": "sub-agent turn", "sdk": "turn",
    "repl_main_thread": "turn", "utility_next_speaker": "check who speaks next", "utility_router": "choice of a model",
    "utility_tool": "call of a tool", "utility_compressor": "compression", "utility_summarizer": "summary",
    "utility_loop_detector": "loop check",
}  # fmt: skip
"""In words, what clients call the kinds of their calls."""
LATE_MS: Final = 2 * MINUTE_MS
"""So long after a response its event may still come: clients send them some seconds later."""

UNNAMED: Final = "call without a name"
UNNAMED_OF: Final = {"codex": "title/memory/ephemeral call"}
"""What a client's calls are that have no name of their own and are in no log."""


class TelemetryDay(NamedTuple):
    """One local day: responses in the logs, how many of them telemetry tells too, and those only it tells."""

    day: date
    logged: int
    covered: int
    only_told: int


class ToldKind(NamedTuple):
    """Responses that only telemetry tells, of one client and one kind as the client names it."""

    source: str
    kind: str
    totals: Totals


class TelemetryFigures(NamedTuple):
    """What telemetry adds to what a query covers. `raised` are lower bounds that have their final output from it.

    `whole` are the clients of which it tells everything that their logs have.
    """

    days: tuple[TelemetryDay, ...] = ()
    kinds: tuple[ToldKind, ...] = ()
    raised: int = 0
    whole: frozenset[str] = frozenset()

    @property
    def logged(self) -> int:
        """Responses in the logs."""
        return sum(day.logged for day in self.days)

    @property
    def covered(self) -> int:
        """Those of them that telemetry tells, too."""
        return sum(day.covered for day in self.days)

    @property
    def only_told(self) -> int:
        """Responses only telemetry tells."""
        return sum(day.only_told for day in self.days)

    @property
    def only_told_nano(self) -> int:
        """What these cost."""
        return sum(one.totals.cost_nano for one in self.kinds)


class PriceDifference(NamedTuple):
    """A response that the client says cost something else than ours with all that is billed beside it, and why."""

    response: Response
    ours_nano: int | None
    client_nano: int
    cause: str


def telemetry_figures(store: Store, query: Query) -> TelemetryFigures | None:
    """Return what telemetry tells, None if none is read."""
    if not store.is_telemetry_read:
        return None
    with store.lock:
        store.settle()
        events = store.events
        logged, covered, only = Counter[int](), Counter[int](), Counter[int]()
        kinds: defaultdict[tuple[str, str], list[Response]] = defaultdict(list)
        missed, told = Counter[str](), set[str]()
        raised = 0
        for event in sorted(events.rows) if events is not None else ():
            row = events.paired_with.get(event, event) if events is not None else event
            if not _is_covered(store, store.table.time[row], store.table.owner[row], store.table.model[row], query):
                continue
            day = store.calendar.day_hour(store.table.time[row])[0]
            if row != event:
                covered[day] += 1
                source = store.owners[store.table.owner[row]].source
                told.add(source)
                missed[source] -= 1
                raised += row in store.table.as_logged
            else:
                line = next(lines_of(store, row))
                only[day] += 1
                missed[line.source] -= 1
                kinds[line.source, line.kind].append(line)
        for key, sums in store.cells.all.items():
            if _is_covered(store, sums[FIRST], key.owner, key.model, query):
                logged[key.day] += sums[RESPONSES]
                missed[store.owners[key.owner].source] += sums[RESPONSES]
        days = tuple(
            TelemetryDay(date.fromordinal(day), logged[day] - only[day], covered[day], only[day])
            for day in sorted(logged.keys() | only.keys())
            if logged[day]
        )
    made = (ToldKind(source, kind, totals_of(lines)) for (source, kind), lines in kinds.items())
    ordered = sorted(made, key=lambda one: (-one.totals.cost_nano, -one.totals.tokens, one.source, one.kind))
    return TelemetryFigures(days, tuple(ordered), raised, frozenset(name for name in told if not missed[name]))


def cover_of_today(store: Store, now_ms: int) -> tuple[int, int]:
    """Return how many responses the logs have of today, of clients that told anything today, and how many of them
    telemetry has, too. Streams that were cut off are left out, for nobody tells of them, and so are the last minutes.

    (0, 0) before single responses are loaded.
    """
    logged, told, telling = Counter[str](), Counter[str](), set[str]()
    with store.lock:
        store.settle()
        table, today = store.table, store.calendar.day_hour(now_ms)[0]
        since_ms, _ = store.calendar.span_ms(today)
        for row in store.rows_between(since_ms - 1, now_ms - LATE_MS):
            source = store.owners[table.owner[row]].source
            if table.is_event(row):
                telling.add(source)
            elif not table.logged_as(row).flags & LOWER_BOUND and not is_sum_of_calls(table.terms.get(row, "")):
                logged[source] += 1
                told[source] += row in table.told
    clients = {source for source in logged if told[source] or source in telling}
    return sum(logged[source] for source in clients), sum(told[source] for source in clients)


def price_differences(store: Store) -> list[PriceDifference]:
    """Return the responses that the client says cost something else than we do, by difference, the largest first."""
    with store.lock:
        store.settle()
        found = list(_differences(store))
    return sorted(found, key=lambda one: (-abs((one.ours_nano or 0) - one.client_nano), one.response.key))


def kind_name(kind: str, source: str) -> str:
    """Return in words what a call of a client was for."""
    if kind.startswith("agent:"):
        return "sub-agent turn"
    return NAMES.get(kind, kind.replace("_", " ")) or UNNAMED_OF.get(source, UNNAMED)


def kinds_text(figures: TelemetryFigures) -> str:
    """Return what only telemetry tells by kind, the most frequent first: "1 title, 2 × compaction"."""
    kinds: Counter[str] = Counter()
    for one in figures.kinds:
        kinds[kind_name(one.kind, one.source)] += one.totals.responses
    return ", ".join(
        f"{number:,} {'' if number == 1 else '× '}{display_name(kind)}" for kind, number in kinds.most_common()
    )


def _differences(store: Store) -> Iterator[PriceDifference]:
    events = store.events
    if events is None:
        return
    for event in sorted(events.rows):
        row = events.paired_with.get(event, event)
        line, *extras = lines_of(store, row)
        if line.client_nano is None:
            continue
        costs = [one.price.nano for one in (line, *extras)]
        ours = None if None in costs else sum(nano or 0 for nano in costs)
        if ours is None or abs(ours - line.client_nano) >= EXACT_NANO:
            yield PriceDifference(line, ours, line.client_nano, _cause(store.terms(row), line, extras))


def _cause(terms: str, line: Response, extras: Sequence[Response]) -> str:
    """Return why the client's cost may be another one."""
    flags = {flag for one in (line, *extras) for flag in one.price.flags}
    if line.price.nano is None:
        return "a model without a published price: the client guesses one"
    if flags & {"declined_attempt_free", "fallback"} or '"fallback_message"' in terms:
        return "another model took over: it is billed at its own price, the client uses that of the model it asked"
    if "assumed_5m" in flags:
        return "how long the cache writes live is not logged"
    if "us_inference_1.1x" in flags:
        return "inference in the US costs 1.1 times as much"
    if extras:
        return "what is billed beside the response"
    return "another price"


def _is_covered(store: Store, time_ms: int, owner: int, model: int, query: Query) -> bool:
    return (
        (query.since or date.min) <= store.calendar.day(time_ms) <= (query.until or date.max)
        and query.model in ("", store.models[model])
        and covers(store, store.owners[owner], query)
    )
