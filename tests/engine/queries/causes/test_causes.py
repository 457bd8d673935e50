"""Where the money went: equal to the truth of captured sessions, and always all of it."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli.counting.scope import causes_of
from claude_tui.engine.queries.answers import Answers
from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS
from claude_tui.engine.queries.causes.known.kept import CausesCache
from claude_tui.engine.queries.causes.results import with_results
from claude_tui.engine.queries.causes.tables import CauseOf, CauseTable, Pause
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.state.store import Store
from claude_tui.model import UNLOGGED, Query
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.registry import read_columns
from tests.engine.counting import counted
from tests.logs import ClaudeHome, assistant, timestamp, usage

GOLDEN = Path(__file__).parents[3] / "golden" / "causes"
SETS = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
KINDS = {"write 5m": "cache_write_5m", "write 1h": "cache_write_1h", "read": "cache_read"}
MISSES = {
    "expired 5m": "expired_5m", "expired 1h": "expired_1h", "compaction": "compaction", "unknown": "unknown",
    "tools changed": "tools_changed", "model switch": "model_switch",
}  # fmt: skip
T = 1_780_000_000_000


def by_name(table: CauseTable) -> dict[str, int]:
    """Costs by name, MCP tools one by one, without what no log shows."""
    found: Counter[str] = Counter()
    for row in table.rows:
        for one in row.parts if table.by == "tool" and row.parts else (row,):
            found[one.name or one.label] += one.cost_nano
    found.pop("(not in the log)", None)
    return dict(found)


def unlogged_nano(store: Store) -> int:
    return sum(one.price.nano or 0 for one in list_responses(store) if one.extra == UNLOGGED)


def sums_hold(store: Store, causes: Causes, query: Query = Query()) -> None:  # noqa: B008 - an immutable record
    totals = totals_of(list_responses(store, query))
    for by in DIMENSIONS:
        table = causes.table(query, by)
        assert table.total_nano == totals.cost_nano == sum(row.cost_nano for row in table.rows), by
        assert table.responses == totals.responses
        said = table.sums
        assert (said.lower_bound, said.flagged) == (totals.lower_bound, totals.flagged), by
        assert said.unpriced_responses == totals.unpriced_responses, by
        assert said.unpriced_tokens == totals.unpriced_tokens, by
        if by == "context":  # says of no tokens what they were counted as
            continue
        assert sum(row.doubts.unpriced_tokens for row in table.rows) == totals.unpriced_tokens, by
        for name in ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "web_search"):
            assert sum(getattr(row.usage, name) for row in table.rows) == getattr(totals, name), (by, name)
        for row in table.rows:
            assert not row.parts or sum(part.cost_nano for part in row.parts) == row.cost_nano


@pytest.mark.parametrize("name", SETS)
def test_captured_sessions_give_their_truth(name: str) -> None:
    truth: dict[str, Any] = json.loads((GOLDEN / name / "expected.json").read_bytes())
    store = counted(GOLDEN / name)
    causes = Causes(store)
    sums_hold(store, causes)
    for by in ("tool", "mcp", "skill", "plugin", "agent", "branch"):
        table = causes.table(Query(), by)
        assert table.total_nano == truth["total_nano"] + unlogged_nano(store)
        assert by_name(table) == truth["by"][by]
    if not unlogged_nano(store):
        assert by_name(causes.table(Query(), "kind")) == {KINDS.get(k, k): v for k, v in truth["by"]["kind"].items()}
    of_which = causes.of_which(Query())
    assert of_which.missed.cost_nano == truth["cache"]["nano"]
    number, waste = Counter(truth["waste_n"]), Counter(truth["waste"])
    assert of_which.failed[:2] == (number["calls that failed"], waste["calls that failed"])
    cut = "interrupted turn (last response)"
    assert of_which.interrupted[:2] == (number[cut], waste[cut])
    assert of_which.repeated.number == number["repeated read"]
    assert of_which.repeated.tokens == waste["repeated read tokens"]


@pytest.mark.parametrize("name", SETS)
def test_captured_responses_give_their_truth(name: str) -> None:
    truth: dict[str, Any] = json.loads((GOLDEN / name / "expected.json").read_bytes())
    found = Causes(counted(GOLDEN / name)).facts(Query())
    assert found.keys() == {one["id"] for one in truth["responses"]}
    for one in truth["responses"]:
        facts, miss = found[one["id"]]
        assert list(facts.tools) == [call["name"] for call in one["calls"]]
        assert facts.failed_calls == sum(call["failed"] for call in one["calls"])
        assert (facts.skill, facts.plugin) == (one["skill"] or "", one["plugin"] or "")
        assert (facts.agent_type, facts.branch) == (one["agent_type"], one["branch"])
        wanted = one["cache_miss"]
        assert (miss is None) == (wanted is None)
        if miss is not None:
            assert (miss.cause, round(miss.gap_ms / 1000)) == (MISSES[wanted["kind"]], wanted["gap_s"])
            assert (miss.lost_tokens, miss.cost_nano) == (wanted["lost"], wanted["nano"])


@pytest.mark.parametrize("name", SETS)
def test_skills_are_the_same_without_the_clients_own_fields(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(GOLDEN / name, folder)
    for path in folder.rglob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
        for row in rows:
            for field in ("attributionSkill", "attributionPlugin", "attributionAgent"):
                row.pop(field, None)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    before, after = Causes(counted(GOLDEN / name)), Causes(counted(folder))
    for by in ("skill", "plugin", "agent"):
        assert by_name(before.table(Query(), by)) == by_name(after.table(Query(), by))


def test_what_is_kept_answers_as_reading_does_and_a_tail_is_added(tmp_path: Path) -> None:
    home, kept = ClaudeHome(tmp_path / "home"), tmp_path / "kept"
    path = home.path()
    path.parent.mkdir(parents=True)
    log = (GOLDEN / "mixed-332").rglob("6f3605b8*.jsonl")
    lines = next(log).read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:60]))
    Causes(counted(home.folder), kept).table(Query(), "tool")
    with path.open("ab") as file:
        file.writelines(lines[60:])
    store = counted(home.folder)
    plain = [Causes(store).table(Query(), by) for by in DIMENSIONS]
    assert [Causes(store, kept).table(Query(), by) for by in DIMENSIONS] == plain
    assert [Causes(store, kept).table(Query(), by) for by in DIMENSIONS] == plain
    (next(kept.glob("causes-*.db"))).write_bytes(b"no database, but as long as a header of one would be" * 40)
    assert [Causes(store, kept).table(Query(), by) for by in DIMENSIONS] == plain


def calling(key: str, time_ms: int, *tools: str, **more: Any) -> dict[str, Any]:
    row = assistant(key, time_ms, usage(10, 20), **more)
    row["message"]["content"] = [
        {"type": "tool_use", "id": f"{key}-{number}", "name": tool, "input": {}} for number, tool in enumerate(tools)
    ]
    return row


def test_a_cost_that_cannot_be_divided_goes_to_the_first_call(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    home.append(calling("msg_1", T, "Bash", "Read", "Grep", "Glob", "Edit", "Write", "mcp__shop__list"))
    store = counted(home.folder)
    sums_hold(store, Causes(store))
    rows = {row.name: row.cost_nano for row in Causes(store).table(Query(), "tool").rows}
    assert rows["Bash"] == max(rows.values()) > rows["Read"] == rows["shop"]


def test_a_call_without_a_name_is_said_to_have_none(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    home.append(calling("msg_1", T, "", "Bash", "mcp__", "mcp____list"))
    rows = Causes(counted(home.folder)).table(Query(), "tool").rows
    assert {(row.name, row.label) for row in rows} == {
        (None, "(no name)"), ("Bash", "Bash"), ("mcp__", "mcp__"), ("mcp____list", "mcp____list"),
    }  # fmt: skip


def test_the_server_is_the_second_part_of_a_name_even_if_it_is_the_last(tmp_path: Path) -> None:
    home, names = ClaudeHome(tmp_path), ("mcp__shop", "mcp__shop__", "mcp__shop__list__all", "Bash")
    home.append(
        calling("msg_1", T, *names),
        {"type": "user", "timestamp": timestamp(T + 1), "sessionId": "s1", "message": {"content": [
            {"type": "tool_result", "tool_use_id": f"msg_1-{number}", "content": "x" * 40 * (number + 1)}
            for number in range(len(names))
        ]}},
        assistant("msg_2", T + 2, usage(9000, 20)),
    )  # fmt: skip
    store = counted(home.folder)
    causes = Causes(store)
    sums_hold(store, causes)
    context = causes.table(Query(), "context")
    brought = {row.label: row.tokens_est for row in context.rows if row.label.startswith("result ")}
    for by, parts in (("mcp", {"(no name)": 2, "list__all": 1}), ("tool", dict.fromkeys(names[:3], 1))):
        (shop,) = (row for row in with_results(causes.table(Query(), by), context).rows if row.name == "shop")
        assert {part.label: part.calls for part in shop.parts} == parts
        assert sum(part.cost_nano for part in shop.parts) == shop.cost_nano
        assert shop.tokens_est == sum(part.tokens_est for part in shop.parts)
        assert shop.tokens_est == sum(tokens for label, tokens in brought.items() if "mcp__shop" in label) > 0


def test_a_fork_changes_nothing_and_its_copies_count_for_the_first_session(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    first = [calling(f"msg_{number}", T + number, "Bash", gitBranch="one") for number in range(4)]
    home.append(*first, session="s1")
    before = by_name(Causes(counted(home.folder)).table(Query(), "branch"))
    copies = [{**row, "sessionId": "s0", "gitBranch": "two", "forkedFrom": {"sessionId": "s1"}} for row in first]
    home.append(*copies, session="s0")
    store = counted(home.folder)
    assert by_name(Causes(store).table(Query(), "branch")) == before == {"one": before["one"]}
    sums_hold(store, Causes(store))


def test_a_log_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    home.append(calling("msg_1", T, "Bash"))
    path = home.append(calling("msg_2", T, "Read"), session="s2")
    store = counted(home.folder)
    path.unlink()
    causes = Causes(store)
    assert {row.label for row in causes.table(Query(), "tool").rows} == {"Bash", "(log gone)"}
    assert [row.name for row in causes.table(Query(), "agent").rows] == ["main"]
    sums_hold(store, causes)


def test_branches_of_two_projects_are_two_rows_and_tickets_are_found(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    for number, (branch, folder) in enumerate((("fix/AB-12-x", "a"), ("fix/AB-12-x", "b"), ("HEAD", "b"))):
        where = {"session": f"s{number}", "cwd": f"/home/{folder}"}
        home.append(calling(f"msg_{number}", T, gitBranch=branch, **where), session=f"s{number}")
    causes = Causes(counted(home.folder))
    assert {(row.name, row.label, row.project) for row in causes.table(Query(), "branch").rows} == {
        ("fix/AB-12-x", "fix/AB-12-x", "/home/a"),
        ("fix/AB-12-x", "fix/AB-12-x", "/home/b"),
        (None, "(detached)", "/home/b"),
    }
    assert {row.name for row in causes.table(Query(), "ticket").rows} == {"AB-12", None}
    assert {row.name for row in causes.table(Query(), "ticket", ticket=re.compile("^fix")).rows} == {"fix", None}


def test_the_responses_of_a_row_sum_to_it() -> None:
    causes = Causes(counted(GOLDEN / "mixed-332"))
    for by in DIMENSIONS:
        for row in causes.table(Query(), by).rows:
            if row.label != "(not in the log)" and by != "context":
                shares = causes.shares(Query(), CauseOf(by, row.name, row.label, row.project))
                assert sum(one.cost_nano for one in shares) <= row.cost_nano
                assert sum(one.cost_nano for one in shares) == row.cost_nano or by == "cache"
                assert sum(one.doubts.lower_bound for one in shares) == row.doubts.lower_bound


def test_a_pause_costs_what_the_prompt_costs_to_write_again(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    home.append(
        assistant("msg_0", T - 60_000, usage(0, 10, write_5m=9000)),
        assistant("msg_1", T, usage(0, 10, write_5m=1000, read=9000)),
        assistant("msg_2", T + 1000, usage(0, 10, write_1h=90_000), isSidechain=True, agentId="a1"),
    )
    home.append(assistant("msg_3", T - 400_000, usage(0, 10, write_5m=9000), session="s2"), session="s2")
    home.append(
        assistant("msg_4", T - 500_000, usage(0, 10, write_1h=9000), session="s3"),
        assistant("msg_5", T - 400_000, usage(0, 10, read=9000), session="s3"),
        session="s3",
    )
    found = Causes(counted(home.folder)).pauses(T + 10_000)
    assert found == {
        "s1": Pause(T + 300_000, 10_000 * (3750 - 300), 10_000),
        "s3": Pause(T - 400_000 + 3_600_000, 9000 * (6000 - 300), 9000),
    }


def test_an_answer_is_the_same_object_while_nothing_moved(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    home.append(calling("msg_1", T, "Bash"))
    answers = Answers(counted(home.folder), cache_folder=tmp_path / "kept")
    first = answers.causes.table(Query(), "tool")
    assert answers.causes.table(Query(), "tool") is first
    assert answers.causes.table(Query(), "mcp") is not first
    home.path().unlink()
    assert [row.label for row in answers.causes.table(Query(), "tool").rows] == ["Bash"], "what is known stays known"
    assert [row.label for row in Causes(answers.store).table(Query(), "tool").rows] == ["(log gone)"]


@pytest.mark.parametrize(("gap_s", "is_lost"), [(299, False), (301, True)])
def test_a_cache_is_lost_by_a_pause_until_the_request_and_not_the_answer(
    gap_s: int, is_lost: bool, tmp_path: Path
) -> None:
    home = ClaudeHome(tmp_path)
    asked = {"type": "user", "timestamp": timestamp(T + gap_s * 1000), "sessionId": "s1", "message": {"content": "go"}}
    home.append(
        assistant("msg_1", T, usage(0, 10, write_5m=20_000)),
        asked,
        assistant("msg_2", T + 900_000, usage(0, 10, write_5m=20_500)),
    )
    table = Causes(counted(home.folder)).table(Query(), "cache")
    assert (table.rows[0].name == "expired_5m" or table.rows[1].name == "expired_5m") == is_lost
    assert len(table.of_which.misses) == 1


@pytest.mark.parametrize("name", SETS)
def test_what_prompts_were_made_of_is_near_its_truth(name: str) -> None:
    truth = json.loads((GOLDEN / name / "expected.json").read_bytes())
    found = by_name(Causes(counted(GOLDEN / name)).table(Query(), "context"))
    found["system + tools"] = found.pop("start of the prompt")
    wanted = Counter(truth["by_context"])
    moved = sum(abs(found.get(label, 0) - wanted[label]) for label in {*found, *wanted}) // 2
    assert moved < truth["total_nano"] * 0.025
    assert found.get("cache rebuilt", 0) == wanted["cache rebuilt"]


def test_what_was_carried_is_a_part_of_the_cost_and_the_tokens_are_those_of_the_prompts(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    reads = [(0, 1000), (1000, 100), (1100, 50)]
    home.append(*(assistant(f"msg_{n}", T + n, usage(0, 1, write_5m=w, read=r)) for n, (r, w) in enumerate(reads)))
    rows = Causes(counted(home.folder)).table(Query(), "context").rows
    assert sum(row.tokens_est for row in rows) == 1150
    assert sum(row.carried_nano for row in rows) == 2100 * 300


def test_costs_that_were_asked_for_after_sizes_were_not_are_the_same(tmp_path: Path) -> None:
    store = counted(GOLDEN / "tools-332")
    wanted = Causes(store).table(Query(), "context")
    causes = Causes(store, tmp_path)
    causes.table(Query(), "tool")
    assert causes.table(Query(), "context") == wanted
    assert Causes(store, tmp_path).table(Query(), "context") == wanted


def test_a_file_is_read_once_for_what_prompts_were_made_of_and_then_only_where_it_grew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, kept = ClaudeHome(tmp_path / "home"), tmp_path / "kept"
    names = {home.append(calling(f"msg_{name}", T, "Bash"), session=name): name for name in "abc"}
    read: list[tuple[str, int]] = []

    class Reader(LineReader):
        def __exit__(self, *error: Any) -> None:
            if self.bytes_read:
                read.append((names[Path(self.path)], self.bytes_read))
            super().__exit__(*error)

    monkeypatch.setattr("claude_tui.sources.claude.causes.fast.LineReader", Reader)
    monkeypatch.setenv("CLAUDE_TOP_NATIVE", "0")  # what the core reads is not seen here

    def read_for_context() -> list[tuple[str, int]]:
        read.clear()
        causes_of(counted(home.folder), by="context").table(Query(), "context")
        return sorted(read)

    monkeypatch.setenv("XDG_CACHE_HOME", str(kept))
    assert read_for_context() == [(name, path.stat().st_size) for path, name in names.items()]
    assert read_for_context() == []
    before = home.path("b").stat().st_size
    grown = home.append(calling("msg_d", T + 1000, "Read"), session="b")
    assert read_for_context() == [("b", grown.stat().st_size - before)]


def test_a_database_that_is_damaged_is_replaced(tmp_path: Path) -> None:
    store, kept = counted(GOLDEN / "tools-332"), tmp_path / "kept"
    kept.mkdir()
    wanted = Causes(store).table(Query(), "tool")
    Causes(store, kept).table(Query(), "tool")
    (place,) = kept.glob("causes-*.db")
    place.write_bytes(b"no database, but as long as a header of one would be" * 40)
    assert Causes(store, kept).table(Query(), "tool") == wanted
    Causes(store, kept).table(Query(), "tool")
    assert place.read_bytes().startswith(b"SQLite format 3")


def test_the_same_object_sees_what_is_appended(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    path = home.append(calling("msg_1", T, "Bash"))
    store = counted(home.folder)
    causes = Causes(store)
    assert {row.name for row in causes.table(Query(), "tool").rows} == {"Bash"}
    home.append(calling("msg_2", T + 1000, "Read"))
    found = path.stat()
    log = LogFile("claude", str(path), "", found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)
    store.apply(str(path), read_columns(log, keep_names=True).columns)
    assert {row.name for row in causes.table(Query(), "tool").rows} == {"Bash", "Read"}
    sums_hold(store, causes)


def test_who_reads_once_is_told_what_the_logs_said_then(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    path = home.append(calling("msg_1", T, "Bash"))
    store = counted(home.folder)
    once, again = Causes(store, reads_once=True), Causes(store)
    for causes in (once, again):
        causes.refresh()
    path.write_bytes(path.read_bytes().replace(b'"Bash"', b'"Grep"'))
    os.utime(path, (1, 1))
    assert list(by_name(once.table(Query(), "tool"))) == ["Bash"]
    assert list(by_name(again.table(Query(), "tool"))) == ["Grep"]
    once.refresh("context")  # what was not asked for then is read
    assert list(by_name(once.table(Query(), "tool"))) == ["Grep"]


def test_what_is_kept_is_for_its_owner_alone_and_not_of_files_that_are_gone(tmp_path: Path) -> None:
    home, kept = ClaudeHome(tmp_path / "home"), tmp_path / "kept"
    first = home.append(calling("msg_1", T, "Bash"))
    home.append(calling("msg_2", T, "Read", session="s2"), session="s2")
    store = counted(home.folder)
    kept.mkdir()
    (kept / "causes-0.db").touch()
    causes = Causes(store, kept)
    causes.table(Query(), "tool")
    (place,) = kept.glob("causes-*.db")
    assert place.stat().st_mode & 0o777 == 0o600
    assert os.fsencode(first) in place.read_bytes()
    first.unlink()
    home.append(calling("msg_3", T, "Read", session="s2"), session="s2")
    causes.table(Query(), "tool")
    assert [name for name, _ in CausesCache(kept).all([str(first), str(home.path("s2"))])] == [str(home.path("s2"))]


def test_without_a_folder_that_can_be_written_answers_are_the_same(tmp_path: Path) -> None:
    store = counted(GOLDEN / "tools-332")
    place = tmp_path / "file"
    place.write_text("no folder")
    assert Causes(store, place).table(Query(), "tool") == Causes(store).table(Query(), "tool")


@pytest.mark.parametrize("by", ["tool", "context"])
def test_a_table_is_whole_whatever_comes_while_it_is_made(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = ClaudeHome(tmp_path)
    for number in range(300):
        home.append(calling(f"msg_{number}", T + number, "Bash"), session=f"s{number % 5}")
    store = counted(home.folder)
    more = iter(range(300, 10_000))

    def let_others(_: float) -> None:
        """Whenever the store is let go, another response comes."""
        path = home.append(calling(f"msg_{(number := next(more))}", T + number, "Edit"), session="s9")
        store.apply(str(path), read_columns(LogFile("claude", str(path), "s9", 0, 0, 0, 0), keep_names=True).columns)

    monkeypatch.setattr("claude_tui.engine.queries.causes.causes.HOLD_S", 0.0)
    monkeypatch.setattr("claude_tui.engine.queries.causes.causes.time.sleep", let_others)
    causes = Causes(store)
    table = causes.table(Query(), by)
    assert next(more) > 301
    assert table.total_nano == sum(row.cost_nano for row in table.rows)
    assert 300 < table.responses <= len(store.table)
    monkeypatch.undo()
    assert causes.table(Query(), by) == Causes(store).table(Query(), by)
