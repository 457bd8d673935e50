"""What logs and telemetry tell together: every response that either knows, each once, however it comes."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.clients import TELEMETRY
from claude_tui.engine.cache.given import Given
from claude_tui.engine.check.reference import ReferenceRow, reference_of
from claude_tui.engine.check.verification import verify
from claude_tui.engine.ledger import LedgerFollower, LedgerKeeper, LedgerScope
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.batch import pack
from claude_tui.engine.state.store import Store
from claude_tui.model import BOTH, LOGGED, TOLD, UNLOGGED, Usage, UsageRow
from claude_tui.sources.columns import key_number
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.settling import columns_of
from claude_tui.sources.telemetry.event import Details, TelemetryEvent, row_of
from tests.engine.counting import NOW_MS, PRICER, UTC, assert_sums_agree
from tests.engine.ledgers import ledger_in
from tests.engine.telemetry import (
    CLAUDE_SETS,
    FOLDER,
    SETS,
    client_of,
    config_with,
    counted_with,
    counters_of,
    defined,
    expected_responses,
    exports_of,
    logs_of,
    origin_of,
    served,
    spool_in,
    without_places,
)
from tests.replacing import replace

golden = pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
golden_of_claude = pytest.mark.parametrize("folder", CLAUDE_SETS, ids=lambda folder: folder.name)


@golden
def test_every_response_that_either_knows_is_counted_once_in_every_counter(folder: Path, tmp_path: Path) -> None:
    store = counted_with(client_of(folder), logs_of(folder), spool_in(tmp_path, folder))
    lines = [line for line in list_responses(store) if line.extra != UNLOGGED]
    wanted = Counter((served(one), origin_of(one)) for one in expected_responses(folder))
    if client_of(folder) == "copilot":
        # One call was ended by a signal: only the sum of its session has it.
        wanted[(1520, 520, 3010, 0), "log"] = 1
    assert Counter((counters_of(line), line.origin) for line in lines) == wanted
    assert not any(line.is_lower_bound for line in lines)
    assert_sums_agree(store)


@golden
def test_every_way_to_count_gives_what_the_plain_definition_does(folder: Path, tmp_path: Path) -> None:
    config = config_with(client_of(folder), logs_of(folder), spool_in(tmp_path / "spool", folder))
    found = verify(Setup(config, PRICER, UTC, cache_folder=tmp_path / "cache"))
    assert found.differences == ()


@golden_of_claude
def test_cache_writes_keep_their_lifetimes_and_the_price_is_the_clients_own(folder: Path, tmp_path: Path) -> None:
    store = counted_with("claude", folder, spool_in(tmp_path, folder))
    wanted = {(one["input"], one["output"]): one for one in expected_responses(folder)}
    for line in list_responses(store):
        one = wanted[line.usage.input, line.usage.output]
        written = line.usage.cache_write_5m, line.usage.cache_write_1h
        assert written == (one["cache_write_5m"], one["cache_write_1h"])
        assert (line.kind or None) == one["query_source"]
        if one["in_telemetry"]:
            assert line.client_nano is not None
            assert line.price.nano is not None
            assert abs(line.price.nano - line.client_nano) < 1000


def test_what_the_client_counted_leaves_nothing_where_telemetry_tells_the_calls(tmp_path: Path) -> None:
    folder = next(path for path in SETS if path.name == "repl332")
    empty = tmp_path / "empty"
    empty.mkdir()
    alone = list_responses(counted_with("claude", folder, empty))
    (left,) = [line.usage for line in alone if line.extra == UNLOGGED]
    assert left == Usage(4020, 1620, 8020, 0, 12020, 1)
    both = list_responses(counted_with("claude", folder, spool_in(tmp_path / "spool", folder)))
    assert not [line for line in both if line.extra == UNLOGGED]
    kinds = {line.kind: line.usage.web_search for line in both if line.origin == "telemetry"}
    assert kinds == {"generate_session_title": 0, "side_question": 0, "compact": 0, "web_search_tool": 1}
    assert sum(line.price.nano or 0 for line in both) == sum(line.price.nano or 0 for line in alone)


@golden
@pytest.mark.parametrize("seed", range(3))
def test_logs_and_exports_line_by_line_in_any_order_give_the_same(folder: Path, tmp_path: Path, seed: int) -> None:
    client, logs, spool = client_of(folder), tmp_path / "logs", tmp_path / "spool"
    spool.mkdir()
    whole = logs_of(folder)
    texts = {
        logs / path.relative_to(whole): path.read_bytes().splitlines(keepends=True)
        for path in sorted(whole.rglob("*.jsonl"))
        if path.name != "otlp.jsonl"
    }
    others = [path for path in whole.rglob("*") if path.is_file() and path.suffix != ".jsonl"]
    for path in others:
        (logs / path.relative_to(whole)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, logs / path.relative_to(whole))
    texts[spool / "one.jsonl"] = [line.encode() for line in exports_of(folder)]
    chance = random.Random(seed)
    store, known = Store(PRICER, UTC, keep_names=False), dict[str, Checkpoint]()
    reader, config = FileReader(PRICER, UTC), config_with(client, logs, spool)
    while any(texts.values()):
        path = chance.choice([path for path, lines in texts.items() if lines])
        size = chance.randrange(1, 12)
        taken, texts[path] = texts[path][:size], texts[path][size:]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(b"".join(taken))
        for found in discover(config):
            read = reader.read(Task(found, known.get(found.path)))
            store.take_in(pack([read]))
            assert read.outcome.checkpoint is not None
            known[found.path] = read.outcome.checkpoint
        if chance.random() < 0.2:
            assert_sums_agree(store)
    assert without_places(list_responses(store)) == defined(client, logs, spool)
    assert_sums_agree(store)


@golden_of_claude
def test_a_second_copy_of_everything_adds_nothing(folder: Path, tmp_path: Path) -> None:
    spool = spool_in(tmp_path / "spool", folder)
    (spool / "again.json").write_text("".join(reversed(exports_of(folder))))
    store = counted_with("claude", folder, spool)
    before = list_responses(store)
    assert len(before) == len(expected_responses(folder))
    reader = FileReader(PRICER, UTC)
    revision = store.revision
    for file in discover(config_with("claude", folder, spool)):
        assert not store.take_in(pack([reader.read(Task(file))]))
    assert list_responses(store) == before
    assert store.revision == revision


@golden_of_claude
@pytest.mark.parametrize("comes_first", ["logs", "spool"])
def test_a_cache_gives_the_same_and_what_comes_later_is_added_to_it(
    folder: Path, comes_first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", 0)
    logs, spool, cache = tmp_path / "logs", spool_in(tmp_path / "spool", folder), tmp_path / "cache"
    shutil.copytree(folder / "projects", logs / "projects")
    late = [*logs.rglob("*.jsonl")] if comes_first == "spool" else [spool / "2026-11-29.jsonl"]
    texts = {path: path.read_bytes() for path in late}
    for path, text in texts.items():
        path.write_bytes(text[: text.index(b"\n", len(text) // 3) + 1])

    def cached() -> Store:
        return counted_with("claude", logs, spool, cache)

    before = without_places(list_responses(cached()))
    again = cached()
    assert again.table_loader is not None
    assert_sums_agree(again)
    assert without_places(list_responses(again)) == before
    for path, text in texts.items():
        path.write_bytes(text)
        grown = cached()
        assert without_places(list_responses(grown)) == defined("claude", logs, spool)
        assert_sums_agree(grown)
    assert without_places(list_responses(grown)) != before
    assert len(list_responses(grown)) == len(expected_responses(folder))


def test_a_sub_agent_of_a_gone_thread_keeps_what_is_its_own_and_its_events(tmp_path: Path) -> None:
    """Codex: it is started, not forked, so what was answered right after its start is no copy of its parent's."""
    folder = FOLDER / "codex-0.128.0-exec"
    logs, spool = tmp_path / "logs", spool_in(tmp_path / "spool", folder)
    shutil.copytree(logs_of(folder), logs)
    whole = list_responses(counted_with("codex", logs, spool))
    agents = [line for line in whole if line.agent]
    next(logs.rglob(f"*-{agents[0].session}.jsonl")).unlink()
    left = list_responses(counted_with("codex", logs, spool))
    assert [(line.key, line.agent, line.usage) for line in left if line.agent] == [
        (line.key, line.agent, line.usage) for line in agents
    ]
    assert Counter(map(counters_of, left)) == Counter(map(counters_of, whole))
    assert without_places(left) == defined("codex", logs, spool)


