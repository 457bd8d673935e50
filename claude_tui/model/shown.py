"""What is shown: sessions, rows of views, progress, snapshots. Must not know how any of it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from claude_tui.model.activity import Activity, SessionState
from claude_tui.model.counted import Query, Totals
from claude_tui.records import NamedTuple

if TYPE_CHECKING:
    from datetime import date


class ModelRow(NamedTuple):
    """One model in the selected period. `key` is the raw id, `name` the same made safe to show.

    `spark` is the cost in nanodollars per local day, the last 30 days up to today, oldest first.
    """

    key: str
    name: str
    source: str
    totals: Totals
    spark: tuple[int, ...] = ()


class ProjectRow(NamedTuple):
    """One project in the selected period. `key` is the folder, or the name its folders were given; worktrees belong to
    their repository."""

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
    """One session in the selected period, with its sub-agents.

    `context_tokens` is the prompt of the last main-chain response (or what a compaction left of it), `context_window`
    the assumed window (0 unknown). `compacted_tokens` is the size before the newest of `compactions` (0 unknown).
    `cost_per_hour_nano` is the cost of the last 10 minutes, per hour. `agents` are sorted by key. `prompt` is how its
    first prompt begins if it has no title and prompts are read: for the screen alone, and never in what is written.
    `folder` is the one it was started in ("" unknown), which `project` may have been folded from.
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
    agents: Sequence[AgentRow] = ()
    activity: Activity = Activity(SessionState.DONE)
    context_tokens: int = 0
    context_window: int = 0
    compactions: int = 0
    compacted_tokens: int = 0
    cost_per_hour_nano: int = 0
    prompt: str = ""
    folder: str = ""

    @property
    def called(self) -> str:
        """What the screen calls it."""
        return self.prompt or self.name

    @property
    def state(self) -> SessionState:
        """What it is doing, in a word."""
        return self.activity.state


class DayRow(NamedTuple):
    """One local calendar day. `is_remembered`: logs of it were deleted and the ledger kept their responses."""

    day: date
    totals: Totals
    is_remembered: bool = False


class UnloggedShare(NamedTuple):
    """Nanodollars of calls that are in no log, a part of the cost: as the client counted, or as only telemetry tells.

    The parts are by client and model, client and project, client and session, and by day; rows without any are absent.
    """

    nano: int = 0
    models: Mapping[tuple[str, str], int] = MappingProxyType({})
    projects: Mapping[tuple[str, str], int] = MappingProxyType({})
    sessions: Mapping[tuple[str, str], int] = MappingProxyType({})
    days: Mapping[date, int] = MappingProxyType({})


NOTHING_UNLOGGED: Final = UnloggedShare()
"""Everything that is counted is in a log."""


class Burn(NamedTuple):
    """Cost and tokens of the last minutes, per hour; decays to zero by itself if nothing happens."""

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
    MERGED = "not live"


class Progress(NamedTuple):
    """How far a scan is, and what is watched after it. `eta_s` is None while unknown.

    `history` says why the ledger is not read or not written, `detail` what else is limited.
    """

    phase: Phase = Phase.DISCOVERING
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    eta_s: float | None = None
    detail: str = ""
    history: str = ""


class Snapshot(NamedTuple):
    """Everything the screen and the reports show, at one revision. Immutable; safe to read from any thread.

    `totals` and the rows cover `query`; `today`, `burn`, `tokens_per_minute` (60 values, oldest first),
    `active_sessions`, `waiting_sessions` (that wait for a person) and `newest_ms` always cover everything. `unanswered`
    are the sessions that run, of the query's client and project, without a response the query covers. `days` holds only
    days with data, in order; `day_models` maps a day to {model key: cost in nanodollars}. `problems` counts by kind.
    `sources` are the clients with counted responses, whatever the query, in display order; `accounts` the folders of
    those that have such in several. `unlogged` is what of the query's cost is in no log.
    """

    revision: int
    taken_ms: int
    timezone: str
    query: Query
    totals: Totals
    models: tuple[ModelRow, ...] = ()
    projects: tuple[ProjectRow, ...] = ()
    sessions: tuple[SessionRow, ...] = ()
    unanswered: tuple[SessionRow, ...] = ()
    days: tuple[DayRow, ...] = ()
    day_models: Mapping[date, Mapping[str, int]] = MappingProxyType({})
    today: Totals = Totals()
    burn: Burn = Burn()
    tokens_per_minute: tuple[int, ...] = (0,) * 60
    is_recent_known: bool = True
    """Whether `burn` and `tokens_per_minute` are known: they need single responses, which are loaded later."""
    active_sessions: int = 0
    waiting_sessions: int = 0
    newest_ms: int = 0
    problems: Mapping[str, int] = MappingProxyType({})
    progress: Progress = Progress()
    roots: tuple[str, ...] = ()
    prices: str = ""
    sources: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    unlogged: UnloggedShare = NOTHING_UNLOGGED

    def __eq__(self, other: object) -> bool:
        """Whether it is the same one: two are never compared by all they hold."""
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self) >> 4
