"""The nouns of an explanation: what was read, what counts, what was dropped and why, which prices were used.

Must not know how any of it is found out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.client_totals import ClientSession
from claude_tui.engine.queries.telemetry import TelemetryFigures
from claude_tui.model import ESTIMATE_FLAGS, Usage
from claude_tui.pricing.explain import RateRow
from claude_tui.records import NamedTuple
from claude_tui.sources.auditing.audit import COPY, INHERITED, MIGRATED, PROGRESS, RESTATED, SIDE_QUESTION

COUNTED: Final = "counted"
REPEATED: Final = "repeated"
FORKED: Final = "forked"

REASONS: Final[Mapping[str, str]] = {
    COUNTED: "the row that counts",
    REPEATED: "the same response again in the same file: one row is logged per block of its content, or per change",
    COPY: "the same response in another file: the session was resumed or forked",
    SIDE_QUESTION: "a side question replays the rows of its parent",
    PROGRESS: "progress of a sub-agent, whose own rows count",
    FORKED: "the same response in another session of the database: the session was forked",
    INHERITED: "a fork repeats the history of its parent, where it counts",
    RESTATED: "the same usage told once more, as a running total",
    MIGRATED: "the same message in an older storage of the client, from which it was taken over",
}
"""In words, why a row counts or does not count."""

FLAGS: Final[Mapping[str, str]] = {
    "unlogged": "calls that no log shows, as the client itself counted them",
    "at_least": "such calls, of which there may have been more",
    "assumed_5m": "cache writes of unknown lifetime, priced as 5 minutes",
    "split_short": "the split of cache writes did not add up; the rest is priced as 5 minutes",
    "split_over": "the split of cache writes exceeded their sum; the split is used",
    "fast_price_unknown": "fast mode, for which no price is known; priced as usual",
    "tier_ambiguous": "the prompt tier is not certain",
    "fallback_credit": "partly credited by the client",
    "cost_reported_by_tool": "the cost is what the client logged, as it is",
    "long_context_tier": "a long prompt, at the price for those",
    "declined_attempt_free": "an attempt that was declined costs nothing",
    "code_execution_time_unknown": "code was executed for a time that is not logged and not in the cost",
    "cost_recomputed": "the client logged a cost; recomputed from its tokens",
    "service_tier_unknown": "an unknown service tier, priced as standard",
    "tier_as_requested": "priced at the requested service tier; the tier that served it is not logged",
    "terms_unreadable": "unreadable terms, priced by the counters alone",
}
"""What the flags of a price mean, in words."""


class RowFound(NamedTuple):
    """One log row of a response. `reason` is a key of REASONS; `is_owner`: it decides whose response this is.

    `line` is 0 in a database: `table` and `record` (the id of what has the usage) say the place there, `offset` is the
    number of the table's row.
    """

    path: str
    line: int
    offset: int
    time_ms: int
    session: str
    agent: str
    usage: Usage
    reason: str
    is_owner: bool = False
    table: str = ""
    record: str = ""


class RateUse(NamedTuple):
    """A row of the price table and what was priced with it. `None` stands for reported or free of charge."""

    rate: RateRow
    responses: int
    cost_nano: int


class Unpriced(NamedTuple):
    """A model without a known price."""

    model: str
    responses: int
    tokens: int


@dataclass(slots=True)
class Explanation:
    """How a number is made up. Counts refer to what was examined: everything if `is_complete`.

    Of `looked_at` of the `to_look_at` records: `responses` (with `extras` by kind beside them), `lower_bounds` whose
    output is only the placeholder the client logged, `estimates` by the flag of the price, `unpriced`, `reported` (cost
    as the client logged it), `free`, and `rates`, most expensive first; a response priced by several rows is under
    each, its cost under the first. `flags` are all flags of prices.

    Of the logs: `usage_rows` = `counted_rows` + everything in `duplicates` (by reason, see REASONS). `passed_over` are
    rows with usage that are not requests, or that tell what others tell.

    `clients` are those whose responses these are.

    `telemetry` is what that tells beside the logs, None if none is read.

    `client` are the sessions the client told a total of; `unlogged_nano` of the cost is what only these show.

    For a single response, `rows` are all its rows, in order, and `why` says why the counted one was chosen. `problem`
    says what could not be explained.
    """

    prices: str = ""
    clients: tuple[str, ...] = ()
    responses: int = 0
    looked_at: int = 0
    to_look_at: int = 0
    extras: Counter[str] = field(default_factory=Counter)
    cost_nano: int = 0
    lower_bounds: int = 0
    reported: int = 0
    free: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    unpriced: tuple[Unpriced, ...] = ()
    rates: tuple[RateUse, ...] = ()
    files: int = 0
    files_total: int = 0
    lines: int = 0
    bytes_read: int = 0
    usage_rows: int = 0
    counted_rows: int = 0
    duplicates: Counter[str] = field(default_factory=Counter)
    passed_over: int = 0
    unlogged_nano: int = 0
    client: tuple[ClientSession, ...] = ()
    telemetry: TelemetryFigures | None = None
    files_gone: int = 0
    rows: tuple[RowFound, ...] = ()
    why: str = ""
    problem: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether everything was examined."""
        return self.looked_at == self.to_look_at and self.files == self.files_total

    @property
    def not_logged(self) -> dict[str, tuple[str, ...]]:
        """What the clients never write to their logs, by the names of the clients; every total is a lower bound.

        Of a client of which telemetry tells all that its logs have, what it tells beside is no longer missing.
        """
        whole = self.telemetry.whole if self.telemetry is not None else frozenset[str]()
        return {
            client.label: tuple(
                name for name in client.not_logged if client.name not in whole or name not in client.told
            )
            for client in (CLIENTS[name] for name in self.clients or ("claude",) if name in CLIENTS)
        }

    @property
    def estimates(self) -> dict[str, int]:
        """The flags of prices that are based on an assumption, and how often they occur."""
        return {flag: count for flag, count in self.flags.items() if flag in ESTIMATE_FLAGS}