@golden_of_claude
@pytest.mark.parametrize("chosen", range(4))
def test_a_ledger_gives_the_same_when_logs_or_spool_or_both_are_gone(folder: Path, chosen: int, tmp_path: Path) -> None:
    logs, spool = tmp_path / "logs", spool_in(tmp_path / "spool", folder)
    shutil.copytree(folder / "projects", logs / "projects")
    ledger, config = ledger_in(tmp_path), config_with("claude", logs, spool)
    before = defined("claude", logs, spool)

    def run() -> Store:
        store, reader = Store(PRICER, UTC, keep_names=False), FileReader(PRICER, UTC, keep_names=True)
        scope = LedgerScope([("claude", str(logs)), (TELEMETRY, str(spool))], frozenset())
        follower = LedgerFollower(store, ledger, scope, Given())
        keeper = LedgerKeeper(ledger, PRICER, UTC, on_written=follower.wrote)
        files = discover(config)
        keeper.start(files)
        for file in files:
            found = reader.read(Task(file))
            keeper.note(found.outcome, found.columns, None)
            store.take_in(pack([found]))
        follower.follow({})
        keeper.catch_up(())
        assert keeper.close()
        return store

    assert without_places(list_responses(run())) == before
    chance = random.Random(chosen)
    paths = [*sorted(logs.rglob("*.jsonl")), *sorted(spool.iterdir())]
    for path in chance.sample(paths, chance.randrange(1, len(paths) + 1)):
        path.unlink()
        left = run()
        assert_sums_agree(left)
        assert without_places(list_responses(left)) == before


