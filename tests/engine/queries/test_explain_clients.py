"""Every counted figure of every captured set leads to its row, and the row says what was counted."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from claude_tui.clients import CLIENTS
from claude_tui.engine.count import count
from claude_tui.engine.queries.explain import (
    COPY,
    COUNTED,
    FORKED,
    INHERITED,
    MIGRATED,
    RESTATED,
    Explanation,
    RowFound,
    explain,
)
from claude_tui.engine.queries.responses import list_responses, totals_of
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, Response, Usage
from claude_tui.sources.codex.compressed import decompressor
from claude_tui.sources.protocol import SourceConfig
from tests.captured import sets_of
from tests.engine.counting import PRICER, UTC, here
from tests.fuzz.lines import MUTATIONS
from tests.sources.codex import logs as rollouts
from tests.sources.test_opencode import Store as OpenCodeDatabase
from tests.sources.test_opencode import new_layout, reply

pytestmark = pytest.mark.every_client
SETS: Final = [(client, home) for client in CLIENTS if client != "claude" for home in sets_of(client)]


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A captured set, counted; a copy, because databases are read where they are."""
    client, home = request.param
    return counted(client, Path(shutil.copytree(home, tmp_path / "home")))


@pytest.fixture
def opencode(tmp_path: Path) -> Iterator[OpenCodeDatabase]:
    made = OpenCodeDatabase(tmp_path / "opencode.db")
    made.session("ses")
    with closing(made.connection):
        yield made


def counted(client: str, folder: Path, *, keep_names: bool = True) -> Store:
    config = SourceConfig(home=Path("/nonexistent"), explicit={client: (folder,)}, sources=(client,))
    return count(Setup(config, PRICER, UTC), keep_names=keep_names, processes=here())


def of_every_set(function: Any) -> Any:
    names = [f"{client}-{home.name}" for client, home in SETS]
    return pytest.mark.parametrize("store", SETS, ids=names, indirect=True)(function)


# -- a plain reader: what the record at a place says, by the words of each client ---------------------------


def record_at(row: RowFound) -> Any:
    """What is written at the place of a row."""
    if row.table:
        with closing(sqlite3.connect(f"file:{row.path}?mode=ro", uri=True)) as database:
            query = f"SELECT data FROM {row.table} WHERE rowid = ?"
            return json.loads(database.execute(query, (row.offset,)).fetchone()[0])
    if row.path.endswith(".json"):
        return json.loads(Path(row.path).read_bytes())
    return json.loads(lines_of(row.path)[row.line - 1])


def lines_of(path: str) -> list[bytes]:
    data = Path(path).read_bytes()
    if path.endswith(".zst"):
        data = decompressor().decompress(data)
    return data.split(b"\n")


