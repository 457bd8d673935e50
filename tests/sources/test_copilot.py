from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.model import ProblemKind, Usage
from claude_tui.pricing import load_pricer
from claude_tui.sources.copilot import CopilotSource
from claude_tui.sources.protocol import FileRead, SourceConfig
from claude_tui.sources.records.events import ResponseEvent
from claude_tui.sources.settling import columns_of
from tests.sources.settle import settle

SOURCE = CopilotSource()
BEGAN, AT = "2026-11-29T22:59:03.913Z", "2026-11-29T22:59:04.409Z"


def event(kind: str, id: str = "e1", at: str = AT, agent: str = "", **data: Any) -> dict[str, Any]:
    return {"type": kind, "id": id, "timestamp": at, "data": data} | ({"agentId": agent} if agent else {})


def start(client: str = "1.0.102", id: str = "start", **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sessionId": "s1",
        "version": 1,
        "copilotVersion": client,
        "context": {"cwd": "/home/me/code"},
    }
    return event("session.start", id, BEGAN, **(told | more))


def record(call: str = "c1", session: str = "s1", agent: str = "", **more: Any) -> dict[str, Any]:
    usage = {
        "model": "gpt-5.4", "inputTokens": 100, "outputTokens": 20, "cacheReadTokens": 30, "cacheWriteTokens": 40,
        "reasoningTokens": 5, "cost": 1, "accounting": {"usageId": call, "sourceSessionId": session},
    } | more  # fmt: skip
    return event("session.usage_record", agent=agent, usage=usage)


def shutdown(id: str, given: int, output: int, model: str = "gpt-5.4", premium: Any = None) -> dict[str, Any]:
    usage = {"inputTokens": given, "outputTokens": output, "cacheReadTokens": 0, "cacheWriteTokens": 0}
    requests = {} if premium is None else {"requests": {"count": 4, "cost": premium}}
    return event("session.shutdown", id, modelMetrics={model: {"usage": usage, **requests}})


def answer(**more: Any) -> dict[str, Any]:
    return event("assistant.message", model="gpt-5.4", toolRequests=[{}], **more)


def read(root: Path, *records: object, session: str = "s1") -> FileRead:
    path = root / "session-state" / session / "events.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    (file,) = [file for file in SOURCE.discover(root) if file.path == str(path)]
    return SOURCE.read(file)


def sums(found: FileRead) -> list[tuple[int, int]]:
    """Input and output of each settled response."""
    return [(one.usage[0], one.usage[1]) for one in settle(("", ResponseEvent(row, 0)) for row in found.rows).values()]


def test_every_record_counts_and_the_totals_of_the_shutdown_repeat_them(tmp_path: Path) -> None:
    found = read(tmp_path, start(), record(), answer(), record("c2", "own", agent="a1"), shutdown("x", 200, 40))
    assert [row.usage for row in found.rows] == [Usage(input=30, output=20, cache_write_5m=40, cache_read=30)] * 2
    assert [(row.key, row.session, row.agent) for row in found.rows] == [("c1", "s1", ""), ("c2", "s1", "a1")]
    assert (found.facts.last_kind, found.facts.context_tokens, found.facts.version) == ("tool_use", 100, "1.0.102")
    assert {row.reported_nano for row in found.rows} == {None}, "premium requests are no dollars"


def test_a_copied_record_stays_with_the_session_it_came_from(tmp_path: Path) -> None:
    copied, own = read(tmp_path, start(), record("c1", "s0"), record("c2")).rows
    assert (copied.session, copied.is_copy, own.session, own.is_copy) == ("s0", True, "s1", False)


def test_totals_over_resumes_count_what_each_adds(tmp_path: Path) -> None:
    resumed = event("session.resume", "again")
    found = read(
        tmp_path, start("1.0.92"), shutdown("x", 100, 20), resumed, shutdown("y", 150, 30), shutdown("z", 150, 30)
    )
    assert sums(found) == [(100, 20), (50, 10)]


def test_until_the_shutdown_there_is_a_lower_bound(tmp_path: Path) -> None:
    live = read(tmp_path, start("1.0.92"), answer(outputTokens=8), answer(outputTokens=5))
    assert (sums(live), {row.is_lower_bound for row in live.rows}) == ([(0, 13)], {True})
    silent = read(tmp_path, start("1.0.92"), answer())
    assert (sums(silent), silent.rows[0].is_lower_bound) == ([(0, 0)], True)
    ended = read(tmp_path, start("1.0.92"), answer(outputTokens=8), answer(outputTokens=5), shutdown("x", 100, 13))
    assert sums(ended) == [(100, 13)]


