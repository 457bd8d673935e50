"""Where the money went, asked from a shell."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.cli.commands.numbers.report import CAUSES
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS
from tests.cli.program import run
from tests.logs import ClaudeHome, assistant, usage

GOLDEN = Path(__file__).parents[3] / "golden" / "causes"
TRUTH: dict[str, Any] = json.loads((GOLDEN / "inskill-332" / "expected.json").read_bytes())


@pytest.fixture
def history(claude_home: ClaudeHome) -> ClaudeHome:
    for name in ("inskill-332", "waste-332"):
        shutil.copytree(GOLDEN / name / "projects", claude_home.folder / "projects", dirs_exist_ok=True)
    return claude_home


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["report", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_knows_every_dimension() -> None:
    assert tuple(DIMENSIONS) == CAUSES


@pytest.mark.parametrize("by", CAUSES)
def test_rows_sum_to_the_total_of_any_report(history: ClaudeHome, capsys: pytest.CaptureFixture[str], by: str) -> None:
    whole = report(capsys)["totals"]
    found = report(capsys, "--by", by)
    assert found["total_cost_nano"] == whole["cost_nano"] == sum(row["cost_nano"] for row in found["rows"])
    assert by == "context" or sum(row["input"] for row in found["rows"]) == whole["input"]
    short = report(capsys, "--by", by, "--top", "1")
    assert short["rows"] == found["rows"][:1]
    left = short.get("left_out", {"rows": 0, "cost_nano": 0})
    assert left["cost_nano"] + short["rows"][0]["cost_nano"] == whole["cost_nano"]
    assert left["rows"] == len(found["rows"]) - 1


def test_one_project_gives_its_truth(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys, "--by", "skill", "--project", "inskill-332/work")
    assert {row["name"] or row["label"]: row["cost_nano"] for row in found["rows"]} == TRUTH["by"]["skill"]
    failed = found["of_which"]["failed_calls"]
    assert (failed["n"], failed["cost_nano"]) == (1, TRUTH["waste"]["calls that failed"])
    one = report(capsys, "--by", "tool", "--session", "11111111-2222-4333-8444-555555555603")
    assert one["total_cost_nano"] < found["total_cost_nano"]


def test_mcp_servers_list_their_tools(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["name"]: row for row in report(capsys, "--by", "mcp")["rows"]}
    assert [tool["name"] for tool in rows["shop"]["tools"]] == ["lookup"]
    assert rows["shop"]["tools"][0]["cost_nano"] == rows["shop"]["cost_nano"] == TRUTH["by"]["mcp"]["shop"]


def test_the_convention_is_printed_and_what_a_call_started_stands_beside_it(history: ClaudeHome) -> None:
    printed = run("report", "--by", "tool").stdout.decode()
    assert "Evenly over the calls of each response; the rows add up to the total." in printed
    assert "Agent (+ $0.07 by 1 agent it started)" in printed
    assert "for 5 calls that failed" in printed


def test_csv_has_the_rows(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--by", "tool", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert sum(int(row["cost_nano"]) for row in rows) == report(capsys)["totals"]["cost_nano"]


def test_sub_agents_have_a_number_a_price_and_a_model(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = (row for row in report(capsys, "--by", "agent")["rows"] if row["agents"])
    assert (row["each_nano"], row["models"]) == (row["cost_nano"] // row["agents"], ["claude-sonnet-4-5-20250929"])
    assert main(["report", "--by", "agent", "--csv"]) == 0
    (line,) = (one for one in csv.DictReader(io.StringIO(capsys.readouterr().out)) if one["agents"] != "0")
    assert {name: line[name] for name in ("each_nano", "models", "lost_caches", "lost_caches_nano")} == {
        name: " ".join(row[name]) if name == "models" else str(row[name])
        for name in ("each_nano", "models", "lost_caches", "lost_caches_nano")
    }
    printed = run("report", "--by", "agent").stdout.decode()
    assert "claude-sonnet-4-5-20250929" in printed and "lost caches" in printed


@pytest.mark.parametrize("narrowed", [[], ["--project", "/home/user/code/inskill-332/work"]], ids=["all", "project"])
def test_results_of_tools_say_what_they_brought_into_prompts_where_that_is_asked(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str], narrowed: list[str]
) -> None:
    parts = {row["label"]: row for row in report(capsys, "--by", "context", *narrowed)["rows"]}
    brought = {label.removeprefix("result "): row for label, row in parts.items() if label.startswith("result ")}
    assert brought.keys() >= {"mcp__shop__lookup", *([] if narrowed else ["Bash"])}
    for by in ("tool", "mcp"):
        plain, found = (report(capsys, "--by", by, *more, *narrowed) for more in ([], ["--context"]))
        assert found["total_cost_nano"] == plain["total_cost_nano"]
        assert {row["results_tokens_est"] for row in plain["rows"]} == {None}
        for name in ("tokens_est", "carried_nano"):
            of_rows = sum(row[f"results_{name}" if name == "tokens_est" else name] for row in found["rows"])
            assert of_rows == sum(row.get(name, 0) for row in brought.values()) > 0
        shop = next(row for row in found["rows"] if row["name"] == "shop")
        assert shop["results_tokens_est"] == shop["tools"][0]["results_tokens_est"]
        assert shop["carried_nano"] == brought["mcp__shop__lookup"]["carried_nano"] > 0
    assert "~results in" in run("report", "--by", "mcp", "--context").stdout.decode()
    assert main(["report", "--by", "skill", "--context"]) == 2
    assert "needs --by tool" in capsys.readouterr().err


def test_a_number_of_doubts_is_a_number(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    row = assistant("msg_1", 1_795_176_000_000, usage(1, 2), model="nobody-knows")
    claude_home.append(row)
    for by in CAUSES:
        found = report(capsys, "--by", by)
        assert all(type(one["unpriced_responses"]) is int for one in (found, *found["rows"])), by
        assert found["unpriced_responses"] == 1 and found["rows"][0]["unpriced_responses"] == 1


def test_a_pattern_that_is_none_is_refused(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--by", "ticket", "--ticket-pattern", "("]) == 2
    assert "is not a regular expression" in capsys.readouterr().err
    assert main(["report", "--by", "tool", "--ticket-pattern", "x"]) == 2


def test_names_from_logs_are_made_safe(claude_home: ClaudeHome) -> None:
    row = assistant("msg_1", 1_795_176_000_000, usage(1, 2))
    row["message"]["content"] = [{"type": "tool_use", "id": "t", "name": "\x1b[31mred\x07", "input": {}}]
    claude_home.append(row)
    printed = run("report", "--by", "tool").stdout.decode()
    assert "\x1b" not in printed and "red" in printed


def test_an_export_says_what_each_response_was_made_for(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--causes"]) == 0
    lines = {line["key"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    for one in TRUTH["responses"]:
        line = lines[one["id"]]
        assert (line["skill"], line["plugin"], line["branch"]) == (
            one["skill"] or "",
            one["plugin"] or "",
            one["branch"],
        )
        assert line["tools"] == [call["name"] for call in one["calls"]]
    assert main(["export", "--causes", "--what", "days"]) == 2
    capsys.readouterr()
    assert main(["export", "--causes", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == len(lines) and rows[0].keys() >= {"tools", "cache_miss", "causes_problem"}


def test_waste_says_what_would_have_been_paid_otherwise(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(GOLDEN / "gap-150" / "projects", history.folder / "projects", dirs_exist_ok=True)
    assert main(["explain", "waste", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total_cost_nano"] == report(capsys)["totals"]["cost_nano"]
    waste = {one["what"]: one for one in found["waste"]}
    assert waste["failed_calls"]["saved_nano"] == 150_150_750 + 13_656_150
    lost = waste["cache_expired_5m"]
    assert (lost["n"], lost["saved_nano"]) == (1, 98_376_750)
    assert lost["otherwise_nano"] == 28_515 * 300 and lost["paid_nano"] - lost["otherwise_nano"] == lost["saved_nano"]
    assert lost["proofs"][0]["detail"] == "after 5m, 28.5k tokens paid anew"
    assert waste["repeated_reads"]["is_estimate"]
    saved = [one["saved_nano"] for one in found["waste"]]
    assert saved == sorted(saved, reverse=True) and min(saved) > 0
    printed = " ".join(run("explain", "waste").text.split())
    assert "it would have been $0.01 read from the cache, had it been there" in printed


def test_a_compaction_is_no_waste(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(GOLDEN / "mixed-332" / "projects", claude_home.folder / "projects")
    assert main(["explain", "waste", "--json"]) == 0
    found = [one["what"] for one in json.loads(capsys.readouterr().out)["waste"]]
    assert found == ["cache_model_switch", "failed_calls", "interrupted"]


def test_without_waste_there_is_no_advice(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", 1_795_176_000_000, usage(1, 2)))
    assert run("explain", "waste").stdout.startswith(b"nothing that was avoidable shows")
    assert run("explain", "waste", "--key", "msg_1").code == 2


def test_a_sub_agent_is_dear_beside_others_of_its_type(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, output in enumerate((100, 100, 120, 1000)):
        row = assistant(f"msg_{number}", 1_795_176_000_000, usage(0, output), isSidechain=True, agentId=f"a{number}")
        claude_home.append({**row, "attributionAgent": "Explore"}, agent=f"a{number}")
    assert main(["explain", "waste", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["waste"]
    assert (found["what"], found["n"], found["paid_nano"]) == ("dear_agents", 1, 1000 * 15_000)
    assert found["otherwise_nano"] == 100 * 15_000


def test_what_a_ticket_looks_like_is_a_setting(
    claude_home: ClaudeHome, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", 1_795_176_000_000, usage(1, 2), gitBranch="feature/shop_17-and-AB-1"))
    config = own_home / ".config" / "claude-top" / "config.toml"
    config.parent.mkdir(parents=True)

    def tickets(*more: str) -> list[str | None]:
        return [row["name"] for row in report(capsys, "--by", "ticket", *more)["rows"]]

    assert tickets() == ["AB-1"]
    config.write_text("[causes]\nticket = 'shop_[0-9]+'\n")
    assert tickets() == ["shop_17"]
    assert tickets("--ticket-pattern", "feature") == ["feature"]
    assert main(["config", "check"]) == 0
    capsys.readouterr()
    config.write_text("[causes]\nticket = 'shop_[0-9'\n")
    assert tickets() == ["AB-1"]
    assert main(["config", "check"]) == 1
    said = capsys.readouterr().out
    assert ":2:" in said and "'shop_[0-9' is not a regular expression: unterminated character set" in said


@pytest.mark.parametrize("by", CAUSES)
def test_what_has_no_price_costs_nothing_known_and_never_nothing(claude_home: ClaudeHome, by: str) -> None:
    shutil.copytree(GOLDEN / "waste-332" / "projects", claude_home.folder / "projects", dirs_exist_ok=True)
    for log in claude_home.folder.rglob("*.jsonl"):
        log.write_text(log.read_text().replace("claude-sonnet-4-5-20250929", "acme-coder-2"))
    table = run("report", "--by", by).text.split("\n\n")[0]
    assert "n/a" in table and "$0.00" not in table
    assert "$0.00" not in run("explain", "waste").text.splitlines()[0]


@pytest.mark.parametrize("by", CAUSES)
def test_a_total_says_how_sure_it_is_as_in_any_report(claude_home: ClaudeHome, by: str) -> None:
    unpriced = assistant("msg_1", 1_795_176_000_000, usage(1, 2), model="acme-coder-2")
    claude_home.append(unpriced, assistant("msg_2", 1_795_176_001_000, usage(9_000, 8_000)))
    said, *_ = (line for line in run("report").text.splitlines() if line.startswith("Total"))
    found = run("report", "--by", by).text.splitlines()
    cost = next(word for word in said.split() if "$" in word)
    assert cost.startswith(">=")
    assert any(line.startswith("Total") and cost in line for line in found)


@pytest.mark.parametrize("by", CAUSES)
def test_json_says_how_sure_a_cost_is_as_in_any_report(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    shutil.copytree(GOLDEN / "waste-332" / "projects", claude_home.folder / "projects", dirs_exist_ok=True)
    unpriced = assistant("msg_1", 1_795_176_000_000, usage(1, 2), model="acme-coder-2")
    begun = assistant("msg_2", 1_795_176_001_000, usage(9_000, 1))
    del begun["message"]["usage"]["server_tool_use"]
    claude_home.append(unpriced, begun)
    totals, found = report(capsys)["totals"], report(capsys, "--by", by)
    doubts = ("unpriced_responses", "unpriced_tokens", "lower_bound", "flagged")
    assert {name: found[name] for name in doubts} == {name: totals[name] for name in doubts}
    assert (found["unpriced_responses"], found["unpriced_tokens"], found["lower_bound"]) == (1, 3, 1)
    if by != "context":
        assert sum(row["unpriced_tokens"] for row in found["rows"]) == 3
    top = report(capsys, "--by", by, "--top", "1")
    assert all(name in top["rows"][0] and name in top.get("left_out", top) for name in doubts)
    assert main(["explain", "waste", "--json"]) == 0
    wasted = json.loads(capsys.readouterr().out)
    assert {name: wasted[name] for name in doubts} == {name: totals[name] for name in doubts}
    assert all(one[name] == 0 for one in wasted["waste"] for name in doubts)


def test_waste_names_projects_and_sessions_as_reports_do(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(GOLDEN / "mixed-332" / "projects", claude_home.folder / "projects")
    for log in claude_home.folder.glob("projects/*/*.jsonl"):
        title = {"type": "custom-title", "customTitle": "the \x1b[31mred one", "sessionId": log.stem}
        log.write_text(log.read_text() + json.dumps(title) + "\n")
    projects, sessions = (run("report", "--by", by).text for by in ("project", "session"))
    for columns in ("200", "80", "40"):
        monkeypatch.setenv("COLUMNS", columns)
        printed = run("explain", "waste").text
        proof = next(line for line in printed.splitlines() if "2026-" in line)
        assert columns == "40" or all(len(line) <= int(columns) for line in printed.splitlines())
        project = next(word for word in projects.split() if word.endswith("mixed-332/work"))
        assert project in printed and (columns != "200" or project in proof)
        assert "red one" in sessions and "red one" in printed and "\x1b" not in printed


def test_a_name_of_several_lines_is_one_field_of_csv(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "one\ntwo"
    claude_home.append(assistant("msg_1", 1_795_176_000_000, usage(1, 2), gitBranch=name))
    assert main(["report", "--by", "branch", "--csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert (row["name"], row["responses"]) == (name, "1")


def test_what_was_written_is_a_lower_bound_where_the_log_has_its_beginning(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [assistant(f"msg_{number}", 1_795_176_000_000 + number, usage(9_000, 1)) for number in range(2)]
    for row in rows:
        del row["message"]["usage"]["server_tool_use"]
    claude_home.append(*rows, assistant("msg_2", 1_795_176_000_003, usage(9_100, 50)))
    found = {row["label"]: row for row in report(capsys, "--by", "context")["rows"]}
    assert found["written: answers"]["lower_bound"] == 2
    assert all(row["lower_bound"] == 0 for label, row in found.items() if not label.startswith("written"))


def test_whatever_responses_without_a_price_went_to_is_marked(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    priced = assistant("msg_1", 1_795_176_000_000, usage(100, 50))
    unpriced = assistant("msg_2", 1_795_176_000_001, usage(900, 5, read=100), model="acme-coder-2")
    unpriced["message"]["content"] = [{"type": "thinking", "thinking": "so be it"}]
    claude_home.append(priced, unpriced)
    rows = {row["label"]: row for row in report(capsys, "--by", "context")["rows"]}
    assert {label: row["unpriced_responses"] for label, row in rows.items()} == {
        "start of the prompt": 1, "assistant text": 1, "written: thinking": 1, "written: answers": 0,
    }  # fmt: skip
    lines = run("report", "--by", "context").text.splitlines()
    printed = {line[:20].strip(): line.split()[-2] for line in lines if line}
    assert printed["start of the prompt"].startswith(">=$")
    assert printed["written: thinking"] == "n/a"


def test_what_lies_inside_the_total_is_marked_as_rows_are(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    t = 1_795_176_000_000

    def failing(key: str, time_ms: int, **more: Any) -> list[dict[str, Any]]:
        row = assistant(key, time_ms, usage(10, 1, write_5m=20_000), **more)
        row["message"]["content"] = [{"type": "tool_use", "id": key, "name": "Bash", "input": {}}]
        failed = {"type": "tool_result", "tool_use_id": key, "content": "no", "is_error": True}
        cut = {"role": "user", "content": "[Request interrupted by user]"}
        return [row, {"type": "user", "message": {"content": [failed]}}, {"type": "user", "message": cut}]

    begun = failing("msg_1", t + 400_000)
    del begun[0]["message"]["usage"]["server_tool_use"]  # as a row that was written before the response was whole
    priced = [assistant("msg_0", t, usage(10, 500, write_5m=20_000)), *begun]
    claude_home.append(*priced, session="s1")
    found = report(capsys, "--by", "kind")
    inside = {name: one["lower_bound"] for name, one in found["of_which"].items() if name != "repeated_reads"}
    assert inside == {"cache_misses": 0, "failed_calls": 1, "interrupted": 1}
    assert {row["name"]: row["lower_bound"] for row in found["rows"]} == {"output": 1, "cache_write_5m": 0, "input": 0}
    lost = {row["label"]: row["lower_bound"] for row in report(capsys, "--by", "cache")["rows"]}
    assert lost == {"(nothing lost)": 1, "paused over 5 minutes": 0}
    said = [line.split()[2] for line in run("report", "--by", "tool").text.splitlines() if line.startswith("of which")]
    assert [one[0] for one in said] == ["$", ">", ">"]
    assert main(["explain", "waste", "--json"]) == 0
    wasted = {one["what"]: one["lower_bound"] for one in json.loads(capsys.readouterr().out)["waste"]}
    assert wasted == {"cache_expired_5m": 0, "failed_calls": 1, "interrupted": 1}
    lines = [*priced, *failing("msg_2", t + 800_000, model="acme-coder-2")]
    claude_home.path("s1").write_text("".join(json.dumps(row) + "\n" for row in lines))
    text = run("report", "--by", "cache").text
    assert "of which >=$" in text
    assert any("another model" in line and "n/a" in line for line in text.splitlines())
