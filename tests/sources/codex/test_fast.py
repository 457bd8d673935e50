"""The fast way to read a rollout gives what the plain way gives, and decodes little to do so."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.scan import reading
from claude_tui.engine.setup import Setup
from claude_tui.model import ProblemKind, Query, Response, Totals
from claude_tui.pricing import load_pricer
from claude_tui.sources.codex import CodexSource
from claude_tui.sources.codex.counting import threads
from claude_tui.sources.codex.fast import reader as fast
from claude_tui.sources.codex.fast import search as fast_search
from claude_tui.sources.codex.fast.rows import FastRollout
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile, SourceConfig
from claude_tui.sources.reading import objects as decoding
from claude_tui.sources.reading import search
from claude_tui.sources.records.fast_rows import FastBuilder
from claude_tui.sources.settling import columns_of
from tests.engine.counting import here, reading_by
from tests.fuzz.codex import differences, reading_with
from tests.sources.codex.logs import (
    NO_INFO,
    A,
    B,
    C,
    Record,
    alone,
    at,
    child_lines,
    event,
    line,
    meta,
    parent_lines,
    plus,
    spawned,
    tier,
    told,
    turn,
    usage,
)
from tests.sources.codex.logs import count as counted
from tests.sources.settle import GOLDEN

HOMES = sorted(path for path in (GOLDEN / "codex").iterdir() if path.is_dir())
SOURCE = CodexSource()
NOW_MS = 1_795_262_400_000  # 2026-11-21T12:00:00Z


def text(record: Record) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def spaced(record: Record) -> bytes:
    return json.dumps(record, separators=(", ", " : ")).encode() + b"\n"


TOLD, COUNT = told("x", "r1", A), counted(A, A)
COUNTED = text(counted(plus(A, B), B))
REPLY = text(line("response_item", 7, type="message", role="assistant", content=[{"text": "x" * 9000}]))
USER = text(line("response_item", 8, type="message", role="user", content=[{"text": "hello"}]))
INSIDE = json.dumps([TOLD, COUNT, meta("other"), turn("other")])

NO_TIERS: list[Any] = [5, [], {}, "", "x" * 99]
HOSTILE: dict[str, bytes] = {
    "records as text": text(line("response_item", type="message", role="user", content=INSIDE)),
    "records as objects in what a tool gave": text(
        line("response_item", type="function_call_output", output=json.loads(INSIDE))
    ),
    "a record as an object in an event": text(
        event("item_completed", item={"type": "token_count", **COUNT["payload"]})
    ),
    "a count by another name": text(event("token_estimate", info=COUNT["payload"]["info"])),
    "more cached than given": text(told("x", "cached", usage(100, cached=70, written=40))),
    "names in a text": text(event("agent_message", message='"token_count" "session_meta" {"timestamp":"" }{')),
    "an escaped name": text(COUNT).replace(b'"token_count"', b'"\\u0074oken_count"'),
    "an escaped line below": text(COUNT).replace(b'"token_count"', b'"token\\u005fcount"'),
    "an escaped line below in capitals": text(TOLD).replace(b'"token_usage_record"', b'"token\\u005Fusage_record"'),
    "an escaped model": text(turn("two")).replace(b'"turn_context"', b'"turn_c\\u006fntext"'),
    "an escaped compaction": text(line("compacted")).replace(b'"compacted"', b'"\\u0063ompacted"'),
    "escaped keys": text(COUNT).replace(b'"type"', b'"ty\\u0070e"').replace(b'"info"', b'"inf\\u006f"'),
    "other escapes": text(event("agent_message", message="\x1b[31m\u00e9\ud83d\ude00")),
    "spaces": spaced(COUNT) + spaced(TOLD) + spaced(turn("two")) + spaced(line("compacted")),
    "carriage returns": (text(COUNT) + REPLY + text(TOLD)).replace(b"\n", b"\r\n"),
    "byte order mark": b"\xef\xbb\xbf" + text(COUNT),
    "invalid UTF-8 that counts": text(TOLD | {"note": "a"}).replace(b'"a"', b'"a\xff\xc3"'),
    "invalid UTF-8 in its name": text(told("x", "r\ue000", A)).replace(b"\\ue000", b"\xff"),
    "a lone surrogate": text(told("x", "r\ud83d", A)),
    "NUL before": b"\0\0\0" + text(COUNT),
    "NUL inside a name": text(COUNT).replace(b"token_count", b"token\0_count"),
    "two records on a line": text(TOLD).rstrip() + COUNTED,
    "a record after one that counts nothing": USER.rstrip() + COUNTED,
    "a torn record before another": text(COUNT)[:90] + COUNTED,
    "a torn talk before another": USER[:-9] + COUNTED,
    "a record between two others": USER.rstrip() + text(TOLD).rstrip() + USER,
    "a quote too many": text(COUNT).replace(b'"token_count"', b'"token_count""'),
    "a brace missing": text(COUNT).replace(b"}}", b"}", 1),
    "another type after the first": text(COUNT).rstrip()[:-1] + b',"type":"response_item"}\n',
    "a record that says something else first": b'{"timestamp":"","type":"response_item","payload":{},' + text(TOLD)[1:],
    "two payloads, the last counts": text(COUNT).replace(b'"payload":', b'"payload":{"type":"token_count"},"payload":'),
    "two payloads, the last does not": text(TOLD).rstrip()[:-1] + b',"payload":{}}\n',
    "two counters of a name": text(TOLD).replace(b'"output_tokens":', b'"output_tokens":7,"output_tokens":'),
    "keys in another order": text({"payload": dict(reversed(TOLD["payload"].items())), **TOLD}),
    "counters that are no counts": b"".join(
        text(told("x", f"bad{n}", usage(5) | {"input_tokens": value}))
        for n, value in enumerate([-1, 1.0, 1.5, True, "5", 2**53, 2**64, [], {}])
    ),
    "a total that is no count": text(counted(usage(5) | {"total_tokens": -1}, A)) + COUNTED,
    "a last that is no count": text(TOLD) + text(counted(A, usage(5) | {"total_tokens": 1.5})) + COUNTED,
    "counters that are null": text(told("x", "null", usage(5) | {"cached_input_tokens": None})),
    "counters that are missing": text(told("x", "less", {"input_tokens": 5})) + text(counted({"total_tokens": 5}, {})),
    "the largest count": text(told("x", "most", usage(2**53 - 1, 0) | {"total_tokens": 2**53 - 1})),
    "no counters": text(line("token_usage_record", thread_id="x")) + text(NO_INFO),
    "a record of another thread": text(told("other", "r1", A)),
    "a record without a thread": text(told("", "r9", A)),
    "a record without a response": text(told("x", "", A)),
    "the same response again, larger": text(told("x", "r7", A)) + text(told("x", "r7", B)),
    "the same response again, smaller": text(told("x", "r7", B)) + text(told("x", "r7", A)),
    "a response of another turn": text(turn("two", "t2")) + text(told("x", "r8", B)) + text(told("x", "r9", B, "t2")),
    "names that are no text": text(told("x", "r6", A) | {"timestamp": 5}) + text(told("x", 7, A)),  # type: ignore[arg-type]
    "a turn that is no text": text(told("x", "r5", A, None)),  # type: ignore[arg-type]
    "another meta": text(meta("other", forked_from_id="third")),
    "a tier": text(tier("priority")) + text(TOLD) + COUNTED + text(tier(None)),
    "a tier that stays": text(tier("flex")) + COUNTED,
    "an escaped tier": text(tier("fast")).replace(b"settings_applied", b"settings_\\u0061pplied") + COUNTED,
    "tiers that are none": b"".join(text(tier(value)) + COUNTED for value in NO_TIERS),
    "settings that are none": text(tier("fast")) + text(event("thread_settings_applied", thread_settings=5)) + COUNTED,
    "a tier in another event": text(event("agent_message", thread_settings={"service_tier": "priority"})) + COUNTED,
    "counts without a total": text(alone(A)) + text(alone(A)) + text(alone(B)) + COUNTED + text(alone(C)),
    "counts with a total that is null": text(counted(None, A)) + COUNTED,  # type: ignore[arg-type]
    "instants that are numbers": b"".join(
        text(told("x", f"at{value}", A) | {"timestamp": value})
        for value in (1795244400, 1795244400.5, 1795244400000, 17952444000001, 1795244400000000000, -1, 0, 1e300, True)
    ),
    "instants that are missing": text({name: TOLD[name] for name in ("type", "payload")})
    + text(TOLD | {"timestamp": ""}),
    "a setting": text(event("thread_settings_applied", thread_settings={"model": "three", "turn_id": "t1"})),
    "a counter that starts over": text(counted(plus(A, C), C)) + text(counted(A, A)),
    "the estimate after a compaction": text(line("compacted")) + text(counted(A, usage(0, 0) | {"total_tokens": 9})),
    "a change without last": text(COUNT) + text(counted(plus(plus(A, B), C), usage(0, 0))),
    "blank lines": b"\n\n   \n\t\n",
    "no object": b'[1]\n"token_count"\n5\nnull\n{}\n',
    "braces only": b"{" * 3000 + b"\n",
    "deep": b'{"token_count":' * 2000 + b"1" + b"}" * 2000 + b"\n",
    "a very long line": text(line("response_item", type="message", content='{"token_count"}' * 60_000)),
}

STARTS: dict[str, list[Record]] = {
    "usual": [meta("x"), turn()],
    "without a meta": [turn()],
    "without a model": [meta("x")],
    "with neither": [],
    "with a setting": [meta("x"), event("thread_settings_applied", thread_settings={"model": "set"})],
    "with the model late": [meta("x"), *[event("agent_message", message="m")] * 50, COUNT, turn()],
    "with the meta late": [*[event("agent_message", message="m")] * 50, COUNT, turn(), meta("x")],
    "of a thread with a parent": [spawned("x", "gone"), meta("gone"), COUNT, turn()],
    "of a part of another": [spawned("x", "par", session_id="par"), meta("par"), COUNT, turn(), meta("its parent")],
}


def write(root: Path, thread: str, data: bytes) -> Path:
    path = root / "sessions" / "2026" / f"rollout-2026-11-21T07-00-00-{thread}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def rollout(records: Iterable[Record]) -> bytes:
    return b"".join(map(text, records))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_lines_count_the_same(tmp_path: Path, name: str) -> None:
    write(tmp_path, "par", rollout(parent_lines()))
    before, after = REPLY + text(told("x", "before", C)), text(told("x", "after", B)) + REPLY
    once, twice = HOSTILE[name], HOSTILE[name] + USER + HOSTILE[name]  # the last of equal rows hides the first
    for start, lines in product(STARTS.values(), (once, twice)):
        path = write(tmp_path, "x", rollout(start) + before + lines + after)
        for settings in ({}, {"is_native": False}, {"window": 600}, {"window": 600, "max_line": 600}):
            with reading_with(**settings):
                assert differences(tmp_path, path)[0] == []


@pytest.mark.parametrize("start", STARTS)
def test_a_rollout_read_from_any_line_on_is_the_same(tmp_path: Path, start: str) -> None:
    write(tmp_path, "par", rollout(parent_lines()))
    undated = {name: COUNT[name] for name in ("type", "payload")} | {"payload": alone(B)["payload"]}
    rows = [
        TOLD,
        COUNT,
        tier("priority"),
        undated,
        alone(A),
        COUNT,
        turn("two", "t2"),
        counted(plus(A, B), B),
        line("compacted"),
        told("x", "r2", C),
    ]
    assert_same_from_every_line(
        tmp_path, write(tmp_path, "x", rollout([*STARTS[start], *rows, NO_INFO, counted(A, A), *rows]))
    )


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_real_rollouts_read_whole_and_from_any_line_on_are_the_same(tmp_path: Path, home: Path) -> None:
    root = tmp_path / "home"
    shutil.copytree(home, root)
    files = list(SOURCE.discover(root))
    assert files
    for file in files:
        assert_same_from_every_line(root, Path(file.path))


def assert_same_from_every_line(root: Path, path: Path) -> None:
    """Read both ways: whole, up to the end of each line, and on from there."""
    data = path.read_bytes()
    assert differences(root, path)[0] == []
    ends = [at for at, byte in enumerate(data, 1) if byte == ord("\n")]
    for end in ends:
        path.write_bytes(data[:end] + data[end : end + 5])  # and the start of one that is not whole
        found, checkpoint = differences(root, path)
        assert found == []
        with path.open("ab") as log:
            log.write(data[end + 5 :])
        assert differences(root, path, checkpoint)[0] == []


def test_a_line_that_is_visibly_not_whole_is_named(tmp_path: Path) -> None:
    before = rollout([meta("x"), turn(), TOLD, line("compacted")]) + REPLY
    path = write(tmp_path, "x", before + b"noise\n" + USER[:-3] + b"\n" + USER)
    problems = read(tmp_path, path).problems
    places = [len(before), len(before) + 6]
    assert [(one.kind, one.offset) for one in problems] == [(ProblemKind.MALFORMED, place) for place in places]


@pytest.mark.parametrize("is_parent_there", [True, False])
def test_copied_history_counts_the_same(tmp_path: Path, is_parent_there: bool) -> None:
    if is_parent_there:
        write(tmp_path, "par", rollout(parent_lines()))
    base = plus(plus(A, B), C)
    own = [told("kid", "r1", A, second=61), counted(plus(base, A), A, 62), told("par", "r2", B, second=63)]
    path = write(tmp_path, "kid", rollout([*child_lines(), *own]))
    assert_same_from_every_line(tmp_path, path)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_fork_knows_what_its_parent_told_on_hostile_lines(tmp_path: Path, name: str) -> None:
    own = usage(700)
    parent = [meta("par"), turn(), COUNT]
    write(tmp_path, "par", rollout(parent) + HOSTILE[name] + text(counted(plus(A, own), own)))
    copied = [spawned("kid", "par", 60), turn(), COUNT, counted(plus(A, own), own, 500), counted(plus(own, own), own)]
    kid = write(tmp_path, "kid", rollout(copied))
    file = LogFile("codex", str(kid), str(tmp_path), 0, 0, 0, 0)
    assert [row.usage.input for row in SOURCE.read(file).rows] == [700], "all but the last are the parent's"
    assert differences(tmp_path, kid)[0] == []


def test_a_rewritten_rollout_is_read_anew(tmp_path: Path) -> None:
    path = write(tmp_path, "x", rollout([meta("x"), turn(), TOLD, COUNT]))
    _, checkpoint = differences(tmp_path, path)
    path.write_bytes(rollout([meta("x"), turn("two"), told("x", "r2", B)]))
    found, _ = differences(tmp_path, path, checkpoint)
    assert found == []
    assert read(tmp_path, path, checkpoint).restarted


def read(root: Path, path: Path, since: Checkpoint | None = None) -> ColumnsRead:
    return fast.read_columns(LogFile("codex", str(path), str(root), 0, 0, 0, 0), since)


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_the_engine_counts_the_same_either_way(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = []
    for native in ("0", "1"):
        with reading_by(native):
            ways.append(responses(home))
    monkeypatch.setattr(reading, "read_columns", read_plainly)
    threads._token_counts.cache_clear()
    with reading_by("0"):
        assert ways == [responses(home)] * 2
    assert ways[0][0]


def responses(home: Path) -> tuple[list[Response], Totals]:
    config = SourceConfig(Path("/nonexistent"), explicit={"codex": (home,)}, sources=("codex",))
    store = count(Setup(config, load_pricer(), ZoneInfo("Europe/Berlin")), keep_names=True, processes=here())
    return list(list_responses(store)), SnapshotMaker(store).take(Query(), NOW_MS).totals


def read_plainly(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> ColumnsRead:
    found = SOURCE.read(file, since)
    columns = columns_of("codex", found.rows, keep_names=keep_names)
    return ColumnsRead(columns, found.checkpoint, found.facts, found.problems, found.restarted, 0, 0)


def test_records_of_every_client_take_the_short_way() -> None:
    found: Counter[str] = Counter()
    take: Callable[..., bool] = FastRollout.take
    add: Callable[..., None] = FastBuilder.add

    def taking(self: FastRollout, record: Any, offset: int) -> bool:
        is_taken = take(self, record, offset)
        found["taken" if is_taken else "refused"] += 1
        return is_taken

    def adding(self: FastBuilder, row: Any) -> None:
        found["by the rule"] += 1
        add(self, row)

    for home in HOMES:
        found.clear()
        with patch.object(FastRollout, "take", taking), patch.object(FastBuilder, "add", adding):
            for file in SOURCE.discover(home):
                fast.read_columns(file)
        assert found["taken"] > 5
        assert found["taken"] > 5 * (found["refused"] + found["by the rule"])


def test_lines_that_cannot_matter_are_not_decoded(tmp_path: Path) -> None:
    escapes = text(event("agent_message", message="\x1b[31m"))
    path = write(tmp_path, "x", rollout([meta("x"), turn()]) + (REPLY + USER + escapes) * 50 + text(TOLD))
    with patch("claude_tui.sources.reading.lines.decode_objects", wraps=decoding.decode_objects) as decode:
        assert len(read(tmp_path, path).columns) == 1
    assert decode.call_count < 5


@pytest.mark.parametrize("search_in", [search.search_in, search.plain_search])
def test_every_mark_is_found(search_in: Any) -> None:
    block = b'"compacted"\n"token_count"\n\xff\\u0074\n"turn_context""token_\n"session_meta"\n\\u005F'
    block += b'"thread_settings_applied"'
    marks = {"compacted": 0, "count": 12, "escape": 27, "turn": 34, "token": 48, "meta": 56, "line": 71, "setting": 77}

    def found(start: int, *, with_meta: bool) -> list[int]:
        with patch.object(search, "search_in", search_in):
            find = fast_search.marks(block, start, with_meta=with_meta)
            places, at = [], start
            while (at := find(at)) < search.NOWHERE:
                places.append(at)
                at += 1
        return places

    everywhere = list(marks.values())
    assert found(0, with_meta=True) == everywhere
    assert found(13, with_meta=True) == everywhere[2:]
    assert found(0, with_meta=False) == [place for name, place in marks.items() if name != "meta"]
    with patch.object(search, "search_in", search_in):
        assert fast_search.marks(b"\0abc", 0, with_meta=False)(2) == 2


def test_the_newest_line_of_the_conversation_is_found_far_back(tmp_path: Path) -> None:
    path = write(tmp_path, "x", rollout([meta("x"), turn(), event("user_message", 9), *[NO_INFO] * 400]))
    facts = read(tmp_path, path).facts
    assert (facts.last_kind, facts.last_ms) == ("user", 1795244409000)
    assert at(9) == "2026-11-21T07:00:09.000Z"