def test_a_session_that_outlives_an_update_counts_its_stretches_each_their_way(tmp_path: Path) -> None:
    before = (start("1.0.92"), answer(outputTokens=9), shutdown("x", 100, 20))
    found = read(tmp_path, *before, event("session.resume", "again"), record(), shutdown("y", 200, 40))
    assert sums(found) == [(100, 20), (30, 20)]


def test_what_is_not_understood_is_told_with_its_place(tmp_path: Path) -> None:
    odd = event("session.bill", usage={"inputTokens": 5})
    wrong = record(inputTokens="many")
    lower = (shutdown("x", 100, 20), shutdown("y", 90, 20))
    found = read(tmp_path, start("1.0.92", version=2), odd, event("session.usage_record"), wrong, *lower)
    assert [(one.kind, one.detail.partition(":")[0]) for one in found.problems] == [
        (ProblemKind.UNKNOWN_SHAPE, "format 2"),
        (ProblemKind.UNKNOWN_SHAPE, "usage in an event of unknown type 'session.bill'"),
        (ProblemKind.UNKNOWN_SHAPE, "a usage record without counters"),
        (ProblemKind.BAD_COUNT, "inputTokens is no count"),
        (ProblemKind.UNKNOWN_SHAPE, "the totals of 'gpt-5.4' went down"),
    ]


def premium(found: FileRead) -> list[int]:
    """Premium requests of each settled response, in thousandths."""
    columns, prices = columns_of("copilot", found.rows), load_pricer()
    return [
        prices.price(
            "copilot", columns.models[columns.model[at]], columns.time[at], columns.usage(at), columns.terms.get(at, "")
        ).premium_milli
        for at in range(len(columns))
    ]


def test_premium_requests_are_counted_beside_the_cost(tmp_path: Path) -> None:
    own_key = record("c3", cost=7, isByok=True)
    found = read(tmp_path, start(), record("c1", cost=0.33), record("c2", cost=10), own_key, record("c4", cost=0))
    assert premium(found) == [330, 10_000, 0, 0]
    assert [(list(found.problems), row.reported_nano) for row in found.rows] == [([], None)] * 4


def test_premium_requests_over_resumes_count_what_each_adds(tmp_path: Path) -> None:
    resumed = event("session.resume", "again")
    totals = (shutdown("x", 100, 20, premium=2), resumed, shutdown("y", 150, 30, premium=3.5))
    found = read(
        tmp_path, start("1.0.92"), answer(outputTokens=8), *totals, resumed, shutdown("z", 150, 30, premium=3.5)
    )
    assert (premium(found), sums(found)) == ([2000, 1500], [(100, 20), (50, 10)])


@pytest.mark.parametrize("cost", ["many", -1, True, 1e300, [1]])
def test_premium_requests_that_are_none_lose_no_tokens(tmp_path: Path, cost: Any) -> None:
    recorded = read(tmp_path, start(), record(cost=cost))
    told = read(tmp_path, start("1.0.92"), shutdown("x", 100, 20, premium=cost))
    assert (premium(recorded), premium(told), sums(told)) == ([0], [0], [(100, 20)])
    assert [one.detail for one in (*recorded.problems, *told.problems)] == [
        "cost is no count", "requests.cost is no count",
    ]  # fmt: skip


def test_every_report_has_them_in_a_column(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read(own_home / ".copilot", start(), record("c1", cost=0.33), record("c2", cost=1, model="model-without-price"))
    assert main(["report", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["totals"]["premium_milli"] == 1330
    assert sorted(row["premium_milli"] for row in found["models"]) == [330, 1000]
    assert main(["report", "--by", "model"]) == 0
    printed = capsys.readouterr().out
    assert "premium" in printed and "1.33" in printed
    assert main(["export"]) == 0
    rows = [json.loads(line)["premium_milli"] for line in capsys.readouterr().out.splitlines()]
    assert sorted(rows) == [330, 1000]
    assert main(["report", "--source", "copilot", "--by", "day", "--csv"]) == 0
    assert ",1330," in capsys.readouterr().out


def test_roots() -> None:
    home = Path("/home/me")
    assert SOURCE.roots(SourceConfig(home)) == [home / ".copilot"]
    assert SOURCE.roots(SourceConfig(home, {"COPILOT_HOME": "/srv"})) == [Path("/srv")]