def copied_from_a_gone_session(**otherwise: Any) -> list[tuple[str, UsageRow]]:
    """A fork with a copy of its parent's response and one of its own, and the events of both: by file, each a row."""
    own = UsageRow("msg_b", NOW_MS + 60_000, "fork", "", "/p", MODELS[0], Usage(input=9, output=5))
    copy = replace(own, key="msg_a", time_ms=NOW_MS, usage=Usage(input=7, output=4), is_copy=True, offset=1)
    details = Details(duration_ms=1000, is_split=True)
    events = [
        TelemetryEvent(
            "claude", session, MODELS[0], row.usage, row.time_ms, details=details._replace(id=f"req_{session}")
        )
        for session, row in (("parent", copy), ("fork", own))
    ]
    told = [("/spool", row_of(event, at)) for at, event in enumerate(events)]
    return [("/fork", own), ("/fork", replace(copy, **otherwise)), *told]


def counted_in(order: Iterable[tuple[str, UsageRow]]) -> Store:
    store = Store(PRICER, UTC, keep_names=False)
    for path, row in order:
        source = TELEMETRY if path == "/spool" else "claude"
        store.apply(path, columns_of(source, [row]), is_whole=False)
        list_responses(store)
    return store


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_a_copy_whose_original_is_gone_is_what_the_event_of_its_session_tells_of(order: tuple[int, ...]) -> None:
    made = copied_from_a_gone_session()
    store = counted_in(made[at] for at in order)
    found = [(line.session, line.origin, line.usage.output) for line in list_responses(store)]
    assert found == [("fork", BOTH, 4), ("fork", BOTH, 5)]
    assert_sums_agree(store)
    # The original is found after all, and one that only the parent's event tells of.
    original = replace(made[1][1], session="parent", is_copy=False)
    store.apply("/parent", columns_of("claude", [original]), is_whole=False)
    assert [line.session for line in list_responses(store)] == ["parent", "fork"]
    assert {line.origin for line in list_responses(store)} == {BOTH}
    assert_sums_agree(store)


@pytest.mark.parametrize(
    "otherwise",
    [
        {"is_copy": False}, {"time_ms": NOW_MS - 200_000}, {"model": "claude-opus-4-5"},
        {"usage": Usage(input=7, output=3)}, {"usage": Usage(input=8, output=4)},
    ],
    ids=lambda otherwise: next(iter(otherwise)),
)  # fmt: skip
def test_what_is_no_copy_or_differs_is_another_response(otherwise: dict[str, Any]) -> None:
    store = counted_in(copied_from_a_gone_session(**otherwise))
    found = sorted((line.session, line.origin, line.usage.output) for line in list_responses(store))
    copied = otherwise.get("usage", Usage(output=4)).output
    assert found == sorted([("parent", TOLD, 4), ("fork", LOGGED, copied), ("fork", BOTH, 5)])
    assert_sums_agree(store)


