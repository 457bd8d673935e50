"""What is asked of a part of the responses lies inside the cost of that part; and sub-agents say what they ran on."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.model import Query
from tests.engine.counting import counted
from tests.logs import ClaudeHome, assistant, timestamp, usage

T = 1_780_000_000_000
DAY_MS = 86_400_000
OPUS, SONNET = "claude-opus-4-5", "claude-sonnet-4-5-20250929"


def test_a_lost_cache_is_of_the_model_that_answered_and_not_of_its_advisor(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    advised = usage(0, 10, write_5m=20_500)
    advised["iterations"] = [{"type": "advisor_message", "model": OPUS, "input_tokens": 9000, "output_tokens": 900}]
    home.append(assistant("msg_1", T, usage(0, 10, write_5m=20_000)), assistant("msg_2", T + 1000, advised))
    causes = Causes(counted(home.folder))
    for model, number in (("", 1), (SONNET, 1), (OPUS, 0)):
        query = Query(model=model)
        assert sum(one.number for one in causes.of_which(query).misses) == number
        assert sum(row.name is not None for row in causes.table(query, "cache").rows) == number


def test_the_newest_lost_cache_of_a_cause_says_where_it_was_and_what_it_cost(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    for number, branch in enumerate(("late", "early")):
        at_ms, where = T + (1 - number) * DAY_MS, {"session": f"s{number}", "gitBranch": branch}
        home.append(
            assistant(f"msg_{number}", at_ms, usage(0, 10, write_5m=20_000), **where),
            assistant(f"msg_{number}_2", at_ms + 1000, usage(0, 10, write_5m=20_500 - number), **where),
            session=f"s{number}",
        )
    (found,) = Causes(counted(home.folder)).of_which(Query()).misses
    lost_nano = 20_000 * (3750 - 300)
    assert (found.number, found.cost_nano) == (2, 2 * lost_nano)
    assert found.latest == (T + DAY_MS + 1000, "/home/user/project", "late", 20_000, lost_nano)


def reading(number: int, time_ms: int) -> list[dict[str, Any]]:
    row = assistant(f"msg_{number}", time_ms, usage(0, 10, write_5m=1000, read=number * 1000))
    row["message"]["content"] = [{"type": "tool_use", "id": f"t{number}", "name": "Read", "input": {"file_path": "/a"}}]
    content = [{"type": "tool_result", "tool_use_id": f"t{number}", "content": "x" * 4000}]
    result = {"type": "user", "timestamp": timestamp(time_ms + 1), "sessionId": "s1", "message": {"content": content}}
    return [row, result]


def test_what_was_read_again_costs_in_a_period_what_it_did_in_the_period(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    for number in range(6):
        home.append(*reading(number, T + number * DAY_MS // 2))
    causes = Causes(counted(home.folder))
    whole = causes.of_which(Query()).repeated
    assert (whole.number, whole.cost_nano) == (5, 4 * 1000 * 3750 + (3 + 2 + 1) * 1000 * 300)
    first = Query(until=date(2026, 5, 29))
    rows = causes.table(first, "tool")
    part = causes.of_which(first).repeated
    assert part.number == rows.responses - 1 < 5
    assert part.cost_nano == (part.number - 1) * 1000 * 3750 + sum(range(part.number - 1)) * 1000 * 300
    assert sum(one.paid_nano for one in causes.waste(first)) == part.cost_nano


def test_sub_agents_say_how_many_they_were_what_each_cost_and_on_which_model(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    for name, model in (("a1", OPUS), ("a2", SONNET)):
        where: dict[str, Any] = {"isSidechain": True, "agentId": name, "attributionAgent": "checker", "model": model}
        home.append(
            assistant(f"msg_{name}", T, usage(0, 10, write_5m=20_000), **where),
            assistant(f"msg_{name}_2", T + 1000, usage(0, 10, write_5m=20_500), **where),
            agent=name,
        )
    home.append(assistant("msg_1", T, usage(0, 10)))
    store = counted(home.folder)
    causes = Causes(store)
    rows = {row.name: row for row in causes.table(Query(), "agent").rows}
    checker = rows["checker"]
    assert (checker.agents, checker.responses, checker.models) == (2, 4, (OPUS, SONNET))
    assert checker.each_nano == checker.cost_nano // 2
    lost = causes.of_which(Query()).missed.cost_nano
    assert (checker.missed.number, checker.missed.cost_nano, checker.missed.tokens) == (2, lost, 40_000)
    assert (rows["main"].agents, rows["main"].models, rows["main"].missed.number) == (0, (SONNET,), 0)
    assert all(not row.models for row in causes.table(Query(), "tool").rows)
