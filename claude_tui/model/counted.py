"""What is counted: token counters, rows, responses, prices, problems, sums. Must not know what is made of them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from claude_tui.records import NamedTuple

if TYPE_CHECKING:
    from datetime import date

NEVER_MS: Final = 2**62
"""Later than any instant."""

MAX_COUNT: Final = 2**53
"""Counters at or above this are not token counts: JavaScript could not have written them exactly."""


class Usage(NamedTuple):
    """The disjoint token counters of one response, as counted, plus web searches (requests)."""

    input: int = 0
    output: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    web_search: int = 0

    @property
    def tokens(self) -> int:
        """All tokens of the response, cache included."""
        return self.input + self.output + self.cache_write_5m + self.cache_write_1h + self.cache_read

    @property
    def prompt(self) -> int:
        """All input tokens: the size that decides the long-prompt tier and fills the context gauge."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


class PriceStatus(str, Enum):
    """How a cost was determined. PARTIAL: a part of the record has no price and is not in the cost."""

    PRICED = "priced"
    PARTIAL = "partial"
    REPORTED = "reported"
    FREE = "free"
    UNPRICED = "unpriced"


ESTIMATE_FLAGS: Final = frozenset({
    "assumed_5m", "split_short", "split_over", "fast_price_unknown", "tier_ambiguous", "fallback_credit",
    "cost_recomputed", "service_tier_unknown", "tier_as_requested", "terms_unreadable",
})  # fmt: skip
"""Flags of a price that is based on an assumption."""


class Price(NamedTuple):
    """The list price of one record.

    `nano` is None exactly if `status` is UNPRICED. `read_saved_nano` is what the cache reads would cost as plain input
    minus their cost; `write_extra_nano` is what the cache writes cost above plain input. `premium_milli` are
    thousandths of premium requests, which a client's plan counts beside money.
    """

    nano: int | None
    status: PriceStatus
    flags: tuple[str, ...] = ()
    read_saved_nano: int = 0
    write_extra_nano: int = 0
    premium_milli: int = 0

    @property
    def is_estimate(self) -> bool:
        """Whether the cost is based on an assumption about something that is not in the log."""
        return bool(self.flags) and not ESTIMATE_FLAGS.isdisjoint(self.flags)


class Extra(NamedTuple):
    """Usage billed beside a response and not inside its counters: an advisor, a compaction, paused responses, or
    attempts that another model took over.

    `kind` is "advisor", "compaction", "paused" or "fallback"; `model` is the model it is billed at; `terms` as in
    `UsageRow`.
    """

    kind: str
    model: str
    usage: Usage
    terms: str = ""


class UsageRow(NamedTuple):
    """One line (or record) of a log with usage, before the rows of one response are settled into one.

    `key` identifies the response. `time_ms` is the row's own instant. `agent` is "" on the main chain. `cwd` is the
    row's own folder, "" if it has none. `terms` is "" if the counters alone decide the price, else the JSON text of the
    client's usage object, which `pricing` reads. `offset` is the byte (or record) position of the row in its file.
    `reported_nano` is a cost the client itself logged.
    """

    key: str
    time_ms: int
    session: str
    agent: str
    cwd: str
    model: str
    usage: Usage
    terms: str = ""
    extras: tuple[Extra, ...] = ()
    is_copy: bool = False
    is_sidechain: bool = False
    is_lower_bound: bool = False
    reported_nano: int | None = None
    offset: int = 0


UNLOGGED: Final = "unlogged"
"""What a session used beyond all that its log shows, as the client itself counted: tokens and cost of no response."""


LOGGED: Final = "log"
TOLD: Final = "telemetry"
BOTH: Final = "both"
"""Where a response is known from: a client's log, what the client told over OpenTelemetry, or both."""