MODELS = ("claude-sonnet-4-5", "claude-opus-4-5[1m]", "claude-opus-4-5")
SESSIONS = ("s1", "s2", "s3")
counts = st.sampled_from([0, 1, 7])
usages = st.builds(Usage, counts, st.integers(0, 3), counts, counts, counts, st.just(0))
instants = st.sampled_from([NOW_MS, NOW_MS + 900, NOW_MS + 50_000, NOW_MS + 200_000])


@st.composite
def logged_rows(draw: st.DrawFn) -> tuple[str, UsageRow]:
    """A row of a log that clashes with others in key, session and counters, and the file it is in."""
    client = draw(st.sampled_from(["claude", "claude", "codex", "qwen", "copilot"]))
    session = draw(st.sampled_from(SESSIONS))
    usage = draw(usages)._replace(**({} if client == "claude" else {"cache_write_1h": 0}))
    is_sum = client == "copilot" and draw(st.booleans())
    row = UsageRow(
        key=draw(st.sampled_from([f"{client}_{n}" for n in range(6)])), time_ms=draw(instants), session=session,
        agent=draw(st.sampled_from(["", "", "s3"])), cwd="/p", model=draw(st.sampled_from(MODELS)), usage=usage,
        terms='{"sum":true}' if is_sum else "", is_copy=draw(st.booleans()), is_lower_bound=draw(st.booleans()),
    )  # fmt: skip
    return client, row


@st.composite
def events(draw: st.DrawFn) -> UsageRow:
    """An event that may be of such a row."""
    client = draw(st.sampled_from(["claude", "claude", "codex", "qwen", "copilot"]))
    usage = draw(usages)._replace(**({} if client == "claude" else {"cache_write_1h": 0}))
    details = Details(
        id=draw(st.sampled_from(["", "", f"{client}_req", f"{client}_1", f"{client}_2"])),
        kind=draw(st.sampled_from(["", "compact"])), also=draw(st.sampled_from(["", "s2"])),
        duration_ms=draw(st.sampled_from([0, 1000])), is_split=True,
    )  # fmt: skip
    session, model = draw(st.sampled_from(SESSIONS)), draw(st.sampled_from(MODELS))
    return row_of(TelemetryEvent(client, session, model, usage, draw(instants), details=details), 0)


Part = tuple[str, str, list[UsageRow]]
"""Client, path and rows of something that comes at once."""


@settings(max_examples=300, deadline=None)
@given(st.lists(logged_rows(), max_size=8), st.lists(events(), max_size=8), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_what_the_plain_definition_does(
    logged: list[tuple[str, UsageRow]], told: list[UsageRow], chance: random.Random
) -> None:
    placed = [(client, f"/{client}/{row.session}", replace(row, offset=at)) for at, (client, row) in enumerate(logged)]
    placed += [(TELEMETRY, f"/spool/{at % 2}", replace(row, offset=at)) for at, row in enumerate(told)]
    by_file: dict[tuple[str, str], list[UsageRow]] = {}
    for client, path, row in placed:
        by_file.setdefault((client, path), []).append(row)
    said = []
    for (client, path), rows in by_file.items():
        whole = columns_of(client, rows)
        for row in rows:
            said.append(ReferenceRow(key_number(client, row.key), client, row, row.time_ms, path))
        assert len(whole) <= len(rows)
    wanted = without_places(reference_of(said, {}, PRICER))
    chance.shuffle(placed)
    store = Store(PRICER, UTC, keep_names=False)
    for client, path, row in placed:
        store.apply(path, columns_of(client, [row]), is_whole=False)
        if chance.random() < 0.3:
            assert_sums_agree(store)
    assert without_places(list_responses(store)) == wanted
    assert_sums_agree(store)
    revision = store.revision
    for (client, path), rows in by_file.items():
        store.apply(path, columns_of(client, rows), is_whole=False)
    assert without_places(list_responses(store)) == wanted
    assert store.revision == revision
