from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.clients import CLIENTS
from claude_tui.engine.ledger import Ledger
from claude_tui.engine.queries.explain import FLAGS
from claude_tui.model import ESTIMATE_FLAGS
from claude_tui.reports.ccusage.against.their_prices import charged_nano
from claude_tui.reports.ccusage.against.theirs import CcusageEntry, LinePlace
from tests.captured import one_set
from tests.engine.ledgers import ran
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000
GOLDEN = Path(__file__).parents[3] / "golden" / "claude"

# What ccusage 20.0.24 counts on the sets of tests/golden/claude: input, output, cache writes, cache reads.
COUNTED_BY_CCUSAGE = {
    "btw2.1.80": (4012, 1612, 8012, 12012),
    "suite329": (88486, 30646, 150983, 231034),
    "v1.0.24": (27443, 10425, 54443, 81443),
    "v2.0.0": (22384, 8364, 44384, 66384),
    "v2.0.50": (45175, 17526, 89175, 133175),
    "v2.1.20": (18236, 450, 36236, 54236),
    "v2.1.329": (18217, 7007, 36217, 54217),
}


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["explain", "--against", "ccusage", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", COUNTED_BY_CCUSAGE)
def test_its_rule_gives_its_numbers(capsys: pytest.CaptureFixture[str], name: str) -> None:
    theirs = explained(capsys, "--claude-dir", str(GOLDEN / name))["theirs"]
    found = theirs["input"], theirs["output"], theirs["cache_write"], theirs["cache_read"]
    assert found == COUNTED_BY_CCUSAGE[name]


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_the_rules_add_up_to_the_difference(capsys: pytest.CaptureFixture[str], name: str) -> None:
    found = explained(capsys, "--claude-dir", str(GOLDEN / name))
    for figure in ("entries", "input", "output", "cache_write", "cache_read", "tokens", "cost_nano"):
        difference = sum(rule[figure] for rule in found["rules"])
        assert found["ours"][figure] + difference == found["theirs"][figure], figure


# What ccusage 20.0.24 --offline charges for them, in nanodollars.
CHARGED_BY_CCUSAGE = {
    "btw2.1.80": 69864600, "dirs": 122483550, "i1": 133903800, "ia2.1.33": 57892800, "resume329": 210674250,
    "suite329": 1419545450, "v1.0.24": 467298150, "v2.0.0": 378967200, "v2.0.50": 616755250, "v2.1.112": 287294400,
    "v2.1.20": 213613800, "v2.1.329": 311834850, "v2.1.50": 213692250,
}  # fmt: skip


def assert_explained(found: Any) -> None:
    """Our cost, and every difference with a name, make ccusage's: nothing is left over."""
    changes = [rule["cost_nano"] for rule in found["rules"]]
    causes = [cause["cost_nano"] for cause in found["prices"]["causes"]]
    assert found["ours"]["cost_nano"] + sum(changes) + sum(causes) == found["prices"]["theirs_cost_nano"]


@pytest.mark.parametrize("name", sorted(CHARGED_BY_CCUSAGE))
def test_its_money_is_explained_to_the_nanodollar(capsys: pytest.CaptureFixture[str], name: str) -> None:
    found = explained(capsys, "--claude-dir", str(GOLDEN / name))
    assert found["prices"]["theirs_cost_nano"] == pytest.approx(CHARGED_BY_CCUSAGE[name], abs=1)
    assert_explained(found)


KINDS: dict[str, dict[str, Any]] = {
    "i": {"input_tokens": 1000}, "o": {"output_tokens": 1000}, "w": {"cache_creation_input_tokens": 1000},
    "h": {"cache_creation_input_tokens": 1000, "cache_creation": {"ephemeral_1h_input_tokens": 1000}},
    "r": {"cache_read_input_tokens": 1000}, "L": {"input_tokens": 1_000_000},
    "Lo": {"input_tokens": 300_000, "output_tokens": 1_000_000}, "Lr": {"cache_read_input_tokens": 300_000},
    "Lh": {"cache_creation_input_tokens": 300_000, "cache_creation": {"ephemeral_1h_input_tokens": 300_000}},
    "Lw": {"cache_creation_input_tokens": 300_000}, "fi": {"input_tokens": 1000, "speed": "fast"},
    "fo": {"output_tokens": 1000, "speed": "fast"}, "fr": {"cache_read_input_tokens": 1000, "speed": "fast"},
    "fw": {"cache_creation_input_tokens": 1000, "speed": "fast"}, "geo": {"input_tokens": 1000, "inference_geo": "us"},
    "batch": {"input_tokens": 1000, "service_tier": "batch"},
    "ws": {"input_tokens": 1000, "server_tool_use": {"web_search_requests": 1}},
}  # fmt: skip
CHARGES = json.loads((GOLDEN.parent / "ccusage" / "charges.json").read_text())


@pytest.mark.parametrize("model", CHARGES)
def test_a_model_is_charged_as_ccusage_was_seen_to(model: str) -> None:
    for kind, usage_of_kind in KINDS.items():
        one = CcusageEntry(LinePlace("f", 0), NOON, "s", "m", "r", False, False, model, usage_of_kind)
        assert (charged_nano(model, one.usage, one.counts) or 0) == pytest.approx(CHARGES[model][kind], abs=1), kind


@pytest.mark.parametrize(
    ("cause", "nano", "row"),
    [
        ("logged_cost", 400_000_000, {"counters": usage(1000, 0), "costUSD": 0.403}),
        ("no_price_there", -4_000_000, {"counters": usage(1000, 0), "model": "claude-opus-5-5"}),
        ("no_price_here", 5_000_000, {"counters": usage(1000, 0), "model": "claude-opus-4-5-thinking"}),
        ("web_search", -20_000_000, {"counters": usage(1, 0, server_tool_use={"web_search_requests": 2})}),
        ("fast", 25_000_000, {"counters": usage(1000, 0, speed="fast"), "model": "claude-opus-4-6"}),
        ("long_prompt", -600_000_000, {"counters": usage(300_000, 0)}),
        ("us_inference", -500_000, {"counters": usage(1000, 0, inference_geo="us"), "model": "claude-opus-4-6"}),
        ("batch", 1_500_000, {"counters": usage(1000, 0, service_tier="batch")}),
        ("not_compared", 0, {"counters": usage(1000, 0), "model": "gpt-5.5"}),
    ],
)
def test_a_cause_of_another_price_has_a_name(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str], cause: str, nano: int, row: dict[str, Any]
) -> None:
    counters = row.pop("counters")
    claude_home.append(assistant("msg_1", NOON, counters, **row))
    found = explained(capsys)
    assert [(one["cause"], one["cost_nano"]) for one in found["prices"]["causes"]] == [(cause, nano)]
    assert_explained(found)