class Response(NamedTuple):
    """One settled response (or one extra of it): `export` writes one line for each.

    `project` is the folder the session was started in. `path` and `offset` locate the counted row. `extra` is the kind
    of an extra (see `Extra`), UNLOGGED for what only the client's own totals show of a session and a model, "" for the
    response itself. `is_fast`: served in fast mode.

    `origin` says whether a log tells of it, the client's telemetry, or both. `kind` is what the telemetry says it was
    for, `effort` and `speed` how it was asked, "" if that is not told; `client_nano` what the client says it cost.
    """

    key: str
    source: str
    time_ms: int
    session: str
    agent: str
    project: str
    model: str
    usage: Usage
    price: Price
    is_lower_bound: bool
    path: str = ""
    offset: int = 0
    extra: str = ""
    is_fast: bool = False
    origin: str = LOGGED
    kind: str = ""
    effort: str = ""
    speed: str = ""
    client_nano: int | None = None


class ProblemKind(str, Enum):
    """Why something in the logs was skipped or is in doubt. LEDGER: a row of the ledger is invalid. UNRECOGNISED:
    nothing in a log is known, so all of it may be missing."""

    MALFORMED = "malformed"
    OVERSIZE = "oversize"
    UNREADABLE = "unreadable"
    UNKNOWN_SHAPE = "unknown_shape"
    BAD_COUNT = "bad_count"
    NUL_RUN = "nul_run"
    UNDATED = "undated"
    FUTURE = "future"
    LEDGER = "ledger"
    UNFINISHED = "unfinished"
    UNRECOGNISED = "unrecognised"


class Problem(NamedTuple):
    """One thing that was skipped or is in doubt, and its place: file, byte offset, a short reason."""

    kind: ProblemKind
    path: str
    offset: int
    detail: str = ""


class Totals(NamedTuple):
    """Sums over any set of responses. Every section of every view adds up to the same totals, to the nanodollar.

    `responses` counts API responses; extras add tokens and cost but no response. `lower_bound` counts responses whose
    output is only the placeholder the client logged, `flagged` those whose price is based on an assumption.
    `unpriced_*` are not in `cost_nano`, nor are premium requests, which are counted in thousandths.
    `first_ms`/`last_ms` are 0 if nothing was counted.
    """

    responses: int = 0
    input: int = 0
    output: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    web_search: int = 0
    cost_nano: int = 0
    read_saved_nano: int = 0
    write_extra_nano: int = 0
    lower_bound: int = 0
    flagged: int = 0
    unpriced_responses: int = 0
    unpriced_tokens: int = 0
    premium_milli: int = 0
    first_ms: int = 0
    last_ms: int = 0

    @property
    def tokens(self) -> int:
        """All tokens, cache included."""
        return self.input + self.output + self.cache_write_5m + self.cache_write_1h + self.cache_read

    @property
    def cache_write(self) -> int:
        """Cache writes of both lifetimes."""
        return self.cache_write_5m + self.cache_write_1h

    @property
    def cache_hit(self) -> float | None:
        """Cache reads as a share (0..1) of all input; None without input."""
        prompt = self.input + self.cache_write + self.cache_read
        return self.cache_read / prompt if prompt else None


RESPONSES: Final = Totals._fields.index("responses")
COST: Final = Totals._fields.index("cost_nano")
UNPRICED_TOKENS: Final = Totals._fields.index("unpriced_tokens")
PREMIUM: Final = Totals._fields.index("premium_milli")
FIRST: Final = Totals._fields.index("first_ms")
LAST: Final = Totals._fields.index("last_ms")
"""Positions in totals that are kept as a plain list. Every position before FIRST is a plain sum."""


class Query(NamedTuple):
    """Which responses a snapshot covers. None and "" mean no restriction; days are local and inclusive.

    `project` is what folders count under (see `engine.state.projects`), `account` a folder of a client.
    """

    since: date | None = None
    until: date | None = None
    model: str = ""
    project: str = ""
    session: str = ""
    source: str = ""
    account: str = ""
