"""The nouns every layer shares: counters, rows, responses, totals, snapshots.

Frozen, slotted and free of behaviour beyond sums. Tokens and money are integers everywhere: money in
nanodollars (1e-9 USD), time in milliseconds since the Unix epoch, UTC. This module must not know where
numbers come from or how they are shown, and imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Final, NamedTuple

SOURCES: Final = ("claude", "gemini", "opencode", "codex")
"""Every client whose logs can be read, in the order they are listed."""


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
        """Every token of the response, cache included."""
        return self.input + self.output + self.cache_write_5m + self.cache_write_1h + self.cache_read

    @property
    def prompt(self) -> int:
        """Tokens that went in: what the long-prompt tier and the context gauge look at."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


class PriceStatus(str, Enum):
    """How a cost came to be. PARTIAL: a part of the record has no price and is left out."""

    PRICED = "priced"
    PARTIAL = "partial"
    REPORTED = "reported"
    FREE = "free"
    UNPRICED = "unpriced"


ESTIMATE_FLAGS: Final = frozenset({
    "assumed_5m", "split_short", "split_over", "fast_price_unknown", "tier_ambiguous", "fallback_credit",
    "cost_recomputed", "service_tier_unknown", "tier_as_requested", "terms_unreadable",
})  # fmt: skip
"""Flags of a price that say something had to be assumed."""


class Price(NamedTuple):
    """What one record costs at list price.

    `nano` is None exactly when `status` is UNPRICED. `read_saved_nano` is what the cache reads would have
    cost as plain input minus what they cost; `write_extra_nano` what cache writes cost above plain input.
    """

    nano: int | None
    status: PriceStatus
    flags: tuple[str, ...] = ()
    read_saved_nano: int = 0
    write_extra_nano: int = 0

    @property
    def is_estimate(self) -> bool:
        """Whether the cost rests on an assumption about something the log does not say."""
        return bool(self.flags) and not ESTIMATE_FLAGS.isdisjoint(self.flags)


class Extra(NamedTuple):
    """Usage billed beside a response and not inside its counters: an advisor, a compaction, paused responses, attempts
    that another model took over from.

    `kind` is "advisor", "compaction", "paused" or "fallback"; `model` the model it is billed at; `terms` as in `Row`.
    """

    kind: str
    model: str
    usage: Usage
    terms: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line (or record) of a log that carries usage, before rows of one response are settled into one.

    `key` names the response. `time_ms` is the row's own instant. `agent` is "" on the main chain. `cwd` is
    the row's own folder, "" if it has none. `terms` is "" when the counters alone decide the price, else the
    JSON text of the client's usage object, which `pricing` reads. `offset` is the byte (or record) position
    of the row in its file. `reported_nano` is a cost the client itself logged.
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


class Response(NamedTuple):
    """One settled response (or one extra of it): what `export` writes, one line each.

    `project` is the folder the session was started in. `path` and `offset` say where the counted row is.
    `extra` is the kind of an extra (see `Extra`), UNLOGGED for what only the client's own totals show of a session and
    a model, "" for the response itself. `is_fast`: served in fast mode.
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


class ProblemKind(str, Enum):
    """Why something in the logs was skipped or doubted. LEDGER: a row of the history makes no sense."""

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


class Problem(NamedTuple):
    """One thing that was skipped or doubted, and where: file, byte offset, a short reason."""

    kind: ProblemKind
    path: str
    offset: int
    detail: str = ""


class Totals(NamedTuple):
    """Sums over any set of responses. Any section of any view adds up to the same totals, to the nanodollar.

    `responses` counts API responses; extras add tokens and cost but no response. `lower_bound` counts
    responses whose output is only the placeholder the client logged, `flagged` those whose price rests on an
    assumption. `unpriced_*` are outside `cost_nano`. `first_ms`/`last_ms` are 0 where nothing was counted.
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
    first_ms: int = 0
    last_ms: int = 0

    @property
    def tokens(self) -> int:
        """Every token, cache included."""
        return self.input + self.output + self.cache_write_5m + self.cache_write_1h + self.cache_read

    @property
    def cache_write(self) -> int:
        """Cache writes of both lifetimes."""
        return self.cache_write_5m + self.cache_write_1h

    @property
    def cache_hit(self) -> float | None:
        """Cache reads as a share (0..1) of everything that went in; None without input."""
        prompt = self.input + self.cache_write + self.cache_read
        return self.cache_read / prompt if prompt else None


