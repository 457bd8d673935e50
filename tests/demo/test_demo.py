from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from claude_tui.demo import DemoWriter, write_demo
from claude_tui.demo.cast import MODELS
from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.model import Query
from tests.engine.counting import counted

NOW_MS = int(datetime(2026, 11, 20, 15, 30, tzinfo=timezone.utc).timestamp() * 1000)
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo(tmp_path_factory.mktemp("demo"), NOW_MS)


def transcripts(folder: Path) -> list[Path]:
    return sorted((folder / "projects").rglob("*.jsonl"))


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def time_ms(row: dict[str, Any]) -> int:
    return int(datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00")).timestamp() * 1000 + 0.5)


def answers(folder: Path) -> list[dict[str, Any]]:
    return [row for path in transcripts(folder) for row in rows(path) if row["type"] == "assistant"]


def digest(folder: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return content.hexdigest()


def test_same_clock_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    first, again = (write_demo(tmp_path / name, NOW_MS, days=40) for name in "ab")
    other_seed = write_demo(tmp_path / "c", NOW_MS, days=40, seed=8)
    assert digest(first) == digest(again)
    assert digest(first) != digest(other_seed)


def test_writing_again_into_the_same_folder_doubles_nothing(tmp_path: Path) -> None:
    before = digest(write_demo(tmp_path, NOW_MS, days=40))
    assert digest(write_demo(tmp_path, NOW_MS, days=40)) == before


def test_year_has_a_believable_size(year: Path) -> None:
    responses = {row["message"]["id"] for row in answers(year)}
    assert 6_000 <= len(responses) <= 9_000
    assert len({row["cwd"] for row in answers(year)}) == 14


def test_no_row_is_later_than_now_or_older_than_asked(year: Path) -> None:
    times = [time_ms(row) for row in answers(year)]
    assert NOW_MS - 60_000 < max(times) <= NOW_MS
    assert NOW_MS - 365 * 24 * HOUR_MS <= min(times) < NOW_MS - 340 * 24 * HOUR_MS


def test_no_model_answers_before_it_existed(year: Path) -> None:
    released = {release.name: release.time_ms for releases in MODELS.values() for release in releases}
    assert [row["message"]["model"] for row in answers(year) if time_ms(row) < released[row["message"]["model"]]] == []


def test_every_response_has_one_key_and_one_set_of_counters_but_for_placeholders(year: Path) -> None:
    by_key = defaultdict(list)
    for row in answers(year):
        by_key[row["message"]["id"]].append(row)
    for copies in by_key.values():
        counters = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        inputs = {tuple(row["message"]["usage"][name] for name in counters) for row in copies}
        outputs = [row["message"]["usage"]["output_tokens"] for row in copies]
        assert len(inputs) == 1
        assert outputs == sorted(outputs)
        assert len({row["sessionId"] for row in copies}) == 1


def test_counters_of_cache_writes_sum_and_reads_dominate(year: Path) -> None:
    written = read = long_lived = 0
    for row in answers(year):
        usage = row["message"]["usage"]
        assert sum(usage["cache_creation"].values()) == usage["cache_creation_input_tokens"]
        written += usage["cache_creation_input_tokens"]
        read += usage["cache_read_input_tokens"]
        long_lived += usage["cache_creation"]["ephemeral_1h_input_tokens"]
    assert read > 5 * written
    assert 0 < long_lived < written


def test_everything_worth_showing_occurs(year: Path) -> None:
    found = answers(year)
    usages = [row["message"]["usage"] for row in found]
    everything = [row for path in transcripts(year) for row in rows(path)]
    assert any("advisor_message" in str(usage.get("iterations")) for usage in usages)
    assert any(usage.get("speed") == "fast" for usage in usages)
    assert any(usage.get("server_tool_use", {}).get("web_search_requests") for usage in usages)
    assert any(row["message"]["model"].startswith("acme-gateway/") for row in found)
    assert {"custom-title", "ai-title", "system"} <= {row["type"] for row in everything}
    assert any(row.get("subtype") == "compact_boundary" for row in everything)
    placeholders = [row for row in found if row["version"] == "2.1.20"]
    assert 0 < len(placeholders) < len(found) / 20
    assert all(row["message"]["usage"]["output_tokens"] <= 4 for row in placeholders)


def test_there_is_something_of_all_that_money_goes_for(year: Path) -> None:
    causes = Causes(counted(year))
    for by, least in (("tool", 8), ("mcp", 3), ("skill", 4), ("agent", 4), ("branch", 10), ("cache", 5)):
        assert len(causes.table(Query(), by).rows) >= least, by
    inside = causes.of_which(Query())
    assert inside.failed.number > 100
    assert {one.cause for one in inside.misses} >= {"system_changed", "tools_changed", "messages_changed", "compaction"}
    rows = {row.name: row for row in causes.table(Query(), "tool").rows}
    assert rows["Agent"].beside.agents and rows["Agent"].beside.cost_nano
    assert len(causes.waste(Query())) == 5


def test_sub_agents_lie_where_their_version_put_them(year: Path) -> None:
    layouts = set()
    for path in transcripts(year):
        first = rows(path)[0]
        if "agentId" in first:
            is_nested = path.parent.name == "subagents"
            layouts.add(is_nested)
            assert is_nested != first["version"].startswith("2.0.")
            assert path.stem == f"agent-{first['agentId']}"
            if is_nested:
                assert path.parent.parent.name == first["sessionId"]
                assert json.loads(path.with_suffix(".meta.json").read_text())["agentType"]
        elif first["type"] == "user":
            assert path.stem == first["sessionId"]
    assert layouts == {True, False}


def test_weekends_and_quiet_weeks_are_quieter(year: Path) -> None:
    days: dict[Any, int] = defaultdict(int)
    for row in answers(year):
        days[datetime.fromisoformat(row["timestamp"][:10]).date()] += 1
    weekend = sum(count for day, count in days.items() if day.weekday() >= 5) / 2
    workdays = sum(count for day, count in days.items() if day.weekday() < 5) / 5
    per_week: dict[Any, int] = defaultdict(int)
    for day, count in days.items():
        per_week[day.isocalendar()[:2]] += count
    assert weekend < workdays / 2
    assert len(days) < 320
    assert sum(count < 30 for count in per_week.values()) >= 3


def test_files_carry_the_time_of_their_last_row(year: Path) -> None:
    for path in transcripts(year):
        last = max(time_ms(row) for row in rows(path) if "timestamp" in row)
        assert abs(path.stat().st_mtime * 1000 - last) < 1_000
        assert path.stat().st_mode & 0o077 == 0


def test_some_sessions_are_active_now(year: Path) -> None:
    recent = {row["sessionId"] for row in answers(year) if time_ms(row) > NOW_MS - HOUR_MS}
    assert 2 <= len(recent) <= 6


def test_live_demo_only_appends_whole_new_lines(tmp_path: Path) -> None:
    folder = write_demo(tmp_path, NOW_MS, days=30)
    before = {path: path.read_bytes() for path in transcripts(folder)}
    known = {row["message"]["id"] for row in answers(folder)}
    writer = DemoWriter(folder)
    grown = set()
    for second in range(0, 600, 2):
        grown |= set(writer.step(NOW_MS + second * 1000))
        assert all(path.read_bytes().endswith(b"\n") for path in grown)
    for path, content in before.items():
        assert path.read_bytes().startswith(content)
        assert (path.read_bytes() == content) == (path not in grown)
    new = [row for row in answers(folder) if row["message"]["id"] not in known]
    assert len({row["message"]["id"] for row in new}) > 40
    assert all(NOW_MS <= time_ms(row) <= NOW_MS + 600_000 for row in new)
    assert grown & set(before), "sessions that were active go on"
    assert grown - set(before), "something new starts"


def test_live_demo_goes_on_from_what_a_session_had_reached(tmp_path: Path) -> None:
    folder = write_demo(tmp_path, NOW_MS, days=3)
    reached = {path: rows(path) for path in transcripts(folder)}
    writer = DemoWriter(folder)
    grown = {path for second in range(120) for path in writer.step(NOW_MS + second * 1000)} & set(reached)
    assert grown
    for path in grown:
        old, new = reached[path], rows(path)[len(reached[path]) :]
        assert new[0]["parentUuid"] == [row["uuid"] for row in old if "uuid" in row][-1]
        assert {row["sessionId"] for row in new} == {old[0]["sessionId"]}
        last = [row for row in old if row["type"] == "assistant"][-1]
        following = next(row for row in new if row["type"] == "assistant")
        assert following["message"]["model"] == last["message"]["model"]


def test_live_demo_starts_from_an_empty_folder(tmp_path: Path) -> None:
    assert DemoWriter(tmp_path).step(NOW_MS)
    assert answers(tmp_path)
