"""Everything printed as JSON is what its schema says, with no key that is not in it."""

from __future__ import annotations

import copy
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from claude_tui.cli import main
from claude_tui.cli.commands.numbers.report import CAUSES
from claude_tui.cli.counting.setup import counted, snapshot_of
from claude_tui.engine.ledger import Ledger
from claude_tui.reports.gauges.state import state
from claude_tui.reports.schemas import SCHEMAS
from tests.cli.program import run
from tests.engine.ledgers import ran
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000
GOLDEN = Path(__file__).parents[3] / "golden"
ADVISED = {"type": "advisor_message", "model": "claude-opus-4-5-20251101", "input_tokens": 300, "output_tokens": 30}


def printed_schema(capsys: pytest.CaptureFixture[str], name: str) -> Any:
    assert main(["schema", name]) == 0
    return json.loads(capsys.readouterr().out)


def strict(schema: Any) -> Any:
    """The same schema without room for keys it does not name: none may be printed that nobody described."""
    made = copy.deepcopy(schema)
    nodes = [made]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            if node.get("type") == "object" and "properties" in node:
                node.setdefault("additionalProperties", False)
            nodes += node.values()
        elif isinstance(node, list):
            nodes += node
    return made


def assert_valid(capsys: pytest.CaptureFixture[str], name: str, document: Any) -> None:
    errors = list(Draft202012Validator(strict(printed_schema(capsys, name))).iter_errors(document))
    assert not errors, [(error.json_path, error.message[:200]) for error in errors[:5]]


@pytest.fixture
def history(claude_home: ClaudeHome) -> ClaudeHome:
    claude_home.append(
        assistant("msg_1", NOON, usage(100, 20, write_5m=10, read=1000, iterations=[ADVISED])),
        assistant("msg_2", NOON + 1, usage(7, 8), model="house-model"),
        assistant("msg_3", NOON + 90_000_000, usage(7, 8, speed="fast")),
        b"not json\n",
    )
    claude_home.append(assistant("msg_4", NOON, usage(5, 6), isSidechain=True, agentId="a1"), agent="a1")
    return claude_home


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(capsys: pytest.CaptureFixture[str], name: str) -> None:
    found = printed_schema(capsys, name)
    assert found["$schema"].endswith("2020-12/schema") and found["title"]
    Draft202012Validator.check_schema(found)


def test_the_names_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(SCHEMAS)
    assert main(["schema", "nobody"]) == 2
    assert "report" in capsys.readouterr().err


DOCUMENTS = [
    *(("causes", f"report --json --by {by}") for by in CAUSES),
    ("causes", "report --json --by kind --top 1"),
    *(("report", f"report --json --by {by}") for by in ("all", "week", "month", "hour", "session")),
    ("report", "report --json --top 1"), ("report", "report --json --since 2020-01-01 --until 2020-01-02"),
    ("check", "check --json --budget-day 20"), ("doctor", "doctor --json"), ("telemetry", "telemetry status --json"),
    ("waste", "explain waste --json"), ("explanation", "explain --json"), ("explanation", "explain --json --key msg_1"),
    ("explain", "explain --against ccusage --json"), ("against-client", "explain --against client --json"),
    ("verify", "verify --json"), ("prices", "prices --json"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "command"), DOCUMENTS, ids=[command for _, command in DOCUMENTS])
def test_a_document_is_as_its_schema_says(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str], name: str, command: str
) -> None:
    main(command.split())
    assert_valid(capsys, name, json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("what", ["responses", "days", "sessions", "models", "projects"])
def test_a_line_of_an_export_is_as_its_schema_says(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert main(["export", "--what", what]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    for line in lines:
        assert_valid(capsys, f"export-{what}", json.loads(line))


def test_a_line_of_an_export_with_causes_is_as_its_schema_says(
    history: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--causes"]) == 0
    for line in capsys.readouterr().out.splitlines():
        assert_valid(capsys, "export-responses", json.loads(line))


@pytest.mark.parametrize("name", sorted(path.name for path in (GOLDEN / "claude").iterdir()))
def test_real_logs_make_no_other_types(capsys: pytest.CaptureFixture[str], name: str) -> None:
    for schema, command in (("report", ["report"]), ("explain", ["explain", "--against", "ccusage"])):
        assert main([*command, "--json", "--claude-dir", str(GOLDEN / "claude" / name)]) == 0
        assert_valid(capsys, schema, json.loads(capsys.readouterr().out))


def test_two_exports_have_the_same_types(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["agent"] for row in rows} == {"", "a1"}
    for name in set(rows[0]) - {"cost_nano"}:
        assert len({type(row[name]) for row in rows}) == 1, name


def test_a_ledger_is_as_its_schema_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = ClaudeHome(tmp_path / "laptop")
    other.append(assistant("msg_2", NOON, usage(100, 20)))
    ran(other.folder, Ledger.open(tmp_path / "laptop.db", "laptop"))
    assert main(["ledger", "merge", str(tmp_path / "laptop.db")]) == 0
    capsys.readouterr()
    assert main(["ledger", "status", "--json"]) == 0
    assert_valid(capsys, "ledger", json.loads(capsys.readouterr().out))


def test_the_state_is_as_its_schema_says(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot = snapshot_of(counted(Namespace(timezone="UTC")))
    capsys.readouterr()
    assert_valid(capsys, "state", state(snapshot))


def test_a_price_is_as_its_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    good = b'{"model": "claude-opus-5-5", "ts": "2026-11-01T12:00:00Z", "usage": {"output_tokens": 9}}\n'
    for line in run("price", stdin=good + b"nonsense\n").text.splitlines():
        assert_valid(capsys, "price", json.loads(line))


def test_a_document_with_a_wrong_type_is_noticed(history: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    for change in ({"totals": None}, {"since": 7}, {"news": 1}, {"schema": "claude-top/report@2"}):
        with pytest.raises(AssertionError):
            assert_valid(capsys, "report", {**document, **change})
