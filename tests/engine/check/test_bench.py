from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from claude_tui.engine.check import bench
from claude_tui.engine.check.measurement import ComparableCount, Job, claude_config
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.model import Totals
from claude_tui.reports.findings import bench as reports
from tests.benchmarks.corpus import COUNTERS, write_corpus
from tests.cli import program
from tests.engine.counting import (
    GOLDEN_SETS,
    assert_sums_agree,
    config_of,
    counted,
    counted_exactly,
    reference,
)
from tests.logs import ClaudeHome, assistant, usage

HOUR_AGO_AND_MORE_S = 7200
NOTHING = ComparableCount(0, 0, 0, 0, 0, 0, {})
JOB = Job((), "UTC", "", "")


def grow_old(path: Path) -> None:
    then = path.stat().st_mtime - HOUR_AGO_AND_MORE_S
    os.utime(path, (then, then))


def one_way(name: str, answer: ComparableCount = NOTHING, wall_s: float = 1.0) -> bench.Measured:
    return bench.Measured(bench.BenchWay(name, JOB), 1, wall_s, 1.0, 1 << 20, answer)


@pytest.mark.parametrize("logs", GOLDEN_SETS[:2], ids=lambda path: path.name)
def test_every_way_counts_the_same(logs: Path, own_home: Path) -> None:
    done = program.run("bench", "--json", "--runs", "1", "--workers", "1,3", "--claude-dir", str(logs))
    assert done.code == 0, done.stderr
    said = json.loads(done.stdout)
    totals = totals_of(reference(logs))
    assert said["agree"]
    assert len(said["ways"]) >= 3
    assert [way["processes"] for way in said["sweep"]] == [1, 3]
    for way in (*said["ways"], *said["sweep"]):
        assert (way["messages"], way["cost_nano"], way["tokens"]) == (
            totals.responses, totals.cost_nano, totals.tokens,
        )  # fmt: skip
        assert way["agrees"]
        assert way["wall_s"] > 0
    assert [path for path in own_home.rglob("*") if not path.is_dir()] == []


def test_people_get_a_verdict_and_a_chart(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("m1", 1_763_000_000_000, usage(input=10, output=20)))
    done = program.run("bench", "--runs", "1", "--workers", "1,2")
    assert done.code == 0, done.stderr
    assert "all " in done.text and "agree: 1 response" in done.text
    assert "MB/s by number of processes" in done.text
    assert "█" in done.text
    assert "warm" in done.stderr


def test_without_logs_it_says_where_it_looked(own_home: Path) -> None:
    done = program.run("bench")
    assert done.code == 3
    assert str(own_home / ".claude") in done.stderr


@pytest.mark.parametrize("mistake", [["--workers", "0"], ["--workers", "1,x"], ["--runs", "0"]])
def test_mistakes_are_explained(mistake: list[str]) -> None:
    done = program.run("bench", *mistake)
    assert done.code == 2
    assert "is not a whole number" in done.stderr


def test_a_way_that_counts_otherwise_is_named() -> None:
    ways = one_way("reference"), one_way("quick", replace(NOTHING, digests={"projects": "other"}))
    found = bench.Bench(bench.Logs((), 1, 1), True, ways)
    assert [way["agrees"] for way in reports.report(found)["ways"]] == [True, False]
    assert not reports.report(found)["agree"]
    assert "NOT THE SAME as reference: quick" in reports.footer(found)


def test_a_log_that_grows_meanwhile_is_measured_as_it_was(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("m1", 1_763_000_000_000, usage(output=20)))
    logs = bench.freeze(config_of(claude_home.folder), tmp_path)
    claude_home.append(assistant("m2", 1_763_000_060_000, usage(output=20)))
    assert len(list_responses(counted(*map(Path, logs.folders)))) == 1
    assert logs.are_same


def test_quiet_logs_are_not_copied_and_a_change_is_noticed(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("m1", 1_763_000_000_000, usage(output=20)))
    grow_old(path)
    logs = bench.freeze(config_of(claude_home.folder), tmp_path)
    assert [found.samefile(path) for found in tmp_path.rglob("*.jsonl")] == [True]
    assert logs.are_same
    claude_home.append(assistant("m2", 1_763_000_060_000, usage(output=20)))
    assert not logs.are_same


def test_frozen_logs_count_the_same(tmp_path: Path) -> None:
    for number, folder in enumerate(GOLDEN_SETS):
        logs = bench.freeze(config_of(folder), tmp_path / str(number))
        frozen = [line._replace(path="", project="") for line in reference(*map(Path, logs.folders))]
        assert frozen == [line._replace(path="", project="") for line in reference(folder)]


def test_a_measurement_that_fails_says_why(tmp_path: Path) -> None:
    job = replace(JOB, folders=(str(tmp_path),), zone="Nowhere/None")
    with pytest.raises(bench.BenchError, match=r"broken: .*Nowhere"):
        bench.run(bench.BenchWay("broken", job))


@pytest.mark.parametrize("has_core", [False, True])
def test_ways_take_turns_and_the_reference_runs_once(monkeypatch: pytest.MonkeyPatch, has_core: bool) -> None:
    ran = []

    def measured(way: bench.BenchWay) -> bench.Measured:
        ran.append(way.name)
        return one_way(way.name, wall_s=len(ran))

    monkeypatch.setattr(bench, "run", measured)
    ways = bench.ways(JOB, Path("cache"), 2, has_core=has_core)
    found = bench.measure(ways, 3, lambda name, done, total: None)
    names = [way.name for way in ways]
    assert ran == [names[-1], *names, *names[1:], *names[1:]]
    assert [one.runs for one in found] == [1, 3, 3, 3, *([3] if has_core else [])]
    assert found[1].wall_s == 6 + has_core


def test_the_native_core_is_measured_where_it_is(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("m1", 1_763_000_000_000, usage(output=20)))
    job = replace(JOB, folders=(str(claude_home.folder),), zone="UTC", processes=None)
    (way,) = (way for way in bench.ways(job, Path("cache"), 1, has_core=True) if "core" in way.name)
    assert bench.run(way).answer == bench.run(bench.BenchWay("one process", replace(job, processes=0))).answer


def test_only_claude_is_measured() -> None:
    assert claude_config(["a"]).sources == ("claude",)


def test_the_benchmarks_logs_count_as_they_were_made(tmp_path: Path) -> None:
    truth = write_corpus(tmp_path / "logs", "XS", jobs=1)
    names = ["responses", *COUNTERS[1:-1], "cost_nano"]
    snapshot = assert_sums_agree(counted(tmp_path / "logs"))

    def numbers(totals: Totals) -> list[int]:
        return [getattr(totals, name) for name in names]

    assert numbers(snapshot.totals) == truth["total"]
    assert {str(row.day): numbers(row.totals) for row in snapshot.days} == truth["day"]
    for group, rows in (("model", snapshot.models), ("project", snapshot.projects), ("session", snapshot.sessions)):
        assert {row.key: numbers(row.totals) for row in rows} == truth[group]
    assert counted_exactly(tmp_path / "logs")
