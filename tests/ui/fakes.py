"""Snapshots without files: pure data, a fixed clock, the same numbers every time."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, timezone

from claude_tui.engine.queries.allowances.blocks import blocks, entries_of, open_window
from claude_tui.engine.queries.allowances.budgets import Budget, BudgetState
from claude_tui.engine.queries.allowances.forecast import Forecast
from claude_tui.engine.queries.allowances.limits import ReportedWindow
from claude_tui.engine.queries.allowances.windows import BlocksPicture
from claude_tui.engine.queries.causes.costs.misses import CAUSES, CacheMiss
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS
from claude_tui.engine.queries.causes.tables import (
    CauseOf,
    CauseRow,
    CauseTable,
    CountedThings,
    Facts,
    LatestMiss,
    MissSum,
    OfWhich,
    Pause,
    ShareOf,
    StartedAgents,
)
from claude_tui.engine.queries.causes.waste import Detail, Proof, Waste
from claude_tui.engine.queries.explain import Explanation
from claude_tui.engine.queries.periods.active_time import ActiveTime
from claude_tui.engine.queries.periods.comparison import compared, spans
from claude_tui.engine.queries.plan import PlanLimit, PlanPicture
from claude_tui.model import (
    Activity,
    AgentRow,
    Burn,
    DayRow,
    ModelRow,
    NamedActivity,
    Phase,
    Price,
    PriceStatus,
    Progress,
    ProjectRow,
    Query,
    Response,
    SessionRow,
    SessionState,
    Snapshot,
    Totals,
    Usage,
)
from claude_tui.sources.turns.turn import TurnDetails

TODAY = date(2026, 11, 20)
NOW_MS = int(datetime(2026, 11, 20, 15, 30, tzinfo=timezone.utc).timestamp() * 1000)
MODELS = (
    ("claude-opus-4-5-20251101", 0.55),
    ("claude-sonnet-4-5-20250929", 0.28),
    ("claude-haiku-4-5-20251001", 0.12),
    ("claude-fable-5", 0.05),
)
EVERYTHING = Query()
PRICES_NOTE = "bundled 2026-11-09"
PROJECTS = ("webshop", "billing-service", "infra", "docs", "mobile-app", "data-pipeline", "playground", "thesis")
TITLES = (
    "Fix flaky checkout test",
    "Add VAT to invoices",
    "Upgrade to Postgres 18",
    "Write the onboarding page",
    "Crash when offline",
    "Backfill events table",
    "Try the new parser",
    "Chapter 4: evaluation",
    "Rename the orders module",
    "Review of the release",
)


def totals(dollars: float, last_ms: int = NOW_MS, **changes: int) -> Totals:
    """Believable totals for a cost."""
    responses = max(1, int(dollars * 9))
    made = Totals(
        responses=responses,
        input=int(dollars * 900),
        output=int(dollars * 9_200),
        cache_write_5m=int(dollars * 4_000),
        cache_write_1h=int(dollars * 31_000),
        cache_read=int(dollars * 880_000),
        cost_nano=int(dollars * 1_000_000_000),
        first_ms=last_ms - 3_600_000,
        last_ms=last_ms,
    )
    return made._replace(**changes)


def snapshot(
    *, scale: float = 1.0, sessions: int = 24, query: Query = EVERYTHING, now_ms: int = NOW_MS, seed: int = 7
) -> Snapshot:
    """A believable snapshot; the same for the same arguments."""
    dice = random.Random(seed)
    days, day_models = [], {}
    for back in range(320, -1, -1):
        day = TODAY - timedelta(days=back)
        quiet = (day.weekday() >= 5 and dice.random() < 0.75) or dice.random() < 0.08 or 95 < back < 110
        if quiet:
            continue
        dollars = scale * dice.lognormvariate(2.2, 0.8)
        days.append(DayRow(day, totals(dollars, NOW_MS - back * 86_400_000)))
        day_models[day] = {key: int(dollars * part * dice.uniform(0.6, 1.2) * 1e9) for key, part in MODELS}
    if query.since:
        days = [row for row in days if query.since <= row.day <= (query.until or TODAY)]
    whole = sum(row.totals.cost_nano for row in days) / 1e9

    def spark() -> tuple[int, ...]:
        return tuple(0 if dice.random() < 0.3 else int(dice.lognormvariate(2, 0.7) * 1e9) for _ in range(30))

    models = [
        ModelRow(key, key, "claude", totals(whole * part, NOW_MS - index * 7_000_000), spark())
        for index, (key, part) in enumerate(MODELS)
    ]
    models.append(
        ModelRow(
            "mystery-9",
            "mystery-9",
            "claude",
            Totals(
                responses=41,
                input=12_000,
                output=88_000,
                unpriced_responses=41,
                unpriced_tokens=100_000,
                last_ms=NOW_MS - 86_400_000,
            ),
            (0,) * 30,
        )
    )
    projects = [
        ProjectRow(
            f"/home/me/{name}",
            name,
            "claude",
            3 + 40 // (index + 1),
            totals(whole * 0.5 ** (index + 1), NOW_MS - index * 9_000_000),
            spark(),
        )
        for index, name in enumerate(PROJECTS)
    ]
    rows = []
    states = [SessionState.WORKING, SessionState.WORKING, SessionState.FINISHED, SessionState.IDLE]
    for index in range(sessions):
        age_ms = [2_000, 9_000, 41_000, 700_000][index] if index < 4 else int(3_600_000 * (1.4**index))
        name = TITLES[index % len(TITLES)] + (f" {index // len(TITLES) + 1}" if index >= len(TITLES) else "")
        project = PROJECTS[dice.randrange(len(PROJECTS))]
        context = dice.randrange(20_000, 190_000)
        rows.append(
            SessionRow(
                f"session-{index}",
                name,
                "claude",
                f"/home/me/{project}",
                project,
                dice.choice(["main", "feature/vat", "fix-1182"]),
                "2.1.40",
                tuple(key for key, _ in MODELS[: 1 + index % 3]),
                totals(dice.lognormvariate(1.4, 0.9), NOW_MS - age_ms),
                tuple(AgentRow(f"agent-{n}", f"Explore {n}", totals(0.4)) for n in range(index % 4)),
                Activity(states[index] if index < 4 else SessionState.DONE),
                context,
                200_000,
                index % 2,
                cost_per_hour_nano=int(dice.uniform(1, 9) * 1e9) if index < 3 else 0,
            )
        )
    flow = tuple(0 if dice.random() < 0.15 else int(dice.lognormvariate(10.4, 0.6)) for _ in range(60))
    return Snapshot(
        revision=1,
        taken_ms=now_ms,
        timezone="UTC",
        query=query,
        totals=totals(whole)._replace(unpriced_responses=41, unpriced_tokens=100_000, lower_bound=12),
        models=tuple(models),
        projects=tuple(projects),
        sessions=tuple(rows),
        days=tuple(days),
        day_models=day_models,
        today=totals(12.34),
        burn=Burn(4_210_000_000, 3_920_000_000, 2_110_000_000),
        tokens_per_minute=flow,
        active_sessions=3,
        newest_ms=NOW_MS - 3_000,
        problems={"malformed": 2, "oversize": 1},
        progress=Progress(Phase.LIVE, 2354, 2354, 828_000_000, 828_000_000),
        roots=("/home/me/.claude", "/home/me/.config/claude"),
        prices="prices: bundled 2026-11-09",
    )


MISS = CacheMiss("expired_1h", 4_000_000, 272_000, 2_740_000_000)
INSIDE = OfWhich(
    (
        MissSum(
            "expired_1h",
            17,
            2_700_000,
            30_060_000_000,
            LatestMiss(NOW_MS - 9_000_000, "/home/me/themes", "themes-svg", 272_000, 2_740_000_000),
        ),
    ),
    CountedThings(156, 22_200_000_000),
    CountedThings(18, 1_910_000_000),
)


class FakeCauses:
    """Where the money of the fake source went: the same for every query; some names are those of the dimension."""

    def __init__(self, turns: Callable[[str], Sequence[Response]]) -> None:
        self._turns = turns
        self.asked: list[tuple[Query, str]] = []

    def table(self, query: Query, by: str) -> CauseTable:
        """Four rows and what has no name."""
        self.asked.append((query, by))
        named = ("expired_1h" if by == "cache" else "Bash", "Edit", "Claude_Browser", f"{by} of [red]another[/]")
        rows = [
            CauseRow(
                name,
                CAUSES.get(name, name),
                1_000_000_000 * 7 ** (5 - at) + 333,
                Usage(10, 800, 0, 4_000, 60_000),
                9 * (6 - at),
                20 * (6 - at) if by in ("tool", "mcp") else 0,
                at if by in ("tool", "mcp") else 0,
                project="/home/me/webshop" if by == "branch" else "",
                agents=at + 1 if by == "agent" else 0,
                models=("claude-opus-4-8",) if by == "agent" else (),
                last_ms=NOW_MS - at * 700_000,
                parts=(CauseRow("take", "take", 5),) if by == "mcp" else (),
                beside=StartedAgents(2_310_000_000, 3) if by == "tool" and at == 1 else StartedAgents(),
                tokens_est=9_000 if by == "context" else 0,
                carried_nano=4_000 if by == "context" else 0,
            )
            for at, name in enumerate(named)
        ]
        rows.append(CauseRow(None, "(answer)", 7_000_000_000, responses=3, last_ms=NOW_MS))
        total_nano = sum(row.cost_nano for row in rows)
        about = DIMENSIONS[by]
        return CauseTable(by, about.convention, total_nano, 99, tuple(rows), INSIDE, about.notes)

    def shares(self, query: Query, of: CauseOf) -> Sequence[ShareOf]:
        """Every other reply of two sessions."""
        found = [turn for name in ("session-0", "session-1") for turn in self._turns(name)[::2]]
        return [ShareOf(turn, 30_000_000) for turn in found if query.session in ("", turn.session)]

    def facts(self, query: Query) -> dict[str, tuple[Facts, CacheMiss | None]]:
        """One lost cache."""
        turns = self._turns(query.session)
        return {turn.key: (Facts(("Read",), skill="deploy"), MISS if turn.key == "msg_18" else None) for turn in turns}

    def waste(self, query: Query) -> Sequence[Waste]:
        """One thing."""
        proof = Proof(self._turns("session-0")[0], 2_770_000_000, 30_000_000, Detail(MISS), "session-")
        paid = ("cache_expired_1h", "caches lost: paused over 1 hour", 17, 31_000_000_000, 940_000_000)
        return [Waste(*paid, "read from the cache, had it been there", (proof,))]

    def pauses(self, now_ms: int) -> dict[str, Pause]:
        """One warm cache."""
        return {"session-0": Pause(NOW_MS + 270_000, 2_900_000_000, 187_000)}


class FakeSource:
    """A source that gives the snapshot it was given, and remembers what it was asked."""

    def __init__(self, given: Snapshot | Callable[[Query, int], Snapshot] | None = None) -> None:
        self.given = given if given is not None else (lambda query, now_ms: snapshot(query=query, now_ms=now_ms))
        self.queries: list[Query] = []
        self.refreshed = 0
        self.active: dict[tuple[str, str], NamedActivity] = {}
        self.callbacks: list[Callable[[], None]] = []
        self.is_running = False
        self.causes = FakeCauses(self.turns)

    @property
    def is_counting(self) -> bool:
        """Never: everything is there from the start."""
        return False

    async def run(self) -> None:
        """Wait for ever."""
        self.is_running = True
        await asyncio.Event().wait()

    def subscribe(self, callback: Callable[[], None], /) -> object:
        """Remember who listens."""
        self.callbacks.append(callback)
        return None

    def snapshot(self, query: Query, now_ms: int) -> Snapshot:
        """The given snapshot."""
        self.queries.append(query)
        return self.given(query, now_ms) if callable(self.given) else self.given

    def call_sessions(self, by: str) -> None:
        """They are called as they were given."""

    def activities(self) -> dict[tuple[str, str], NamedActivity]:
        """The given ones."""
        return self.active

    def turns(self, session_key: str) -> Sequence[Response]:
        """A few responses."""
        usage = Usage(10, 800, 0, 4_000, 60_000)
        return [
            Response(
                f"msg_{n}",
                "claude",
                NOW_MS - (20 - n) * 60_000,
                session_key,
                "",
                "/home/me/webshop",
                MODELS[0][0],
                usage,
                Price(70_000_000, PriceStatus.PRICED),
                False,
                "/home/me/.claude/projects/x/y.jsonl",
                n * 900,
            )
            for n in range(20)
        ]

    saved_ms = 0

    def responses(self, query: Query) -> Sequence[Response]:
        """Replies of the last hours."""
        usage = Usage(10, 800, 0, 4_000, 60_000)
        return [
            Response(
                f"msg_{n}",
                "claude",
                NOW_MS - (300 - n) * 600_000,
                "session-0",
                "",
                "/home/me/webshop",
                MODELS[0][0],
                usage,
                Price(70_000_000, PriceStatus.PRICED),
                False,
            )
            for n in range(300)
            if not 100 < n < 160
        ]

    def blocks(self, now_ms: int, account: str = "", /) -> BlocksPicture:
        """The blocks of those replies."""
        entries = list(entries_of(self.responses(EVERYTHING)))
        return BlocksPicture(tuple(blocks(entries)), open_window(entries, now_ms))

    def plan(self, query: Query, now_ms: int, /) -> PlanPicture:
        """A quarter more than before, a limit that says where it is heading and one that does not."""
        now, before = spans(query, TODAY)
        reported = [
            ReportedWindow("/home/me/.claude", name, percent, NOW_MS + left_h * 3_600_000, NOW_MS - 90_000, None)
            for name, percent, left_h in (("five_hour", 41.0, 2), ("seven_day", 62.0, 70))
        ]
        limits = (PlanLimit(reported[0]), PlanLimit(reported[1], Forecast(71.0, 96.0, 2, 22)))
        given = self.snapshot(query, now_ms)
        less = snapshot(query=query, now_ms=now_ms, scale=0.8)
        return PlanPicture(now, before, limits, compared(given, less, ActiveTime({TODAY: 9_000_000}, {}), None))

    def hours(self, query: Query, /) -> tuple[int, ...]:
        """A working day."""
        return (*(0,) * 8, *range(8), *(5,) * 4, *(0,) * 4)

    def hours_by_day(self, query: Query, /) -> dict[date, tuple[int, ...]]:
        """The same working day, every day but Sunday, a little more each day."""
        nano = 100_000_000
        days = [TODAY - timedelta(days=back) for back in range(60)]
        return {
            day: tuple(hour * nano * (7 - day.weekday()) for hour in self.hours(query))
            for day in days
            if day.weekday() < 6
        }

    def cost_course(self, since_ms: int, until_ms: int, step_ms: int, query: Query, /) -> tuple[int, ...]:
        """Four dollars an hour, with pauses."""
        instants = range(since_ms, until_ms + 1, step_ms)
        return tuple(0 if at_ms // 900_000 % 3 == 1 else step_ms * 4_000_000_000 // 3_600_000 for at_ms in instants)

    def session_tokens(self, now_ms: int, minutes: int, /) -> dict[tuple[str, str], tuple[int, ...]]:
        """Two sessions, of which one has just begun."""
        rising = tuple(1_000 * (number % 7) for number in range(minutes))
        return {("claude", "session-0"): rising, ("claude", "session-1"): (0,) * (minutes - 3) + (9_000,) * 3}

    groupings = ("project",)
    grouped_by = "project"

    def group(self, by: str, /) -> None:
        """There is nothing else to sum by."""

    def telemetry_cover(self, now_ms: int, /) -> tuple[int, int]:
        return 0, 0

    def budgets(self, budgets: Iterable[Budget], now_ms: int, /) -> Sequence[BudgetState]:
        """All of them passed."""
        return [BudgetState(budget, TODAY, budget.limit_nano + 1) for budget in budgets]

    def turn_details(self, response: Response, /) -> TurnDetails:
        """A reply that read a file twice."""
        return TurnDetails(
            response.path,
            response.offset,
            7,
            ("Read", "Read", "Edit"),
            "I look at it",
            ("text", "tool_use"),
            "tool_use",
            rows=3,
        )

    def explain(self, about: Query | Response, /) -> Explanation:
        """Two rows dropped for every one counted."""
        return Explanation(
            prices=f"prices: {PRICES_NOTE}",
            responses=3,
            looked_at=3,
            to_look_at=3,
            files=1,
            files_total=1,
            lines=40,
            bytes_read=9_000,
            usage_rows=9,
            counted_rows=3,
            duplicates=Counter(repeated=6),
            flags=Counter(assumed_5m=2),
        )

    def refresh(self) -> object:
        """Count the request."""
        self.refreshed += 1
        return None

    def change(self, given: Snapshot) -> None:
        """Give another snapshot from now on, and say so."""
        self.given = given
        for callback in self.callbacks:
            callback()
