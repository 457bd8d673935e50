"""What prompts were made of is divided once for each file, anew only where it must be; and several requests of one
response are what each of them was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.engine.queries.causes.context.prompts import Prompts
from claude_tui.engine.queries.causes.context.sums import PartTotals
from claude_tui.engine.queries.causes.known.columns import FileCalls
from claude_tui.engine.queries.causes.tables import CauseTable
from claude_tui.engine.setup import Setup
from claude_tui.model import Query
from claude_tui.pricing.pricer import Pricer, load_pricer
from tests.engine.counting import PRICER, UTC, config_of, counted
from tests.logs import ClaudeHome, assistant, timestamp, usage

T = 1_780_000_000_000
DAY_MS = 86_400_000
BY = "context"


@pytest.fixture
def divided(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sessions whose files were divided."""
    found: list[str] = []
    divide = Prompts.divided

    def told(self: Prompts, file: FileCalls, asked: Sequence[int]) -> PartTotals:
        found.append(Path(file.path).stem)
        return divide(self, file, asked)

    monkeypatch.setattr(Prompts, "divided", told)
    return found


def talk(session: str, number: int, time_ms: int) -> list[dict[str, Any]]:
    """A call and its result."""
    key = f"{session}_{number}"
    given = usage(10, 40, write_5m=900 + number, read=1000 * number)
    row = assistant(f"msg_{key}", time_ms, given, session=session)
    row["message"]["content"] = [{"type": "tool_use", "id": key, "name": "Bash", "input": {"command": "ls"}}]
    result = [{"type": "tool_result", "tool_use_id": key, "content": "x" * (100 + number)}]
    return [
        row,
        {"type": "user", "timestamp": timestamp(time_ms + 1), "sessionId": session, "message": {"content": result}},
    ]