def objects_in(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from objects_in(one)


def said_at(client: str, key: str, row: RowFound) -> Usage:
    """The counters that a row's place holds, made disjoint."""
    record = record_at(row)
    if client == "codex":
        payload = record["payload"]
        told = payload["usage"] if "usage" in payload else payload["info"]["last_token_usage"]
        cached, written = told["cached_input_tokens"], told.get("cache_write_input_tokens", 0)
        return Usage(told["input_tokens"] - cached - written, told["output_tokens"], written, 0, cached)
    if client == "gemini":
        told = [one["tokens"] for one in objects_in(record) if one.get("id") == key and one.get("tokens")][-1]
        fresh = told["input"] - told["cached"] + told.get("tool", 0)
        if told["total"] == told["input"] + told["output"] + told.get("thoughts", 0):
            fresh -= told.get("tool", 0)
        return Usage(fresh, told["output"] + told.get("thoughts", 0), cache_read=told["cached"])
    if client == "qwen":
        told = record["systemPayload"]["uiEvent"]
        cached, prompt = told["cached_content_token_count"], told["input_token_count"]
        return Usage(prompt - cached, told["total_token_count"] - prompt, cache_read=cached)
    if client == "kimi":
        told = record["usage"]
        return Usage(told["inputOther"], told["output"], told["inputCacheCreation"], 0, told["inputCacheRead"])
    if client == "pi":
        told = record["message"]["usage"]
        return Usage(told["input"], told["output"], told["cacheWrite"], 0, told["cacheRead"])
    if client == "copilot":
        return of_copilot(key, row, record)
    return of_opencode(row, record)


def of_copilot(key: str, row: RowFound, record: Any) -> Usage:
    def usage_of(told: Any) -> Usage:
        read, written = told["cacheReadTokens"], told["cacheWriteTokens"]
        return Usage(told["inputTokens"] - read - written, told["outputTokens"], written, 0, read)

    if record["type"] == "session.usage_record":
        return usage_of(record["data"]["usage"])
    model = key.partition("/")[2]
    if record["type"] == "assistant.message":  # a session that was killed tells its output alone, message by message
        lines = [json.loads(line) for line in lines_of(row.path)[: row.line]]
        resumed = max(at for at, one in enumerate(lines) if one["type"] in ("session.start", "session.resume"))
        told = [one["data"] for one in lines[resumed:] if one["type"] == "assistant.message"]
        return Usage(output=sum(one["outputTokens"] for one in told if one["model"] == model))
    totals = [Usage()]  # a shutdown tells everything since the session began
    for line in lines_of(row.path)[: row.line]:
        one = json.loads(line)
        if one["type"] == "session.shutdown" and model in one["data"]["modelMetrics"]:
            totals.append(usage_of(one["data"]["modelMetrics"][model]["usage"]))
    return Usage(*(now - before for now, before in zip(totals[-1], totals[-2], strict=True)))


def of_opencode(row: RowFound, record: Any) -> Usage:
    record = record.get("info", record) if row.table == "event" else record
    told = record["tokens"]
    cache = told["cache"]
    output = told["output"] + told["reasoning"]
    total = told.get("total", 0)
    if total and total == told["input"] + told["output"] + cache["read"] + cache["write"]:
        output = told["output"]
    return Usage(told["input"], output, cache["write"], 0, cache["read"])


# -- the tests -----------------------------------------------------------------------------------------------


def explained(store: Store, response: Response) -> tuple[Explanation, RowFound]:
    found = explain(store, response)
    assert found.problem == ""
    (winner,) = [row for row in found.rows if row.reason == COUNTED]
    return found, winner


@of_every_set
def test_every_key_leads_to_the_row_that_says_what_was_counted(store: Store) -> None:
    for response in list_responses(store):
        found, winner = explained(store, response)
        (owner,) = [row for row in found.rows if row.is_owner]
        assert (winner.path, winner.offset) == (response.path, response.offset)
        assert winner.usage == response.usage == said_at(response.source, response.key, winner)
        assert (owner.session, owner.agent) == (response.session, response.agent)
        assert found.cost_nano == (response.price.nano or 0)
        assert found.rates or found.reported or found.free or found.unpriced


@of_every_set
def test_every_row_is_counted_or_dropped_for_a_reason(store: Store) -> None:
    found, totals = explain(store, Query()), totals_of(list_responses(store))
    assert found.is_complete
    assert found.files_gone == 0
    assert found.counted_rows == totals.responses == found.responses
    assert found.usage_rows == found.counted_rows + sum(found.duplicates.values())
    assert found.cost_nano == totals.cost_nano


# -- why rows do not count -----------------------------------------------------------------------------------


def by_key(store: Store, key: str = "") -> Explanation:
    """The explanation of the only response, or of the one whose key ends so."""
    (response,) = [one for one in list_responses(store) if one.key.endswith(key)]
    found, _ = explained(store, response)
    return found


def test_a_fork_of_a_rollout_is_told_from_its_parent_and_a_total_from_its_record(tmp_path: Path) -> None:
    parent = [rollouts.meta("p1"), rollouts.turn(), rollouts.count(rollouts.A, rollouts.A, 1)]
    total = rollouts.plus(rollouts.A, rollouts.B)
    rollouts.write(
        tmp_path, "p1", [*parent, rollouts.told("p1", "resp_1", rollouts.B), rollouts.count(total, rollouts.B)]
    )
    copied = [rollouts.spawned("c1", "p1", 5), parent[0], rollouts.count(rollouts.A, rollouts.A, 5)]
    rollouts.write(tmp_path, "c1", [*copied, rollouts.count(total | {"total_tokens": 999}, rollouts.C, 9)])
    store = counted("codex", tmp_path)
    first = "0/" + ".".join(map(str, [*rollouts.A.values()] * 2))
    places = [(Path(row.path).stem[-2:], row.line, row.reason) for row in by_key(store, first).rows]
    assert places == [("p1", 3, COUNTED), ("c1", 3, INHERITED)]
    assert [(row.line, row.reason) for row in by_key(store, "resp_1").rows] == [(4, COUNTED), (5, RESTATED)]
    assert explain(store, Query()).duplicates == {INHERITED: 1, RESTATED: 1}


def test_a_message_that_was_taken_over_leads_to_the_database_and_says_where_it_was(
    opencode: OpenCodeDatabase, tmp_path: Path
) -> None:
    opencode.message("msg_1", reply())
    new_layout(tmp_path, "msg_1", reply())
    found = by_key(counted("opencode", tmp_path))
    assert {(Path(row.path).name, row.table, row.record, row.reason) for row in found.rows} == {
        ("opencode.db", "message", "msg_1", COUNTED), ("msg_1.json", "", "", MIGRATED),
    }  # fmt: skip


def test_a_forked_message_is_one_row_of_the_same_database(opencode: OpenCodeDatabase, tmp_path: Path) -> None:
    opencode.message("msg_1", reply())
    opencode.session("fork", created=reply()["time"]["created"] + 5)
    opencode.message("msg_2", reply(), "fork")
    found = by_key(counted("opencode", tmp_path))
    assert sorted((row.record, row.session) for row in found.rows) == [("msg_1", "ses"), ("msg_2", "fork")]
    assert sorted(row.reason for row in found.rows) == [COUNTED, FORKED]
    (owner,) = [row for row in found.rows if row.is_owner]
    assert owner.session == "ses"


@pytest.mark.parametrize("store", [("pi", sets_of("pi")[0])], indirect=True)
def test_copies_in_forks_are_found_wherever_they_are(store: Store) -> None:
    copied = [found for one in list_responses(store) if COPY in (found := explained(store, one)[0]).duplicates]
    assert sum(found.duplicates[COPY] for found in copied) == 4
    assert all(len({row.path for row in found.rows}) == len(found.rows) for found in copied)


@pytest.mark.parametrize("client", ["codex", "kilo", "qwen"])
def test_a_store_without_names_explains_by_number(client: str, tmp_path: Path) -> None:
    store = counted(client, Path(shutil.copytree(sets_of(client)[-1], tmp_path / "home")), keep_names=False)
    response = list_responses(store)[0]
    assert response.key.lstrip("-").isdigit()
    assert explained(store, response)[1].usage == response.usage


@pytest.mark.parametrize("store", [("qwen", sets_of("qwen")[0])], indirect=True)
def test_a_session_is_explained_by_the_logs_of_its_project_and_says_what_is_gone(store: Store) -> None:
    responses = list_responses(store)
    session = responses[0].session
    same = [one for one in responses if one.session == session]
    found = explain(store, Query(session=session))
    assert (found.counted_rows, found.files_gone, found.is_complete) == (len(same), 0, True)
    for path in {one.path for one in same}:
        Path(path).unlink()
    found = explain(store, Query(session=session))
    assert (found.responses, found.counted_rows, found.files_gone) == (len(same), 0, len({one.path for one in same}))
    assert explain(store, same[0]).problem == "its log is gone; the ledger has what was counted of it"


LINES: Final = [(client, home) for client, home in SETS if CLIENTS[client].is_append_only or client == "gemini"]


@pytest.mark.parametrize(("client", "home"), LINES, ids=lambda value: getattr(value, "name", value))
def test_damaged_logs_are_explained_as_far_as_they_are_counted(client: str, home: Path, tmp_path: Path) -> None:
    rng, folder = random.Random(home.name), Path(shutil.copytree(home, tmp_path / "home"))
    logs = sorted(folder.rglob("*.jsonl"))
    pool = [line for log in logs for line in log.read_bytes().split(b"\n") if line][:400]
    for log in logs:
        lines = log.read_bytes().split(b"\n")
        damaged = [rng.choice(MUTATIONS)(rng, line, pool) if line and rng.random() < 0.25 else line for line in lines]
        log.write_bytes(b"\n".join(damaged))
    store = counted(client, folder)
    responses, found = list_responses(store), explain(store, Query())
    assert found.counted_rows == found.responses == len(responses)
    assert found.usage_rows == found.counted_rows + sum(found.duplicates.values())
    for response in rng.sample(responses, min(3, len(responses))):
        _, winner = explained(store, response)
        assert winner.usage == response.usage
        assert winner.line >= 1
