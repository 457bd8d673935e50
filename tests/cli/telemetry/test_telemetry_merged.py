"""What telemetry tells beside the logs, as the commands say it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.telemetry import cover_of_today
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.state.batch import pack
from claude_tui.engine.state.store import Store
from claude_tui.paths import telemetry_folder
from claude_tui.reports.schemas import document
from claude_tui.telemetry.place import TOKEN_FILE
from claude_tui.units import DAY_MS, MINUTE_MS
from tests.engine.counting import PRICER, UTC, assert_sums_agree
from tests.engine.telemetry import CLAUDE_SETS, FOLDER, config_with, expected_responses, exports_of, origin_of, spool_in
from tests.logs import ClaudeHome, assistant, usage

golden = pytest.mark.parametrize("folder", CLAUDE_SETS, ids=lambda folder: folder.name)
REPL = FOLDER / "repl332"
AT = "2026-11-20T12:00:01.000Z"
NOON = 1_795_176_000_000


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments]) == 0
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(said(capsys, *arguments))


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(capsys, "export", *arguments).splitlines()]


def event(place: Path, **more: object) -> None:
    """Append one event to a spool."""
    attributes = {
        "event.name": "api_request", "session.id": "s1", "event.timestamp": AT, "model": "claude-sonnet-4-5-20250929",
        "input_tokens": 5, "output_tokens": 6, "cache_read_tokens": 0, "cache_creation_tokens": 0,
    } | more  # fmt: skip
    listed = [
        {"key": key, "value": {"stringValue" if isinstance(value, str) else "doubleValue": value}}
        for key, value in attributes.items()
    ]
    record = {
        "resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"logRecords": [{"attributes": listed}]}]}]
    }
    place.mkdir(parents=True, exist_ok=True)
    with (place / "2026-11-20.jsonl").open("a") as file:
        file.write(json.dumps(record) + "\n")


@golden
def test_export_says_where_each_response_is_known_from_and_what_it_was_for(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ("--claude-dir", str(folder), "--telemetry-dir", str(spool_in(tmp_path, folder)))
    found = {(line["input"], line["output"]): line for line in lines(capsys, *places)}
    wanted = {(one["input"], one["output"]): one for one in expected_responses(folder)}
    assert found.keys() == wanted.keys()
    for key, one in wanted.items():
        line = found[key]
        assert line["origin"] == origin_of(one)
        assert line["query_source"] == (one["query_source"] or "")
        assert not line["output_lower_bound"]
        if line["origin"] == "telemetry" and one["query_source"]:
            assert line["key"] == one["request"]
    report = told(capsys, "report", "--json", *places)
    assert report["totals"]["cost_nano"] == sum(line["cost_nano"] for line in found.values())


@golden
def test_report_has_a_section_of_what_it_covers_and_what_only_it_tells(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ("--claude-dir", str(folder), "--telemetry-dir", str(spool_in(tmp_path, folder)))
    report = told(capsys, "report", "--json", *places)
    section, wanted = report["telemetry"], expected_responses(folder)
    alone = [one for one in wanted if not one["in_log"]]
    assert (section["logged"], section["only_told"]) == (len(wanted) - len(alone), len(alone))
    assert section["covered"] == sum(one["in_log"] and one["in_telemetry"] for one in wanted)
    assert sum(kind["responses"] for kind in section["kinds"]) == len(alone)
    assert sum(kind["input"] for kind in section["kinds"]) == sum(one["input"] for one in alone)
    assert sum(day["only_told"] for day in section["days"]) == len(alone)
    assert section["raised"] == sum(one["in_log"] and one["logged_output"] != one["output"] for one in wanted)
    assert report["totals"]["responses"] == section["logged"] + section["only_told"]


def test_explain_says_what_each_knows_and_no_longer_lists_what_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ("--claude-dir", str(REPL), "--telemetry-dir", str(spool_in(tmp_path, REPL)))
    text = " ".join(said(capsys, "explain", *places).split())
    assert "11 from the log, 15 from telemetry, 4 only there for $0.08:" in text
    for kind in ("1 title", "1 compaction", "1 side question", "1 web search"):
        assert kind in text
    assert "calls that were never logged cost $0.0800" in text
    assert "titles of sessions" not in text
    assert "failed attempts" in text
    assert "titles of sessions" in said(capsys, "explain", "--claude-dir", str(REPL))
    title = next(one["request"] for one in expected_responses(REPL) if one["query_source"] == "generate_session_title")
    assert "no log has it" in " ".join(said(capsys, "explain", "--key", title, *places).split())


def test_what_is_told_of_one_client_is_no_longer_missing_whatever_is_told_of_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codex = FOLDER / "codex-0.171.0-tui"
    spool = spool_in(tmp_path, REPL)
    (spool / "codex.json").write_text("".join(exports_of(codex)[:1]))
    places = ("--claude-dir", str(REPL), "--codex-dir", str(codex / "logs"), "--telemetry-dir", str(spool))
    text = " ".join(said(capsys, "explain", *places).split())
    missing = text.partition("so every total is a lower bound")[2].partition(" Codex: ")
    assert "titles of sessions" not in missing[0]
    assert missing[2].startswith("titles of sessions, summaries for memory")
    (spool / "codex.json").write_text("".join(exports_of(codex)))
    text = " ".join(said(capsys, "explain", *places).split())
    assert "4 × title/memory/ephemeral call" in text
    assert text.partition(" Codex: ")[2].startswith("failed attempts")


def test_what_telemetry_missed_of_today_is_known_while_what_may_still_come_and_was_stopped_is_not_missed(
    tmp_path: Path, claude_home: ClaudeHome
) -> None:
    now_ms = NOON + 10 * MINUTE_MS
    claude_home.append(
        assistant("msg_1", NOON + 1000, usage(input=5, output=6)),
        assistant("msg_2", NOON + 2000, usage(input=7, output=8)),
        assistant("msg_3", now_ms - MINUTE_MS, usage(input=9, output=9)),
        assistant("msg_yesterday", NOON - DAY_MS, usage(input=9, output=9)),
    )
    stopped = {"usage": {"input_tokens": 1, "output_tokens": 1}, "id": "msg_4", "model": "claude-sonnet-4-5-20250929"}
    claude_home.append(assistant("msg_4", NOON, {}, message={**stopped, "stop_reason": None}))
    store, config = Store(PRICER, UTC), config_with("claude", claude_home.folder, tmp_path)

    def cover() -> tuple[int, int]:
        reader = FileReader(PRICER, UTC)
        for file in discover(config):
            store.take_in(pack([reader.read(Task(file))]))
        return cover_of_today(store, now_ms)

    assert cover() == (0, 0)  # nobody told anything: it is off
    event(tmp_path)
    assert cover() == (2, 1)
    event(tmp_path, **{"input_tokens": 7, "output_tokens": 8, "event.timestamp": "2026-11-20T12:00:02.000Z"})
    assert cover() == (2, 2)


def test_a_filter_covers_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = ("--claude-dir", str(REPL), "--telemetry-dir", str(spool_in(tmp_path, REPL)))
    nothing = told(capsys, "report", "--json", "--since", "2026-11-30", *places)
    assert (nothing["totals"]["responses"], nothing["telemetry"]["only_told"]) == (0, 0)
    found = told(capsys, "report", "--json", "--until", "2026-11-29", *places)
    assert (found["totals"]["responses"], found["telemetry"]["only_told"]) == (15, 4)


@golden
def test_the_reports_of_ccusage_have_it_only_where_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("claude", "daily", "--json", "--claude-dir", str(folder))
    spool = ("--telemetry-dir", str(spool_in(tmp_path, folder)))
    assert told(capsys, *here, *spool) == told(capsys, *here)
    wanted = sum(one["output"] for one in expected_responses(folder))
    assert told(capsys, *here, *spool, "--unlogged")["totals"]["outputTokens"] == wanted


def test_our_own_spool_is_read_where_no_folder_is_named(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2)))
    assert "telemetry" not in told(capsys, "report", "--json")
    telemetry_folder().parent.mkdir(parents=True)
    (telemetry_folder().parent / TOKEN_FILE).write_text("token")
    assert told(capsys, "report", "--json")["telemetry"]["logged"] == 1
    event(telemetry_folder(), request_id="req_1", query_source="compact")
    (first, second) = lines(capsys)
    assert (first["origin"], second["origin"], second["query_source"]) == ("log", "telemetry", "compact")
    assert second["project"] == first["project"] != ""
    assert [line["origin"] for line in lines(capsys, "--source", "codex,claude")] == ["log", "telemetry"]
    assert told(capsys, "report", "--json")["telemetry"]["covered"] == 0
    assert "telemetry" in said(capsys, "doctor")


def test_a_named_folder_of_logs_leaves_our_own_spool_out(
    claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2)))
    event(telemetry_folder(), request_id="req_1")
    copy = tmp_path / "copy"
    shutil.copytree(claude_home.folder, copy)
    assert [line["origin"] for line in lines(capsys, "--claude-dir", str(copy))] == ["log"]
    event(tmp_path / "a", request_id="req_2")
    event(tmp_path / "b", request_id="req_3")
    both = ("--telemetry-dir", str(tmp_path / "a"), "--telemetry-dir", str(tmp_path / "b"))
    found = lines(capsys, "--claude-dir", str(copy), *both)
    assert {line["key"] for line in found} == {"msg_1", "req_2", "req_3"}


def test_events_of_clients_that_are_not_counted_do_not_count(
    claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2)))
    place = tmp_path / "spool"
    event(place, request_id="req_1")
    (place / "gemini.json").write_text("".join(exports_of(FOLDER / "gemini-0.30.0-exec")))
    assert {line["source"] for line in lines(capsys, "--telemetry-dir", str(place))} == {"claude", "gemini"}
    only = lines(capsys, "--telemetry-dir", str(place), "--source", "claude")
    assert [line["key"] for line in only] == ["msg_1", "req_1"]


def test_prices_that_the_client_says_otherwise_are_listed_with_the_cause(
    claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attempts = [
        {"type": "message", "model": "claude-opus-4-5-20251101", "input_tokens": 300, "output_tokens": 3},
        {"type": "fallback_message", "model": "claude-sonnet-4-5-20250929", "input_tokens": 400, "output_tokens": 40},
    ]
    claude_home.append(assistant("msg_1", NOON, usage(input=400, output=40, iterations=attempts)))
    claude_home.append(assistant("msg_2", NOON, usage(input=7, output=8)))
    place = tmp_path / "spool"
    event(
        place, request_id="req_1", model="claude-opus-4-5-20251101", input_tokens=400, output_tokens=40, cost_usd=0.003
    )
    event(place, request_id="req_2", input_tokens=7, output_tokens=8, cost_usd=0.000141)
    event(place, request_id="req_3", model="claude-new-9", cost_usd=0.5)
    found = told(capsys, "explain", "--against", "client", "--json", "--telemetry-dir", str(place))
    first, second = found["prices"]
    assert (first["key"], first["cost_nano"], first["client_cost_nano"]) == ("req_3", None, 500_000_000)
    assert "without a published price" in first["cause"]
    # What another model served is billed at that model's price; an attempt that wrote nothing is not billed.
    assert (second["key"], second["cost_nano"], second["client_cost_nano"]) == ("msg_1", 1_800_000, 3_000_000)
    assert "another model took over" in second["cause"]
    assert "another model took over" in said(capsys, "explain", "--against", "client", "--telemetry-dir", str(place))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("report", ["report"]),
        ("explanation", ["explain"]),
        ("doctor", ["doctor"]),
        ("against-client", ["explain", "--against", "client"]),
    ],
)
def test_what_is_printed_is_what_the_schemas_say(
    name: str, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import jsonschema

    places = ("--claude-dir", str(REPL), "--telemetry-dir", str(spool_in(tmp_path, REPL)))
    jsonschema.validate(told(capsys, *command, "--json", *places), document(name))


def test_who_has_no_telemetry_loads_nothing_for_it(own_home: Path, claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2)))
    code = (
        "import sys; from claude_tui.cli import main; main(['report', '--json']); "
        "names = [name for name in sys.modules if not name.startswith('claude_tui.engine.state.reconciling')]; "
        "print([name for name in names if 'telemetry' in name or name.endswith('.pairing')], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.strip().splitlines()[-1] == "[]"


def test_an_event_that_stands_in_two_files_counts_once_and_so_does_what_is_beside_it(
    tmp_path: Path, claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=1)), session="other")
    spool = tmp_path / "spool"
    event(spool)
    event(spool, output_tokens=7)
    shutil.copy(spool / "2026-11-20.jsonl", spool / "2026-11-19.jsonl")
    (spool / "2026-11-20.jsonl").unlink()
    event(spool)
    os.utime(spool / "2026-11-19.jsonl", (1, 1))  # read last: one of its events is known then
    places = ("--claude-dir", str(claude_home.folder), "--telemetry-dir", str(spool))
    totals = told(capsys, "report", "--json", *places)["totals"]
    assert (totals["responses"], totals["output"]) == (3, 1 + 6 + 7)
    assert sum(line["output"] for line in lines(capsys, *places)) == 1 + 6 + 7


def test_an_event_goes_over_to_a_nearer_response_that_comes_later(tmp_path: Path, claude_home: ClaudeHome) -> None:
    spool = tmp_path / "spool"
    event(spool)
    store, config = Store(PRICER, UTC), config_with("claude", claude_home.folder, spool)

    def origins(key: str, at_ms: int) -> dict[str, str]:
        claude_home.append(assistant(key, at_ms, usage(input=5, output=6)), session="s1")
        reader = FileReader(PRICER, UTC, keep_names=True)
        for file in discover(config):
            store.take_in(pack([reader.read(Task(file))]))
        assert_sums_agree(store)
        return {line.key: line.origin for line in list_responses(store)}

    assert origins("msg_late", NOON + 31_000) == {"msg_late": "both"}
    assert origins("msg_near", NOON + 1_100) == {"msg_late": "log", "msg_near": "both"}


def test_what_telemetry_once_said_counts_on_when_its_folder_and_token_are_gone(
    own_home: Path, claude_home: ClaudeHome
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2)))
    event(telemetry_folder(), request_id="req_1", query_source="compact")
    token = telemetry_folder().parent / TOKEN_FILE
    token.write_text("token")

    def said_by_another_process(*arguments: str) -> Any:
        ran = subprocess.run(
            [sys.executable, "-m", "claude_tui", *arguments], capture_output=True, text=True, check=True
        )
        return json.loads(ran.stdout) if ran.stdout.startswith("{") else ran.stdout

    said_by_another_process("ledger", "keep")
    with_spool = said_by_another_process("report", "--json")
    shutil.rmtree(telemetry_folder())
    token.unlink()
    anew = said_by_another_process("report", "--json")
    cached = said_by_another_process("report", "--json")
    for report in (with_spool, anew, cached):
        assert (report["totals"]["responses"], report["totals"]["output"]) == (2, 2 + 6)
        assert [kind["kind"] for kind in report["telemetry"]["kinds"]] == ["compact"]
    assert "differ" not in said_by_another_process("verify")
