"""What the client counted and no log shows, while sessions run: it comes when one ends."""

from __future__ import annotations

from typing import Any

from claude_tui.engine.queries.responses import list_responses
from claude_tui.model import UNLOGGED, Usage
from claude_tui.units import DAY_MS
from tests.engine.counting import NOW_MS
from tests.engine.living import living
from tests.logs import ClaudeHome, assistant, usage

MODEL = "claude-sonnet-4-5-20250929"


def total(output: int, duration_ms: int, session: str = "s1", start_ms: int = NOW_MS) -> dict[str, Any]:
    used = {
        "inputTokens": 100, "outputTokens": output, "cacheReadInputTokens": 0, "cacheCreationInputTokens": 0,
        "cacheCreationEphemeral1hInputTokens": 0, "webSearchRequests": 0, "costUSD": 0.5,
    }  # fmt: skip
    return {
        "type": "cost-state", "sessionId": session, "startTime": start_ms, "totalDuration": duration_ms,
        "totalAPIDuration": 1, "totalCostUSD": 0.5, "modelUsage": {MODEL: used},
    }  # fmt: skip


async def test_it_appears_when_a_session_ends_and_grows_when_it_ends_again(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", NOW_MS + 10, usage(60, 9), model=MODEL))
    async with living(claude_home.folder) as live:
        assert live.look().totals.input == 60
        claude_home.append(total(9, 100))
        await live.until(lambda snapshot: snapshot.totals.input == 100)
        await live.assert_level()
        assert live.look().totals.responses == 1
        (left,) = [line for line in list_responses(live.monitor.store) if line.extra == UNLOGGED]
        assert (left.key, left.usage) == (f"cost-state/s1/{NOW_MS}/{MODEL}", Usage(40))
        claude_home.append(assistant("msg_2", NOW_MS + 5_000, usage(7, 1), model=MODEL))
        await live.until_counted(2)
        await live.assert_level()
        assert live.look().totals.input == 107
        # It ends again: of the 7 and 1 that were logged the total now knows, and of 93 more.
        again = total(30, 5_100)
        again["modelUsage"][MODEL]["inputTokens"] = 200
        claude_home.append(again)
        await live.until(lambda snapshot: snapshot.totals.input == 200)
        await live.assert_level()
        assert live.look().totals.output == 30


async def test_a_log_that_comes_later_takes_its_part_out_of_it(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", NOW_MS + 10, usage(60, 9), model=MODEL), total(20, 1_000))
    async with living(claude_home.folder) as live:
        assert live.look().totals.input == 100
        agent = assistant("msg_2", NOW_MS + 20, usage(30, 5), model=MODEL, isSidechain=True, agentId="a1")
        claude_home.append(agent, session="s1/subagents/agent-a1")
        await live.until_counted(2)
        await live.assert_level()
        assert live.look().totals.input == 100


async def test_a_fuller_row_in_one_log_takes_its_part_out_of_every_session_that_holds_it(
    claude_home: ClaudeHome,
) -> None:
    claude_home.append(assistant("msg_1", NOW_MS + 10, usage(60, 9), model=MODEL))
    copied = assistant("msg_1", NOW_MS + 10, usage(60, 9), model=MODEL, session="s2")
    claude_home.append(copied, total(9, 1_000, session="s2"), session="s2")
    async with living(claude_home.folder) as live:
        assert live.look().totals.input == 100
        claude_home.append(assistant("msg_1", NOW_MS + 10, usage(80, 20), model=MODEL))
        await live.until(lambda snapshot: snapshot.totals.output == 20)
        await live.assert_level()
        assert live.look().totals.input == 100


async def test_what_was_shown_of_a_day_stays_there_when_the_session_goes_on_another_day(
    claude_home: ClaudeHome,
) -> None:
    claude_home.append(assistant("msg_1", NOW_MS + 10, usage(60, 9), model=MODEL), total(9, 100))
    later_ms = NOW_MS + 2 * DAY_MS
    again = total(30, 5_100)
    again["modelUsage"][MODEL]["inputTokens"] = 200
    async with living(claude_home.folder) as live:
        (day,) = live.look().days
        assert day.totals.input == 100
        (first,) = [line for line in list_responses(live.monitor.store) if line.extra == UNLOGGED]
        claude_home.append(assistant("msg_2", later_ms, usage(7, 1), model=MODEL), again)
        await live.until(lambda snapshot: snapshot.totals.input == 200)
        await live.assert_level()
        shown = live.look()
        assert [(row.day - day.day).days for row in shown.days] == [0, 2]
        assert [row.totals.input for row in shown.days] == [100, 100]
        left = [line for line in list_responses(live.monitor.store) if line.extra == UNLOGGED]
        assert left[0] == first
        assert (left[1].key, left[1].usage.input) == (f"cost-state/s1/{NOW_MS}+5100/{MODEL}", 93)
        assert list(shown.unlogged.days) == [row.day for row in shown.days]
