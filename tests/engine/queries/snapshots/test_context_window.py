"""A session that once had a prompt longer than the short window has the long one, however it is counted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.ledger.file.record import facts_to_json
from claude_tui.engine.ledger.file.sound import facts_of_json
from claude_tui.engine.queries.allowances.limits import read_limits, remember
from claude_tui.engine.queries.answers import Answers
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.queries.snapshots.sessions import context_window
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.sources.protocol import Checkpoint, FileFacts
from tests.engine.counting import NOW_MS, PRICER, UTC, config_of, counted, here
from tests.engine.ledgers import ledger_in, ran
from tests.logs import ClaudeHome, assistant, usage

SHORT, LONG = 200_000, 1_000_000


def prompt(number: int, tokens: int, model: str = "claude-opus-4-6", **more: Any) -> dict[str, Any]:
    return assistant(f"msg_{number}", NOW_MS + number, usage(10, 5, read=tokens - 10), model=model, **more)


def windows(store: Store) -> dict[str, tuple[int, int]]:
    return {
        row.key: (row.context_tokens, row.context_window) for row in SnapshotMaker(store).take(Query(), NOW_MS).sessions
    }


def warm(home: ClaudeHome, folder: Path) -> Store:
    return count(Setup(config_of(home.folder), PRICER, UTC, cache_folder=folder), processes=here())


CASES: dict[str, tuple[list[dict[str, Any]], int]] = {
    "never long": ([prompt(1, 100_000), prompt(2, SHORT)], SHORT),
    "long once": ([prompt(1, 250_000), prompt(2, 100_000)], LONG),
    "long by one token": ([prompt(1, SHORT + 1), prompt(2, 100_000), prompt(3, 50_000)], LONG),
    "long before in the log, later by its clock": ([prompt(9, 100_000), prompt(1, 250_000), prompt(5, 90_000)], LONG),
    "long in a side chain": ([prompt(1, 250_000, isSidechain=True), prompt(2, 100_000)], SHORT),
    "long with another model": ([prompt(1, 250_000, "claude-opus-5"), prompt(2, 100_000)], LONG),
    "always long": ([prompt(1, 1_000, "claude-opus-5")], LONG),
    "asked for as long": ([prompt(1, 100_000, "claude-opus-4-6[1m]")], LONG),
    "sold as long for a time": ([prompt(n, n * 100_000, "claude-sonnet-4-5") for n in (3, 1)], LONG),
    "sold as long for a time, not asked for": ([prompt(1, 100_000, "claude-sonnet-4-5")], SHORT),
    "never sold as long": ([prompt(1, 250_000, "claude-opus-4-5"), prompt(2, 100_000, "claude-opus-4-5")], SHORT),
}


@pytest.mark.parametrize("case", CASES)
def test_the_window_is_the_same_however_the_session_is_counted(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", -1)
    rows, window = CASES[case]
    live = Store(PRICER, UTC)
    reader = FileReader(PRICER, UTC)
    checkpoint: Checkpoint | None = None
    for row in rows:
        claude_home.append(row)
        (file,) = discover(config_of(claude_home.folder))
        live.take_in(reader.read_all([Task(file, checkpoint)]))
        checkpoint = reader.read(Task(file)).outcome.checkpoint
        warm(claude_home, tmp_path / "cache")
    cold = windows(counted(claude_home.folder))
    assert {key: at for key, (_, at) in cold.items()} == {"s1": window}
    assert windows(live) == cold
    assert list((tmp_path / "cache").glob("*/head"))
    assert windows(warm(claude_home, tmp_path / "cache")) == cold
    ledger = ledger_in(tmp_path)
    assert windows(ran(claude_home.folder, ledger)) == cold
    shutil.rmtree(claude_home.folder / "projects")
    os.mkdir(claude_home.folder / "projects")
    assert windows(ran(claude_home.folder, ledger)) == cold


@pytest.mark.parametrize(
    ("model", "window"),
    [
        ("gemini-2.5-pro", 1_048_576), ("gemini-3-flash-preview", 1_048_576), ("gpt-6.1-sol", 1_050_000),
        ("openai/gpt-5.5", 1_000_000), ("gpt-5-codex", 400_000), ("qwen3-coder-plus", 1_000_000),
    ],
)  # fmt: skip
def test_models_of_other_vendors_have_one_window(model: str, window: int) -> None:
    for tokens in (100_000, 250_000):
        assert context_window(PRICER, FileFacts("s1", context_tokens=tokens, context_model=model)) == window


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("said", "is_short"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_no_window_is_long_if_the_client_is_told_to_do_without(
    claude_home: ClaudeHome, tmp_path: Path, case: str, said: str, is_short: bool
) -> None:
    rows, window = CASES[case]
    claude_home.append(*rows)
    config = config_of(claude_home.folder)._replace(env={"CLAUDE_CODE_DISABLE_1M_CONTEXT": said})
    setup = Setup(config, PRICER, UTC, cache_folder=tmp_path / "cache")
    for _ in ("cold", "warm"):
        found = windows(count(setup, processes=here()))
        assert {key: at for key, (_, at) in found.items()} == {"s1": SHORT if is_short else window}
    without = setup._replace(config=config_of(claude_home.folder))
    found = windows(count(without, processes=here()))
    assert {key: at for key, (_, at) in found.items()} == {"s1": window}, "nothing of it is kept"


def test_a_session_in_two_files_has_the_long_window_if_either_had(claude_home: ClaudeHome) -> None:
    claude_home.append(prompt(1, 250_000), project="-a")
    claude_home.append(prompt(2, 100_000), project="-b")
    assert windows(counted(claude_home.folder)) == {"s1": (100_000, LONG)}


def test_facts_kept_before_the_largest_prompt_was_are_still_read() -> None:
    facts = FileFacts("s1", context_tokens=100_000, context_model="claude-opus-4-6", largest_prompt=250_000)
    kept = facts_to_json(facts)
    assert facts_of_json(kept) == facts
    del kept["largest_prompt"]
    assert context_window(PRICER, facts_of_json(kept)) == SHORT
    assert context_window(PRICER, facts._replace(largest_prompt=0)) == SHORT


def test_what_a_log_says_of_its_window_wins_over_what_is_known_of_its_model() -> None:
    facts = FileFacts("s1", context_tokens=300_000, context_model="gpt-5.6", context_window=258_400)
    assert context_window(PRICER, facts) == 258_400
    assert context_window(PRICER, facts._replace(context_model="")) == 0
    assert context_window(PRICER, facts._replace(context_window=0)) == 1_050_000
    assert facts_of_json(facts_to_json(facts)) == facts


def test_what_the_client_says_of_the_window_wins_over_what_the_prompts_show(
    claude_home: ClaudeHome, tmp_path: Path
) -> None:
    claude_home.append(prompt(1, 100_000), session="s1")
    claude_home.append(prompt(2, 100_000, session="s2"), session="s2")
    answers = Answers(counted(claude_home.folder), limits_folder=tmp_path)

    def window(session: str) -> int:
        return next(row.context_window for row in answers.snapshot(Query(), NOW_MS).sessions if row.key == session)

    assert (window("s1"), window("s2")) == (SHORT, SHORT)
    said = {"session_id": "s1", "context_window": {"context_window_size": LONG}}
    remember(str(tmp_path), "/home/me/.claude", said, NOW_MS)
    assert (window("s1"), window("s2")) == (LONG, SHORT)
    claude_home.append(prompt(3, 120_000), session="s1")
    reader = FileReader(PRICER, UTC)
    for file in discover(config_of(claude_home.folder)):
        answers.store.take_in(reader.read_all([Task(file)]))
    assert window("s1") == LONG, "it is not forgotten when the session goes on"
    values: list[Any] = [-1, "1M", None, 10**12, {}]
    for nonsense in values:
        remember(str(tmp_path), "", {"session_id": "s2", "context_window": {"context_window_size": nonsense}}, NOW_MS)
    assert window("s2") == SHORT


def test_windows_are_kept_in_a_file_of_an_earlier_version(tmp_path: Path) -> None:
    path = tmp_path / "reported.json"
    path.write_text('{"schema":1,"accounts":{},"caches":{"s0":{"figures":{"warm":true},"seen_ms":5}}}')
    assert read_limits(str(tmp_path)).contexts == {}
    remember(str(tmp_path), "", {"session_id": "s1", "context_window": {"context_window_size": LONG}}, NOW_MS)
    found = read_limits(str(tmp_path))
    assert found.contexts == {"s1": LONG}