class SessionState(str, Enum):
    """What a session is doing, judged from the tail of its log and its live registry entry."""

    WORKING = "working"
    WAITING = "waiting"
    IDLE = "idle"
    DONE = "done"


class ModelRow(NamedTuple):
    """One model over the selected period. `key` is the raw id, `name` the same made safe to show.

    `spark` is cost in nanodollars per local day, the last 30 days up to today, oldest first.
    """

    key: str
    name: str
    source: str
    totals: Totals
    spark: tuple[int, ...] = ()


class ProjectRow(NamedTuple):
    """One project over the selected period. `key` is the folder, worktrees folded into their repository."""

    key: str
    name: str
    source: str
    sessions: int
    totals: Totals
    spark: tuple[int, ...] = ()


class AgentRow(NamedTuple):
    """One sub-agent of a session."""

    key: str
    name: str
    totals: Totals
    models: tuple[str, ...] = ()


class SessionRow(NamedTuple):
    """One session over the selected period, its sub-agents inside.

    `context_tokens` is the prompt of the last main-chain response (or what a compaction left of it),
    `context_window` the window assumed for it (0 unknown). `compacted_tokens` is what the newest of `compactions`
    found (0 unknown). `cost_per_hour_nano` is the cost of the last 10 minutes, per hour. `agents` are sorted by key.
    """

    key: str
    name: str
    source: str
    project: str
    project_name: str
    branch: str
    version: str
    models: tuple[str, ...]
    totals: Totals
    agents: tuple[AgentRow, ...] = ()
    state: SessionState = SessionState.DONE
    context_tokens: int = 0
    context_window: int = 0
    compactions: int = 0
    compacted_tokens: int = 0
    cost_per_hour_nano: int = 0


class DayRow(NamedTuple):
    """One local calendar day. `is_remembered` says that logs of it are gone and the ledger kept what they said."""

    day: date
    totals: Totals
    is_remembered: bool = False


class Burn(NamedTuple):
    """Spend and tokens of the last minutes, per hour; decays to zero by itself when nothing happens."""

    last_5m_nano: int = 0
    last_15m_nano: int = 0
    last_60m_nano: int = 0


class Phase(str, Enum):
    """What the engine is doing."""

    DISCOVERING = "discovering"
    SCANNING = "scanning"
    LIVE = "live"
    POLLING = "polling"
    STOPPED = "stopped"


class Progress(NamedTuple):
    """How far a scan is, and what is watched after it. `eta_s` is None while unknown.

    `history` says why what outlives the logs is not read or not kept, `detail` what else is less than it should be.
    """

    phase: Phase = Phase.DISCOVERING
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    eta_s: float | None = None
    detail: str = ""
    history: str = ""


class Query(NamedTuple):
    """Which responses a snapshot covers. None and "" mean no restriction; days are local and inclusive.

    With `fold_worktrees` a worktree (`<repository>/.claude/worktrees/<name>`) counts as its repository.
    """

    since: date | None = None
    until: date | None = None
    model: str = ""
    project: str = ""
    session: str = ""
    source: str = ""
    fold_worktrees: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everything the screen and the reports show, at one revision. Immutable; safe to read from any thread.

    `totals` and the rows cover `query`; `today`, `burn`, `tokens_per_minute` (60 values, oldest first),
    `active_sessions` and `newest_ms` always cover everything. `days` holds only days with data, in order;
    `day_models` maps a day to {model key: cost in nanodollars}. `problems` counts by kind. `sources` are the clients
    anything was counted of, whatever the query, in the order of SOURCES.
    """

    revision: int
    taken_ms: int
    timezone: str
    query: Query
    totals: Totals
    models: tuple[ModelRow, ...] = ()
    projects: tuple[ProjectRow, ...] = ()
    sessions: tuple[SessionRow, ...] = ()
    days: tuple[DayRow, ...] = ()
    day_models: Mapping[date, Mapping[str, int]] = field(default_factory=dict)
    today: Totals = field(default_factory=Totals)
    burn: Burn = field(default_factory=Burn)
    tokens_per_minute: tuple[int, ...] = (0,) * 60
    active_sessions: int = 0
    newest_ms: int = 0
    problems: Mapping[str, int] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    roots: tuple[str, ...] = ()
    prices: str = ""
    sources: tuple[str, ...] = ()