def test_what_only_our_history_knows_has_a_name(
    claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(1, 2)))
    other = ClaudeHome(tmp_path / "laptop")
    other.append(assistant("msg_2", NOON, usage(100, 20), session="s2"), session="s2")
    ran(other.folder, Ledger.open(tmp_path / "laptop.db", "laptop"))
    assert main(["ledger", "merge", str(tmp_path / "laptop.db")]) == 0
    capsys.readouterr()
    assert rules(capsys) == {"history": -120}


def rules(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    return {rule["rule"]: rule["tokens"] for rule in explained(capsys)["rules"]}


def test_a_copy_under_another_request_id(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    row = assistant("msg_1", NOON, usage(100, 20))
    claude_home.append(row)
    claude_home.append({**row, "requestId": "req_2", "sessionId": "s2"}, session="s2")
    assert rules(capsys) == {"copy_other_request": 120}


def test_a_copy_that_lost_its_request_id(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    row = assistant("msg_1", NOON, usage(100, 20))
    claude_home.append(row)
    claude_home.append(
        {name: value for name, value in {**row, "sessionId": "s2"}.items() if name != "requestId"}, session="s2"
    )
    assert rules(capsys) == {"copy_no_request": 120}


def test_a_line_with_a_null(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    path = claude_home.append(
        assistant("msg_1", NOON, usage(1, 2)), assistant("msg_2", NOON, usage(100, 20, speed=None))
    )
    assert rules(capsys) == {"line_passed_over": -120}
    (rule,) = explained(capsys)["rules"]
    assert rule["examples"][0]["path"] == str(path) and rule["examples"][0]["offset"] > 0


TAKEN_BY_CCUSAGE = (
    "2026-11-20T10:00:00.123Z", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123+00:00", "2026-11-20T10:00:00-05:00",
    "2026-11-20T10:00:00.123+23:59", "2026-11-20T10:00:00.123-00:00", "2028-02-29T10:00:00.000Z",
    "1969-11-20T10:00:00.000Z", "0001-11-20T10:00:00.000Z", "9999-12-31T23:59:59.999Z",
)  # fmt: skip
PASSED_OVER_BY_CCUSAGE = (
    *(f"2026-11-20T10:00:00.{'123456789'[:digits]}Z" for digits in (0, 1, 2, 4, 5, 6, 7, 8, 9)),
    *(f"2026-11-20T10:00:00.123{offset}" for offset in ("z", "", "+0200", "+02", "+1:00", "+24:00", "+10:60")),
    "2026-11-20t10:00:00.123Z", "2026-11-20 10:00:00.123Z", "2026-11-20T10:00:00,123Z", "2026-11-20T10:00:00:123Z",
    "2026-11-20", "2026-11-20T10:00Z", "20261120T100000Z", " 2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123Z ",
    "2026-11-20T10:00:00.123Z\n", "2026-11-20T10:00:60.000Z", "2026-11-20T10:60:00.000Z", "2026-11-20T24:00:00.000Z",
    "2026-13-20T10:00:00.000Z", "2026-00-10T10:00:00.000Z", "2026-11-31T10:00:00.000Z", "2027-02-29T10:00:00.000Z",
    "1900-02-29T00:00:00Z", "2026-11-20T10:00:00.12aZ", "+2026-11-20T10:00:00Z",
    "\uff12026-11-20T10:00:00Z", "soon", "",
    1795262400000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("stamp", "entries"), [*((one, 1) for one in TAKEN_BY_CCUSAGE), *((one, 0) for one in PASSED_OVER_BY_CCUSAGE)]
)
def test_timestamps_are_taken_as_version_20_takes_them(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str], stamp: object, entries: int
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(100, 20), timestamp=stamp))
    assert explained(capsys)["theirs"]["entries"] == entries


ODD_TO_CCUSAGE: tuple[object, ...] = (7.0, 7.5, -5, "7", True, {}, [], 2**70)
ADVICE = {"type": "advisor_message", "model": "claude-opus-5", "input_tokens": 3, "output_tokens": 4}


@pytest.mark.parametrize("name", ["input_tokens", "output_tokens", "cache_read_input_tokens", "speed"])
@pytest.mark.parametrize("value", ODD_TO_CCUSAGE)
def test_a_row_with_a_counter_of_another_kind_is_passed_over(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str], name: str, value: object
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(100, 20) | {name: value}))
    assert explained(capsys)["theirs"]["entries"] == 0
    claude_home.append(assistant("msg_2", NOON, usage(1, 1, iterations=[ADVICE | {name: value}, ADVICE])))
    found = explained(capsys)["theirs"]
    assert (found["entries"], found["input"], found["output"]) == (2, 1 + 3, 1 + 4)


