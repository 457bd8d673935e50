"""Every export is read by the programs people read it with, and says the same numbers to each of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from claude_tui.cli import main
from claude_tui.reports.exports import parquet
from claude_tui.reports.exports.export import FIELDS
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000
WHAT = list(FIELDS)
FORMATS = ("--jsonl", "--flat", "--csv", "--parquet")


def queried(query: str) -> Any:
    """Return what duckdb answers."""
    answer = duckdb.sql(query)
    assert answer is not None
    return answer


def table_of(path: Path) -> str:
    """Return how duckdb reads a file."""
    return {".csv": "read_csv_auto", ".parquet": "read_parquet"}.get(path.suffix, "read_json_auto") + f"('{path}')"


def duckdb_frame(path: Path) -> Any:
    return queried(f"select * from {table_of(path)}").df()


def polars_frame(path: Path) -> Any:
    if path.suffix == ".csv":
        return polars.read_csv(path).to_pandas()
    return (polars.read_parquet(path) if path.suffix == ".parquet" else polars.read_ndjson(path)).to_pandas()


def pandas_frame(path: Path) -> Any:
    if path.suffix == ".csv":
        return pandas.read_csv(path)
    return pandas.read_parquet(path) if path.suffix == ".parquet" else pandas.read_json(path, lines=True)


def export(path: Path, form: str, what: str) -> Path:
    path = path.with_suffix({"--csv": ".csv", "--parquet": ".parquet"}.get(form, ".jsonl"))
    target = [form, str(path)] if form == "--parquet" else [form, "-o", str(path)]
    assert main(["export", "--what", what, *target]) == 0
    return path


@pytest.fixture
def responses(claude_home: ClaudeHome) -> ClaudeHome:
    claude_home.append(assistant("msg_1", NOON, usage(input=1, output=2), cwd="/home/\ud83d/=x"))
    claude_home.append(assistant("msg_2", NOON + 1, usage(output=3), model="nobody-knows"))
    claude_home.append(assistant("msg_3", NOON + 86_400_000, usage(output=4)), agent="a1")
    return claude_home


@pytest.mark.parametrize("frame", [duckdb_frame, polars_frame, pandas_frame])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("what", WHAT)
def test_every_reader_sees_the_same_rows(
    responses: ClaudeHome, tmp_path: Path, what: str, form: str, frame: Callable[[Path], Any]
) -> None:
    found = frame(export(tmp_path / "out", form, what))
    assert list(found.columns) == list(FIELDS[what])
    assert int(found["output"].sum()) == 9
    costs = pandas.to_numeric(found["cost_nano"]).sum()
    assert int(costs) == 3_000 + 2 * 15_000 + 4 * 15_000


@pytest.mark.parametrize("form", FORMATS)
def test_exports_of_two_homes_concatenate(
    claude_home: ClaudeHome, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2), model="nobody-knows"))
    first = export(tmp_path / "first", form, "responses")
    claude_home.append(assistant("msg_2", NOON, usage(output=3), isSidechain=True, agentId="a7"), agent="a7")
    second = export(tmp_path / "second", form, "responses")
    both = f"select * from {table_of(first)} union all select * from {table_of(second)}"
    assert queried(f"select count(*), sum(output) from ({both})").fetchall() == [(3, 7)]
    if form == "--parquet":
        joined = polars.concat([polars.read_parquet(first), polars.read_parquet(second)])
        assert joined["output"].sum() == 7


def test_parquet_columns_have_the_types_of_the_schema(responses: ClaudeHome, tmp_path: Path) -> None:
    found = pq.read_table(export(tmp_path / "out", "--parquet", "responses"))
    kinds = {field.name: field.type for field in found.schema}
    assert kinds["time"] == pa.timestamp("ms", tz="UTC")
    assert kinds["cost_nano"] == pa.int64() and kinds["output_lower_bound"] == pa.bool_()
    assert kinds["flags"] == pa.list_(pa.string())
    assert found["cost_nano"].null_count == 1
    days = pq.read_table(export(tmp_path / "days", "--parquet", "days"))
    assert [str(day) for day in days["day"].to_pylist()] == ["2026-11-20", "2026-11-21"]


def test_row_groups_of_any_size_give_the_same_table(
    responses: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pq.read_table(export(tmp_path / "whole", "--parquet", "responses"))
    monkeypatch.setattr(parquet, "GROUP_ROWS", 1)
    small = export(tmp_path / "small", "--parquet", "responses")
    assert pq.ParquetFile(small).num_row_groups == 3
    assert pq.read_table(small).equals(whole)


def test_no_responses_make_a_table_without_rows(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2)))
    target = tmp_path / "none.parquet"
    assert main(["export", "--parquet", str(target), "--until", "2020-01-01"]) == 0
    assert pq.read_table(target).num_rows == 0


def test_a_number_beyond_64_bits_is_said_and_leaves_the_old_file(
    claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2**52)))
    target = tmp_path / "out.parquet"
    target.write_text("old")
    assert main(["export", "--parquet", str(target)]) == 1
    assert "cost_nano" in capsys.readouterr().err and target.read_text() == "old"


def test_parquet_names_its_file_itself(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--parquet", "a", "-o", "b"]) == 2
    assert "-o" in capsys.readouterr().err


def test_places_say_where_each_row_is(responses: ClaudeHome, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    assert main(["export", "--places", "--parquet", str(target)]) == 0
    for row in pq.read_table(target).to_pylist():
        line = Path(row["file"]).read_bytes()[row["offset"] :].split(b"\n")[0]
        assert row["key"].encode() in line


GOLDEN = Path(__file__).parents[3] / "golden"


def test_logged_is_what_the_counted_row_says(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own_folder = str(GOLDEN / "claude" / "suite329")
    assert main(["export", "--logged", "--places", "--source", "claude", "--claude-dir", own_folder]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows and {row["account"] for row in rows} == {own_folder}
    assert all(row["request_id"] == "" for row in rows if not row["file"]), "what no log shows has no row"
    for row in (row for row in rows if row["file"]):
        said = json.loads(Path(row["file"]).read_bytes()[row["offset"] :].split(b"\n")[0])
        assert row["request_id"] == said.get("requestId", "") and row["client_version"] == said["version"]
        assert row["service_tier"] == (said["message"]["usage"].get("service_tier") or "")
        assert row["reasoning"] is None and row["host"]


def test_logged_of_codex_has_reasoning_and_version(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, version in (("home-0.169", "0.169"), ("home-0.171-zst-resumed", "0.171")):
        folder = str(GOLDEN / "codex" / name)
        assert main(["export", "--logged", "--source", "codex", "--codex-dir", folder]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert rows and all(row["client_version"].startswith(version) for row in rows)
        assert any(row["reasoning"] for row in rows) and all(row["reasoning"] <= row["output"] for row in rows)


def test_a_log_that_is_gone_says_nothing(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    path = claude_home.append(assistant("msg_1", NOON, usage()))
    assert main(["ledger", "keep"]) == 0
    path.unlink()
    capsys.readouterr()
    assert main(["export", "--logged", "--places"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["service_tier"], row["request_id"], row["client_version"], row["reasoning"]) == ("", "", "", None)


@pytest.mark.parametrize("form", ["--csv", "--flat"])
def test_more_columns_of_two_homes_concatenate(
    responses: ClaudeHome, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    names = ["--logged", "--places", "--causes", form, "-o"]
    assert main(["export", *names, str(here)]) == 0
    assert main(["export", *names, str(there), "--codex-dir", str(GOLDEN / "codex" / "home-0.169")]) == 0
    table = "read_csv_auto" if form == "--csv" else "read_json_auto"
    both = queried(f"select count(reasoning), count(*) from {table}(['{here}', '{there}'])").fetchall()[0]
    assert 0 < both[0] < both[1]


@pytest.mark.parametrize("option", ["--logged", "--places", "--causes"])
def test_columns_of_responses_need_responses(option: str, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", option, "--what", "days"]) == 2
    assert option in capsys.readouterr().err