def two_sessions(folder: Path) -> ClaudeHome:
    home = ClaudeHome(folder)
    for session in ("s1", "s2"):
        for number in range(6):
            home.append(*talk(session, number, T + number * DAY_MS // 2), session=session)
    return home


def asked(home: ClaudeHome, kept: Path | None = None, query: Query = Query(), pricer: Pricer = PRICER) -> CauseTable:  # noqa: B008 - immutable
    store = count(Setup(config_of(home.folder), pricer, UTC), processes=0)
    return Causes(store, kept).table(query, BY)


def test_files_are_divided_once_and_then_only_where_they_grew(tmp_path: Path, divided: list[str]) -> None:
    home, kept = two_sessions(tmp_path / "home"), tmp_path / "kept"
    first = asked(home, kept)
    assert sorted(divided) == ["s1", "s2"]
    divided.clear()
    assert asked(home, kept) == first
    assert not divided
    home.append(*talk("s2", 6, T + 3 * DAY_MS), session="s2")
    grown = asked(home, kept)
    assert divided == ["s2"]
    assert grown == asked(home)
    assert grown.total_nano > first.total_nano


def test_other_prices_divide_anew(tmp_path: Path, divided: list[str]) -> None:
    home, kept = two_sessions(tmp_path / "home"), tmp_path / "kept"
    whole = asked(home, kept)
    prices = tmp_path / "prices.toml"
    prices.write_text('[models."claude-sonnet-4-5"]\ndiscount = "0.5"\n')
    half = asked(home, kept, pricer=load_pricer(prices))
    assert divided == ["s1", "s2"] * 2
    assert 0 < half.total_nano < whole.total_nano
    assert half == asked(home, pricer=load_pricer(prices))


def test_a_period_that_cuts_a_session_is_divided_as_if_nothing_were_kept(tmp_path: Path, divided: list[str]) -> None:
    home, kept = two_sessions(tmp_path / "home"), tmp_path / "kept"
    causes = Causes(counted(home.folder), kept)
    whole = causes.table(Query(), BY)
    first, second = Query(until=date(2026, 5, 29)), Query(since=date(2026, 5, 30))
    parts = [causes.table(query, BY) for query in (first, second)]
    assert parts == [asked(home, query=query) for query in (first, second)]
    assert 0 < parts[0].total_nano < whole.total_nano == sum(part.total_nano for part in parts)
    divided.clear()
    assert asked(home, kept) == whole  # what was cut has not replaced what was whole
    assert asked(home, kept, Query(session="s1")) == asked(home, query=Query(session="s1"))
    assert divided == ["s1"]  # by the last, which has nothing kept


def test_a_response_that_is_counted_otherwise_is_divided_anew(tmp_path: Path, divided: list[str]) -> None:
    home, kept = two_sessions(tmp_path / "home"), tmp_path / "kept"
    asked(home, kept)
    fuller = assistant("msg_s1_5", T + 5 * DAY_MS // 2, usage(10, 4000, write_5m=905, read=5000), session="s1")
    home.append(fuller, session="s3")  # the fullest row counts, for the session that was first
    divided.clear()
    found = asked(home, kept)
    assert "s1" in divided
    assert "s2" not in divided
    assert found == asked(home)


def test_several_requests_of_one_response_carry_the_prompt_of_the_last(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    looped = usage(0, 30, write_5m=3000, read=50_000 + 52_000)
    looped["iterations"] = [
        {
            "type": "message",
            "output_tokens": 10,
            "cache_read_input_tokens": 50_000,
            "cache_creation_input_tokens": 2000,
        },
        {"type": "advisor_message", "model": "claude-opus-4-5", "input_tokens": 9000, "output_tokens": 900},
        {
            "type": "message",
            "output_tokens": 20,
            "cache_read_input_tokens": 52_000,
            "cache_creation_input_tokens": 1000,
        },
    ]
    home.append(
        assistant("msg_1", T, usage(0, 10, write_5m=50_000)),
        {"type": "user", "timestamp": timestamp(T + 1), "sessionId": "s1", "message": {"content": "look"}},
        assistant("msg_2", T + 1000, looped),
        assistant("msg_3", T + 2000, usage(0, 10, write_5m=500, read=53_000)),
    )
    rows = {row.label: row for row in asked(home).rows}
    assert sum(row.tokens_est for row in rows.values()) == 53_500  # all there is at last, and each token once
    assert rows["results"].tokens_est == 1000
    assert rows["user"].tokens_est + rows["assistant text"].tokens_est == 2000 + 500


@pytest.mark.parametrize(("read", "number"), [(0, 1), (50_000, 0)])
def test_a_cache_is_lost_to_the_first_of_several_requests(read: int, number: int, tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    first = {"type": "message", "cache_read_input_tokens": read, "cache_creation_input_tokens": 50_500 - read}
    again = {"type": "message", "cache_read_input_tokens": 50_500, "cache_creation_input_tokens": 500}
    looped = usage(0, 30, write_5m=51_000 - read, read=50_500 + read)
    looped["iterations"] = [first, again]
    home.append(assistant("msg_1", T, usage(0, 10, write_5m=50_000)), assistant("msg_2", T + 1000, looped))
    missed = Causes(counted(home.folder)).of_which(Query()).misses
    assert [one.lost_tokens for one in missed] == [50_000] * number


def test_what_is_kept_of_another_rule_is_made_anew(
    tmp_path: Path, divided: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, kept = two_sessions(tmp_path / "home"), tmp_path / "kept"
    first = asked(home, kept)
    monkeypatch.setattr("claude_tui.engine.queries.causes.context.kept.RULE", 0)
    divided.clear()
    assert asked(home, kept) == first
    assert sorted(divided) == ["s1", "s2"]


def test_a_response_of_two_files_is_divided_where_it_belongs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = ClaudeHome(tmp_path)
    home.append(*talk("s2", 0, T), session="s2")
    home.append(*talk("s2", 0, T + 60_000), *talk("s1", 1, T + 120_000), session="s1")  # a copy, later and read first
    kept, divided = dict[str, list[bool]](), Prompts.divided

    def told(self: Prompts, file: FileCalls, asked: Sequence[int]) -> PartTotals:
        kept[Path(file.path).stem] = [row >= 0 for row in asked]
        return divided(self, file, asked)

    monkeypatch.setattr(Prompts, "divided", told)
    asked(home)
    assert kept == {"s1": [False, True], "s2": [True]}
