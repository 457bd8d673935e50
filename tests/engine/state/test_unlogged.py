"""What the client counted and no log shows: the same however it is read, and never above what was served."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.batch import pack
from claude_tui.engine.state.store import Store
from claude_tui.model import Usage
from claude_tui.sources.protocol import Checkpoint
from tests.engine.counting import (
    NOW_MS,
    PRICER,
    UTC,
    assert_sums_agree,
    config_of,
    counted,
    counted_exactly,
    here,
    placeless,
    reference,
)
from tests.engine.ledgers import Run, ledger_in
from tests.engine.unlogged import (
    DAMAGES,
    FORKED,
    SETS,
    TOTAL,
    counted_sums,
    damage,
    expected,
    expected_left,
    left_of,
    served,
)
from tests.fuzz.sameness import differences
from tests.logs import ClaudeHome, assistant, usage

TWO_FILES = 32
"""Seed of a session in two files that differ, where a place in one says nothing of the other."""

golden = pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)


@golden
def test_the_remainder_of_each_session_and_model_is_what_was_served_and_not_logged(folder: Path) -> None:
    store = counted(folder)
    assert left_of(store) == expected_left(folder)
    for session, one in expected(folder).items():
        if one["cost_states"]:
            left = store.unlogged.all[session]
            assert left.is_lower_bound == one["lower_bound"], session
            assert left.uncovered == sum(one["not_covered"].values()), session
            assert left.estimated_output == sum(model["output"] for model in one["output_only"].values()), session


@golden
def test_totals_and_every_view_have_what_no_log_shows(folder: Path) -> None:
    counted_exactly(folder)


@golden
def test_files_in_any_order_give_the_same(folder: Path) -> None:
    files = discover(config_of(folder))
    reader = FileReader(PRICER, UTC, keep_names=True)
    for seed in range(4):
        random.Random(seed).shuffle(files)
        store = Store(PRICER, UTC)
        for file in files:
            store.take_in(pack([reader.read(Task(file))]))
            if seed % 2:
                assert_sums_agree(store)
        assert placeless(list_responses(store)) == placeless(reference(folder))
        assert_sums_agree(store)


@golden
def test_what_is_appended_line_by_line_gives_the_same(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / folder.name
    files = [path for path in sorted(folder.rglob("*.jsonl")) if "projects" in path.parts]
    texts = {path: path.read_bytes().splitlines(keepends=True) for path in files}
    chance = random.Random(1)
    store, known = Store(PRICER, UTC), dict[str, Checkpoint]()
    reader = FileReader(PRICER, UTC, keep_names=True)
    while any(texts.values()):
        path = chance.choice([path for path in files if texts[path]])
        taken, texts[path] = texts[path][:40], texts[path][40:]
        copy = there / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with copy.open("ab") as file:
            file.write(b"".join(taken))
        for found in discover(config_of(there)):
            read = reader.read(Task(found, known.get(found.path)))
            store.take_in(pack([read]))
            assert read.outcome.checkpoint is not None
            known[found.path] = read.outcome.checkpoint
        assert_sums_agree(store)
    assert left_of(store) == expected_left(folder)
    assert placeless(list_responses(store)) == placeless(reference(there))


@golden
def test_a_cache_gives_the_same_and_what_comes_later_is_added_to_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", 0)
    there = tmp_path / "logs"
    shutil.copytree(folder, there)
    last = max(there.glob("projects/*/*.jsonl"), key=lambda path: path.stat().st_size)
    text = last.read_bytes()
    cut = text.index(b"\n", len(text) // 2) + 1
    last.write_bytes(text[:cut])

    def cached() -> Store:
        return count(Setup(config_of(there), PRICER, UTC, cache_folder=tmp_path / "cache"), processes=here())

    before = placeless(list_responses(cached()))
    again = cached()
    assert again.table_loader is not None
    assert_sums_agree(again)
    assert placeless(list_responses(again)) == before
    last.write_bytes(text)
    grown = cached()
    assert placeless(list_responses(grown)) == placeless(reference(there))
    assert_sums_agree(grown)


@golden
def test_a_ledger_alone_gives_the_same(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "logs"
    shutil.copytree(folder, there)
    with_logs = list_responses(Run(there, ledger_in(tmp_path)).end())
    for path in sorted(there.glob("projects/*/*.jsonl")):
        path.unlink()
        left = Run(there, ledger_in(tmp_path)).end()
        assert left_of(left) == expected_left(folder)
        assert_sums_agree(left)
    assert placeless(list_responses(left)) == placeless(with_logs)


@golden
def test_logs_copied_to_a_second_place_add_nothing(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    assert left_of(counted(folder, tmp_path / "copy")) == expected_left(folder)


@golden
def test_a_total_that_is_written_twice_counts_once(folder: Path, tmp_path: Path) -> None:
    """As by a job in the background, which says it a second time at its end."""
    for path in sorted(folder.glob("projects/*/**/*.jsonl")):
        lines = path.read_bytes().splitlines(keepends=True)
        there = tmp_path / path.relative_to(folder)
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(b"".join(line * 2 if TOTAL in line else line for line in lines))
    assert left_of(counted(tmp_path)) == expected_left(folder)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("folder", [*SETS, *FORKED], ids=lambda folder: folder.name)
def test_damaged_logs_never_show_more_than_was_served(folder: Path, how: str, tmp_path: Path) -> None:
    """`DAMAGED_TREES=200 pytest -k damaged_logs` is the long form."""
    truth = served(folder)
    for seed in (*range(int(os.environ.get("DAMAGED_TREES", "4"))), TWO_FILES):
        there = tmp_path / str(seed)
        places = damage(folder, there, random.Random(f"{how} {seed}"), how)
        store = counted(*places)
        assert {name: number for name, number in counted_sums(store).items() if number > truth[name]} == {}, seed
        assert placeless(list_responses(store)) == placeless(reference(*places)), seed
        assert_sums_agree(store)
        shutil.rmtree(there, ignore_errors=True)


@pytest.mark.parametrize("how", ["lines", "copied", "any"])
@pytest.mark.parametrize("folder", [*SETS, *FORKED], ids=lambda folder: folder.name)
def test_damaged_logs_say_the_same_in_any_order(folder: Path, how: str, tmp_path: Path) -> None:
    for seed in range(3):
        places = damage(folder, tmp_path / str(seed), chance := random.Random(f"order {how} {seed}"), how)
        files = [file for place in places for file in discover(config_of(place))]
        chance.shuffle(files)
        store, reader = Store(PRICER, UTC), FileReader(PRICER, UTC, keep_names=True)
        for file in files:
            store.take_in(pack([reader.read(Task(file))]))
            if chance.random() < 0.5:
                assert_sums_agree(store)
        assert placeless(list_responses(store)) == placeless(reference(*places)), seed


@golden
def test_without_any_one_total_no_more_is_shown_than_was_served(folder: Path, tmp_path: Path) -> None:
    truth = served(folder)
    for path in sorted(folder.glob("projects/*/**/*.jsonl")):
        lines = path.read_bytes().splitlines(keepends=True)
        for gone in (at for at, line in enumerate(lines) if b'"type":"cost-state"' in line):
            there = tmp_path / f"{path.stem}-{gone}"
            shutil.copytree(folder / "projects", there / "projects")
            (there / path.relative_to(folder)).write_bytes(b"".join([*lines[:gone], *lines[gone + 1 :]]))
            found = counted_sums(counted(there))
            assert {name: number for name, number in found.items() if number > truth[name]} == {}, (path.name, gone)
            shutil.rmtree(there)


def test_a_total_of_something_else_than_numbers_is_passed_over(tmp_path: Path) -> None:
    for bad in ("x", -1, None, True, 1e16, [1]):
        row = {"type": "cost-state", "sessionId": "s1", "startTime": 1, "totalDuration": 1, "totalAPIDuration": bad}
        path = tmp_path / "projects" / "-home" / "s1.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**row, "totalCostUSD": 1, "modelUsage": {}}) + "\n")
        assert left_of(counted(tmp_path)) == {}


@pytest.mark.parametrize("models", [1, 60])
def test_a_total_of_however_many_models_counts(claude_home: ClaudeHome, models: int) -> None:
    names = ["claude-sonnet-4-5-20250929", *(f"gateway-{number}" for number in range(models - 1))]
    used = {
        "inputTokens": 100, "outputTokens": 9, "cacheReadInputTokens": 0, "cacheCreationInputTokens": 0,
        "webSearchRequests": 0, "costUSD": 0.5,
    }  # fmt: skip
    total = {
        "type": "cost-state", "sessionId": "s1", "startTime": NOW_MS, "totalDuration": 1000, "totalAPIDuration": 1,
        "totalCostUSD": 0.5, "modelUsage": dict.fromkeys(names, used),
    }  # fmt: skip
    path = claude_home.append(assistant("msg_1", NOW_MS + 10, usage(60, 9)), total)
    assert (path.stat().st_size > 9_000) == (models > 1)
    counted_exactly(claude_home.folder)
    left = left_of(counted(claude_home.folder))["s1"]
    assert len(left) == models
    assert left[names[0]] == Usage(40)
    assert differences(str(path))[0] == []  # whichever way it is read, natively too where that is built