@pytest.mark.parametrize("name", ["sessionId", "requestId", "version", "isSidechain", "costUSD"])
def test_a_row_with_a_field_of_another_kind_is_passed_over(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(100, 20)) | {name: {}})
    assert explained(capsys)["theirs"]["entries"] == 0


def test_a_null_in_an_iteration_costs_it_the_row_too_unless_it_is_the_model(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    part = {"type": "message", "input_tokens": 100, "output_tokens": 20}
    claude_home.append(assistant("msg_1", NOON, usage(100, 20, iterations=[part | {"model": None}])))
    claude_home.append(assistant("msg_2", NOON, usage(100, 20, iterations=[part | {"cache_read_input_tokens": None}])))
    assert explained(capsys)["theirs"]["entries"] == 1


def test_a_line_with_microseconds(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(100, 20), timestamp="2026-11-20T10:00:00.123456Z"))
    assert rules(capsys) == {"line_passed_over": -120}


def test_compaction_is_not_counted_there(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    compaction = {"type": "compaction", "input_tokens": 1000, "output_tokens": 50}
    message = {"type": "message", "input_tokens": 1, "output_tokens": 2}
    claude_home.append(assistant("msg_1", NOON, usage(1, 2, iterations=[compaction, message])))
    assert rules(capsys) == {"compaction": -1050}


def test_for_people(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    searched = usage(100, 20, server_tool_use={"web_search_requests": 3})
    row = assistant("msg_1", NOON, searched)
    claude_home.append(row)
    claude_home.append({**row, "requestId": "req_2", "sessionId": "s2"}, session="s2")
    assert main(["explain", "--against", "ccusage"]) == 0
    printed = capsys.readouterr().out
    assert "counted again under another request id" in printed and "+120" in printed
    assert "3 of them are $0.03" in printed


def own(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["explain", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_our_own_rows_add_up(capsys: pytest.CaptureFixture[str], name: str) -> None:
    found = own(capsys, "--claude-dir", str(GOLDEN / name))
    assert main(["report", "--json", "--claude-dir", str(GOLDEN / name)]) == 0
    totals = json.loads(capsys.readouterr().out)["totals"]
    assert (found["responses"], found["cost_nano"]) == (totals["responses"], totals["cost_nano"])
    logs = found["logs"]
    assert logs["usage_rows"] == logs["counted_rows"] + sum(one["rows"] for one in logs["dropped"])
    assert sum(rate["cost_nano"] for rate in found["prices"]["rates"]) <= found["cost_nano"]
    assert found["is_complete"]


@pytest.fixture
def two_models(claude_home: ClaudeHome) -> ClaudeHome:
    claude_home.append(
        assistant("msg_1", NOON, usage(100, 20)),
        assistant("msg_1", NOON, usage(100, 50)),
        assistant("msg_2", NOON + 86_400_000, usage(7, 7), model="claude-opus-4-5-20251101", cwd="/home/user/other"),
    )
    return claude_home


@pytest.mark.parametrize(
    ("arguments", "responses"),
    [
        ([], 2),
        (["--model", "claude-opus-4-5"], 1),
        (["--project", "project"], 2),
        (["--session", "s"], 2),
        (["--since", "2026-11-21", "--timezone", "UTC"], 1),
    ],
)
def test_a_part_of_our_own(
    two_models: ClaudeHome, capsys: pytest.CaptureFixture[str], arguments: list[str], responses: int
) -> None:
    assert own(capsys, *arguments)["responses"] == responses


def test_one_response_row_by_row(two_models: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    found = own(capsys, "--key", "msg_1")
    assert [(row["line"], row["reason"]) for row in found["rows"]] == [(1, "repeated"), (2, "counted")]
    assert found["why"] == "it has the most output tokens"
    assert main(["explain", "--key", "msg_1"]) == 0
    printed = capsys.readouterr().out
    assert "the same response again in the same file" in printed and "what no log contains" in printed


def test_explanations_fit_a_narrow_pipe(
    two_models: ClaudeHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["explain"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40


@pytest.mark.parametrize(
    "arguments",
    [
        ["--key", "msg_none"],
        ["--model", "gpt"],
        ["--model", "claude"],
        ["--key", "msg_1", "--model", "x"],
        ["msg_none"],
        ["msg_1", "--model", "x"],
        ["msg_1", "--key", "msg_1"],
        ["msg_1", "--against", "ccusage"],
        ["--against", "ccusage", "--session", "s1"],
    ],
)
def test_names_of_nothing_are_wrong_usage(
    two_models: ClaudeHome, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["explain", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1


def test_an_assumption_is_said_in_words(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    counters = {"input_tokens": 1, "output_tokens": 2, "cache_creation_input_tokens": 50}
    claude_home.append(assistant("msg_1", NOON, counters))
    assert main(["explain"]) == 0
    assert "priced as 5 minutes" in capsys.readouterr().out


def test_every_assumption_has_its_words() -> None:
    assert FLAGS.keys() >= ESTIMATE_FLAGS


def of_a_client(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, client: str, *arguments: str, command: str = "explain"
) -> str:
    """What a command prints of a captured set of a client; a copy, because databases are read where they are."""
    home = tmp_path / client
    if not home.exists():
        shutil.copytree(one_set(client), home)
    assert main([command, "--source", client, f"--{client}-dir", str(home), *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("client", [client for client in CLIENTS if client != "claude"])
def test_what_is_exported_of_any_client_is_explained_by_its_key_its_session_and_its_day(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, client: str
) -> None:
    exported = [
        json.loads(line) for line in of_a_client(capsys, tmp_path, client, "--jsonl", command="export").splitlines()
    ]
    for one in exported[:: max(1, len(exported) // 4)]:
        found = json.loads(of_a_client(capsys, tmp_path, client, "--json", one["key"]))
        (row,) = [row for row in found["rows"] if row["reason"] == "counted"]
        assert Path(row["path"]).is_relative_to(tmp_path / client)
        assert {name: one[name] for name in row["usage"]} == row["usage"]
        assert found["cost_nano"] == (one["cost_nano"] or 0)
        place = f"{row['table']} row {row['offset']}" if row["table"] else f"{row['path']}:{row['line']}"
        assert place in of_a_client(capsys, tmp_path, client, "--key", one["key"]).replace("\n    ", " ")
    session, day = exported[-1]["session"], exported[-1]["time"][:10]
    for chosen, same in (
        (["--session", session], [one for one in exported if one["session"] == session]),
        (["--since", day, "--until", day, "--timezone", "UTC"], [one for one in exported if one["time"][:10] == day]),
    ):
        found = json.loads(of_a_client(capsys, tmp_path, client, "--json", *chosen))
        assert found["is_complete"]
        assert found["logs"]["counted_rows"] == len(same)
        assert found["cost_nano"] == sum(one["cost_nano"] or 0 for one in same)
