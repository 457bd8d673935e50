"""The native core reads what Python reads, or leaves it alone; where it is not built everything works without it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import shutil
import threading
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from claude_tui.cli import main
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan import scan as scanning
from claude_tui.engine.scan.asking import days_of
from claude_tui.engine.scan.native import read_natively
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.scan.scan import Scan
from claude_tui.engine.state.batch import Packed
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.model import Progress, Query
from claude_tui.native import library, probe, reading
from claude_tui.native.core import Core
from claude_tui.pricing import load_pricer
from claude_tui.sources.claude import ClaudeSource
from claude_tui.sources.claude.facts import NOTES
from claude_tui.sources.claude.fast import usual
from claude_tui.sources.claude.fast.reader import read_columns
from tests.engine.counting import GOLDEN_SETS
from tests.fuzz.claude import ClaudeFuzzer
from tests.fuzz.sameness import differences, entries, native_read
from tests.logs import ClaudeHome, assistant, line, usage

T = 1_780_000_000_000
ROW = assistant("msg_a", T, usage(10, 20, 3, 4, 5))


def tasks_of(folder: Path) -> list[Task]:
    return [Task(file) for file in ClaudeSource().discover(folder / "projects")]


def summed(*packs: Packed) -> tuple[object, ...]:
    store = Store(load_pricer(), ZoneInfo("Europe/Berlin"), keep_names=False)
    for pack in packs:
        store.take_in(pack)
    store.settle()
    names = [(store.owners[key.owner], store.models[key.model], key.day) for key in store.cells.all]
    cells = dict(zip(names, store.cells.all.values(), strict=True))
    return cells, list_responses(store, Query()), sorted(store.facts.files()), store.problems


def test_what_is_stopped_is_left_to_python(tmp_path: Path, core: Core) -> None:
    paths = [tmp_path / f"{number}.jsonl" for number in range(9)]
    for path in paths:
        path.write_bytes(line(ROW))
    files = [(str(path), path.stat().st_size) for path in paths]
    core.stop(-7)
    assert len(reading.read_files(core, files, number=-7).files) == 0
    assert len(reading.read_files(core, files, number=-8).files) == len(reading.read_files(core, files).files) == 9


def test_the_probe_is_what_python_reads(tmp_path: Path, core: Core) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(probe.PROBE.read_bytes())
    assert differences(str(path))[0] == []
    assert entries(read_columns(str(path)).columns) == entries(reading.read_columns(core, str(path)).columns)  # type: ignore[union-attr]
    assert not probe.differs(core, str(path))
    path.write_bytes(probe.PROBE.read_bytes().replace(b'"output_tokens":9', b'"output_tokens":8'))
    assert probe.differs(core, str(path))


def test_every_field_that_counts_is_known() -> None:
    """A field that begins to count in Python must be known to the core's `line.rs`, too, or be left to Python there."""
    shapes = {name: set(getattr(usual, name).__struct_fields__) for name in (
        "UsualRow", "ClaudeMessage", "UsageShape", "Split", "Tools", "Iteration", "FirstLine", "ClaudeTurn",
        "ClaudeTalk", "Dated",
    )}  # fmt: skip
    assert shapes == {
        "UsualRow": {
            "isSidechain", "agentId", "message", "type", "timestamp", "cwd", "sessionId", "version",
            "requestSessionId", "forkedFrom", "isApiErrorMessage", "requestedModel",
        },
        "ClaudeMessage": {"model", "id", "stop_reason", "usage", "pausedResponses"},
        "UsageShape": {
            "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens",
            "server_tool_use", "service_tier", "cache_creation", "inference_geo", "iterations", "speed",
            "fallback_credit", "type", "model",
        },
        "Split": {"ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"},
        "Tools": {"web_search_requests", "code_execution_requests"},
        "Iteration": {"type"},
        "FirstLine": {"type", "isSidechain", "agentId", "timestamp", "cwd", "sessionId", "data"},
        "ClaudeTurn": {"type", "message", "timestamp", "version", "gitBranch", "sessionId", "isSidechain"},
        "ClaudeTalk": {"content"},
        "Dated": {"timestamp"},
    }  # fmt: skip
    handed_back = NOTES - reading.KNOWN
    assert handed_back == {"cost-state"}


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_real_logs_give_the_same_sums_responses_and_facts(folder: Path, core: Core) -> None:
    reader = FileReader(load_pricer(), ZoneInfo("Europe/Berlin"))
    tasks = tasks_of(folder)
    read, others = read_natively(tasks, reader)
    assert sum(len(one.outcomes) for one in read) + len(others) == len(tasks)
    rest = [reader.read_all(others)] if others else []
    assert summed(*read, *rest) == summed(reader.read_all(tasks))


def test_most_real_logs_are_read_natively(core: Core) -> None:
    paths = [path for folder in GOLDEN_SETS for path in folder.glob("projects/**/*.jsonl")]
    read = sum(native_read(str(path)) is not None for path in paths)
    assert read > 0.9 * len(paths) > 50


def test_mutated_lines_are_read_natively_or_not_at_all(core: Core, tmp_path: Path) -> None:
    fuzzer = ClaudeFuzzer(7, tmp_path)
    assert fuzzer.run(600) == []
    assert fuzzer.counts["read natively"] > 100


@pytest.mark.parametrize(
    "odd",
    [
        assistant("msg_b", 4_000_000_000_000, usage(1, 2)),
        assistant("msg_b", 1_600_000_000_000, usage(1, 2)),
        b"\0" + line(ROW),
        line(ROW) * 20 + 20 * (b"{" + b"x" * 9000 + b"\n"),
        line({"type": "system", "subtype": "compact_boundary"}) + b"no object\n",
    ],
    ids=range(5),
)
def test_where_the_order_of_lines_matters_python_reads_the_file(
    claude_home: ClaudeHome, core: Core, odd: bytes
) -> None:
    path = claude_home.append(ROW, odd)
    (task,) = tasks_of(claude_home.folder)
    packs, others = read_natively([task], FileReader(load_pricer(), ZoneInfo("UTC")))
    assert packs == [] and others == [task]
    assert differences(str(path))[0] == []


DATED = {"type": "user", "sessionId": "s1", "cwd": "/p", "timestamp": "2026-05-28T20:26:39.123Z"}
LEFT = [
    assistant("msg_b", T, usage(1, 2, speed="fast", iterations=[{"type": "message", "input_tokens": 1.5}])),
    assistant("msg_b", T, usage(1, 2, speed="fast", iterations=[{"type": "message"}, {"type": "message"}])),
    assistant("msg_b", T, usage(1, 2, speed="fast", inference_geo="\u00e9")),
    assistant("gateway", T, usage(1, 2)),
    assistant("msg_a", T + 1, usage(10, 20, 3, 4, 5, inference_geo="us"), isSidechain=True),
    assistant("msg_b", 0, usage(1, 2)),
    {"type": "progress", "data": {"type": "agent_progress", "agentId": None, "message": ROW}, "sessionId": "s"},
    {"type": "progress", "data": {"type": "agent_progress", "message": ROW}, "message": {}},
    b"no object\n",
    b'{"type":"system"\n',
    b'{"type":"ai-title","aiTitle":"a\\ud800"}\n',
    b'{"type":"custom-title","customTitle":"a","customTitle":"b"}\n',
    line(ROW).replace(b'"id":"msg_a"', b'"id":"msg_a","id":"msg_c"'),
    line(ROW).replace(b"10", b"1e1", 1) + line(ROW).replace(b'"input_tokens":10', b'"input_tokens":010'),
    line(ROW).replace(b'"type"', b'"t\\u0079pe"'),
    b"\xff" + line(ROW),
    line(ROW)[:-2] + b"\n",
]
"""Lines that need a decision."""

OPEN = b'{"type":"user"'
"""A line that is being written."""


def progress(inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a session's file repeats of a sub-agent's."""
    data = {"message": inner, "type": "agent_progress", "prompt": "p"}
    return {"type": "progress", "data": data | more.pop("data", {}), "sessionId": "s1", "cwd": "/p", **more}


BARE = {name: value for name, value in ROW.items() if name not in ("sessionId", "cwd", "version")}
FAST = usage(1, 2, 3, 4, 5, speed="fast", inference_geo="", service_tier="standard", iterations=[])
READ = [
    assistant("msg_b", T, usage(1, 2, speed="fast")),
    assistant("msg_b", T, FAST) | {"requestedModel": "claude-b-20260101"},
    line(assistant("msg_b", T, FAST)) + line(assistant("msg_b", T + 1, FAST)),
    assistant("msg_a", T - 1, usage(10, 30, speed="fast")),
    line(assistant("msg_a", T, usage(10, 20, 3, 4, 5, speed="fast"))) + line(ROW),
    *(
        assistant("msg_b", T, FAST | {"server_tool_use": tools})
        for tools in ({}, {"web_search_requests": 3, "code_execution_requests": 0}, {"web_fetch_requests": 2})
    ),
    *(
        assistant("msg_b", T, {name: value for name, value in FAST.items() if name != missing})
        for missing in ("cache_creation", "inference_geo", "service_tier")
    ),
    *(
        assistant("msg_b", T, FAST | {"iterations": [one | {"type": "message"}]})
        for one in ({}, usage(1, 2, 3), {"model": "claude-b", "speed": "fast", "iterations": [{"type": "message"}]})
    ),
    progress(ROW),
    progress(BARE, version="2.1.40", data={"agentId": "a7"}),
    progress(BARE, version="2.0.5", agentId="a8", timestamp="2026-05-28T20:26:39.123Z", requestedModel="claude-b"),
    progress(dict(assistant("msg_b", T - 9, usage(9, 90)), agentId="a9"), data={"agentId": "a7"}),
    progress({"type": "user", "message": {"content": '"usage"'}}),
    progress(ROW, data={"type": "hook_progress"}),
    progress(assistant("msg_c", T, FAST)),
    progress(BARE, cwd="", data={"agentId": "a7"}),
    assistant("msg_b", T, usage(3, 90), cwd="", version=""),
    assistant("msg_b", T, usage(3, 90), cwd=None, version=None),
    assistant("x", T, {"input_tokens": 1, "output_tokens": 2}, model="<synthetic>"),
    assistant("x", T, {"input_tokens": 1}, isApiErrorMessage=True),
]
"""Lines that need none, though they are rare."""


@pytest.mark.parametrize("rare", READ, ids=range(len(READ)))
@pytest.mark.parametrize("name", ["s1", "agent-a1"])
def test_a_rare_line_is_read_natively(claude_home: ClaudeHome, core: Core, rare: bytes, name: str) -> None:
    path = claude_home.append(DATED, ROW, rare, DATED, ROW, rare, assistant("msg_z", T, usage(9, 9)), session=name)
    files, *_ = reading.read_files(core, [(str(path), path.stat().st_size)])
    assert len(files) == 1 and files[0].is_all
    assert differences(str(path))[0] == []
    reader, tasks = FileReader(load_pricer(), ZoneInfo("Europe/Berlin")), tasks_of(claude_home.folder)
    packs, others = read_natively(tasks, reader)
    assert not others and summed(*packs) == summed(reader.read_all(tasks))


@pytest.mark.parametrize("odd", LEFT, ids=range(len(LEFT)))
@pytest.mark.parametrize("end", [DATED, ROW, OPEN, line(ROW)[:-1]], ids=["user", "row", "open", "whole"])
def test_a_line_that_needs_a_decision_is_left_to_python(
    claude_home: ClaudeHome, core: Core, odd: bytes, end: bytes
) -> None:
    path = claude_home.append(DATED, ROW, odd, {"type": "ai-title", "aiTitle": "t"}, DATED, end)
    files, *_ = reading.read_files(core, [(str(path), path.stat().st_size)])
    assert len(files) == 1 and files[0].left and files[0].has_more is (end == OPEN)
    assert differences(str(path))[0] == []
    reader, tasks = FileReader(load_pricer(), ZoneInfo("Europe/Berlin")), tasks_of(claude_home.folder)
    packs, others = read_natively(tasks, reader)
    assert not others and summed(*packs) == summed(reader.read_all(tasks))


def test_an_answer_stays_as_long_as_a_part_of_it_is_used(claude_home: ClaudeHome, core: Core) -> None:
    path = claude_home.append(DATED, ROW)
    asked = reading.request([(str(path), path.stat().st_size)], reading.UTC_DAYS, 1 << 62, 1, with_names=False)
    answer = core.read(asked)
    want, part = bytes(answer), answer[8:]
    del answer
    for _ in range(100):
        core.read(asked)
    assert bytes(part) == want[8:]


def test_what_the_client_counted_is_read_beside_the_core(core: Core) -> None:
    paths = [path for folder in GOLDEN_SETS for path in folder.glob("projects/**/*.jsonl")]
    told = [path for path in paths if b'"type":"cost-state"' in path.read_bytes()]
    read = [native_read(str(path)) for path in told]
    assert len(told) > 5 and sum(one is not None and one.facts.client_totals != "" for one in read) > 0.8 * len(told)
    assert [differences(str(path))[0] for path in told] == [[] for _ in told]


def test_what_the_client_counted_before_a_file_was_a_sub_agents_stays(claude_home: ClaudeHome, core: Core) -> None:
    folder = next(folder for folder in GOLDEN_SETS if told_in(folder))
    path = claude_home.append(told_in(folder)[0], dict(DATED, isSidechain=True, agentId="a1"), ROW)
    assert differences(str(path))[0] == []
    assert read_columns(str(path)).facts.client_totals


def told_in(folder: Path) -> list[bytes]:
    """Lines in which a client said what it counted."""
    lines = [one for path in folder.glob("projects/**/*.jsonl") for one in path.read_bytes().splitlines(keepends=True)]
    return [one for one in lines if b'"type":"cost-state"' in one]


@pytest.mark.parametrize("meta", [b'{"agentType":"x"}\n', b'{"agentType":1}', b"[]", b"{\n}", b"", b"\xff", None])
def test_a_sub_agents_type_is_read_beside_its_transcript(tmp_path: Path, core: Core, meta: bytes | None) -> None:
    folder = tmp_path / "projects" / "p" / "s1" / "subagents"
    folder.mkdir(parents=True)
    row = dict(ROW, isSidechain=True, agentId="a1")
    (folder / "agent-a1.jsonl").write_bytes(line(DATED) + line(row))
    if meta is not None:
        (folder / "agent-a1.meta.json").write_bytes(meta)
    assert differences(str(folder / "agent-a1.jsonl"))[0] == []
    found = native_read(str(folder / "agent-a1.jsonl"))
    assert found is None or found.facts.agent_type == ("x" if meta and b"x" in meta else "")


def test_what_is_no_plain_file_is_left_to_python(tmp_path: Path, core: Core) -> None:
    os.mkfifo(tmp_path / "fifo.jsonl")
    (tmp_path / "log.jsonl").write_bytes(line(ROW))
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "log.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    names = ("fifo", "link", "folder", "missing", "log")
    answer = reading.read_files(core, [(str(tmp_path / f"{name}.jsonl"), 9) for name in names])
    assert [names[found.place] for found in answer.files] == ["log"]


def test_any_number_of_threads_gives_the_same(core: Core) -> None:
    files = [(str(path), path.stat().st_size) for folder in GOLDEN_SETS for path in folder.glob("projects/**/*.jsonl")]
    found = [reading.read_files(core, files, threads=threads) for threads in (1, 2, 8)]
    for answer in found[1:]:
        assert answer.files == found[0].files and answer.sums == found[0].sums
        assert entries_in_order(answer) == entries_in_order(found[0])


def entries_in_order(answer: reading.CoreAnswer) -> list[object]:
    columns = answer.columns
    numbers = [getattr(columns, name) for name in ("key", "time", "owner", "model", "offset", "flags")]
    return [*zip(*numbers, strict=True), columns.owners, columns.models, columns.terms, columns.web_search]


def test_keys_are_numbered_as_ever(tmp_path: Path, core: Core) -> None:
    chance = random.Random(1)
    names = ["msg_" + "x" * size + str(chance.random()) for size in (0, 100, 107, 108, 109, 120, 124, 250, 400)]
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"".join(line(assistant(name, T, usage(1, 2))) for name in names))
    found = reading.read_columns(core, str(path))
    assert found is not None
    hashes = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names]
    assert list(found.columns.key) == [int.from_bytes(one, "little") >> 1 for one in hashes]


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "Asia/Beirut", "Africa/Cairo", "America/Havana", "Asia/Kathmandu"]
)
def test_days_begin_when_the_calendar_says(zone: str) -> None:
    calendar = Calendar(ZoneInfo(zone))
    days = days_of(calendar.zone, 22_000)
    for number, start in enumerate(days.starts):
        assert calendar.day_hour(start)[0] == days.first + number
        assert calendar.day_hour(start - 1)[0] == days.first + number - 1


def test_a_request_of_another_version_is_refused(core: Core) -> None:
    for request in (b"", bytes(80), b"\xff" * 80, bytes([1]) + bytes(79)[:70]):
        with pytest.raises(ValueError):
            core.read(request)


def test_a_report_and_an_export_say_the_same_with_and_without_the_core(
    core: Core, own_home: Path, chosen: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, folder in enumerate(GOLDEN_SETS[:6]):
        shutil.copytree(folder / "projects", own_home / ".claude" / "projects" / str(number))
    said = []
    used = []
    read = Core.read

    def reading_natively(self: Core, request: bytes) -> memoryview:
        used.append(request)
        return read(self, request)

    chosen.setattr(Core, "read", reading_natively)
    for choice in ("0", "1"):
        chosen.setenv("CLAUDE_TOP_NATIVE", choice)
        chosen.setenv("XDG_CACHE_HOME", str(own_home / f"cache{choice}"))
        library.found.cache_clear()
        assert main(["report", "--json"]) == 0
        said.append(capsys.readouterr().out)
        assert main(["export"]) == 0
        said.append(capsys.readouterr().out)
    assert len(used) > 2 and said[:2] == said[2:] and json.loads(said[0])["totals"]["responses"] > 50
    assert '"key":"msg_' in said[1].replace(" ", "")


def test_a_scan_reads_what_the_core_leaves(claude_home: ClaudeHome, core: Core) -> None:
    for number in range(40):
        row = assistant(f"msg_{number}", T + number, usage(1, number, inference_geo="us" if number % 3 else "standard"))
        padding = {"type": "user", "parentUuid": "p", "message": {"content": "x" * 9000}}
        claude_home.append(row, padding, session=f"s{number}")
    reader, tasks = FileReader(load_pricer(), ZoneInfo("UTC")), tasks_of(claude_home.folder)
    packs: list[Packed] = []
    progress: list[Progress] = []
    Scan(tasks, reader).run_here(packs.append, progress.append)
    assert summed(*packs) == summed(reader.read_all(tasks))
    assert (
        sorted(map(len, (pack.outcomes for pack in packs))) == [14, 26]
        and progress[-1].files_done == 40
        and progress[-1].bytes_done == progress[-1].bytes_total
    )


def test_without_the_core_python_reads(
    chosen: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen.setenv("CLAUDE_TOP_NATIVE", "0")
    library.found.cache_clear()
    assert library.found().reason == "switched off by CLAUDE_TOP_NATIVE=0"
    broken = tmp_path / "claude_top_core.so"
    broken.write_bytes(b"no library")
    chosen.setattr(library, "LIBRARY", broken)
    chosen.setenv("CLAUDE_TOP_NATIVE", "1")
    library.found.cache_clear()
    assert library.found().core is None and "cannot be loaded" in library.found().reason
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("is_built", [True, False])
def test_doctor_says_which_reader_counted(
    claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_built: bool
) -> None:
    claude_home.append(ROW)
    reason = "" if is_built else "not built"
    monkeypatch.setattr(library, "found", cache(lambda: library.FoundCore(None, reason)))
    assert main(["doctor", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["system"]["reader"]
    assert said == ("native core" if is_built else "Python (native core: not built)")


async def test_a_scan_behind_the_screen_reads_natively(
    claude_home: ClaudeHome, core: Core, chosen: pytest.MonkeyPatch
) -> None:
    chosen.setenv("CLAUDE_TOP_NATIVE", "1")
    claude_home.append(ROW, session="s1")
    claude_home.append(assistant("msg_b", T, usage(1, 2, inference_geo="us")), session="s2")
    reader, tasks = FileReader(load_pricer(), ZoneInfo("UTC")), tasks_of(claude_home.folder)
    packs: list[Packed] = []
    await Scan(tasks, reader).run(packs.append, lambda progress: None)
    assert [[Path(one.file.path).stem for one in pack.outcomes] for pack in packs] == [["s1"], ["s2"]]
    assert packs[0].columns.names == []
    assert summed(*packs) == summed(reader.read_all(tasks))


async def test_a_scan_that_was_begun_takes_in_before_it_runs_and_nothing_twice(
    claude_home: ClaudeHome, core: Core, chosen: pytest.MonkeyPatch
) -> None:
    chosen.setenv("CLAUDE_TOP_NATIVE", "1")
    for number in range(3):
        claude_home.append(ROW, session=f"s{number}")
    claude_home.append(b"no JSON", assistant("msg_b", T, usage(1, 2)), session="left")
    reader, tasks = FileReader(load_pricer(), ZoneInfo("UTC")), tasks_of(claude_home.folder)
    packs: list[Packed] = []
    told: list[Progress] = []
    all_read = threading.Event()

    def tell(progress: Progress) -> None:
        told.append(progress)
        if progress.files_done == 4:
            all_read.set()

    scan = Scan(tasks, reader)
    scan.begin(packs.append, tell)
    assert all_read.wait(30)
    before = len(packs)
    await scan.run(packs.append, tell)
    assert len(packs) == before and summed(*packs) == summed(reader.read_all(tasks))
    assert told[-1].bytes_done == told[-1].bytes_total


async def test_a_scan_that_is_stopped_takes_nothing_in(
    claude_home: ClaudeHome, core: Core, chosen: pytest.MonkeyPatch
) -> None:
    chosen.setenv("CLAUDE_TOP_NATIVE", "1")
    for number in range(6):
        claude_home.append(ROW, session=f"s{number}")
    chosen.setattr(scanning, "portions", lambda tasks, most_bytes: [[task] for task in tasks])
    packs: list[Packed] = []
    first, go_on = threading.Event(), threading.Event()

    def take_in(found: Packed) -> None:
        packs.append(found)
        first.set()
        assert go_on.wait(30)

    scan = Scan(tasks_of(claude_home.folder), FileReader(load_pricer(), ZoneInfo("UTC")))
    scan.begin(take_in, lambda progress: None)
    assert first.wait(30)
    stopping = asyncio.create_task(asyncio.to_thread(scan.stop))
    while not scan._is_over:  # noqa: ASYNC110
        await asyncio.sleep(0)
    go_on.set()
    await stopping
    assert scan._begun is not None
    await asyncio.wait([asyncio.wrap_future(scan._begun)])
    assert len(packs) == 1


def usual_row(chance: random.Random) -> dict[str, Any]:
    """A row that needs no decision, of one of three responses."""
    writes_1h = chance.choice((0, 0, 2))
    told = usage(chance.choice((1, 2)), chance.choice((1, 4, 40, 41)), chance.choice((0, 3)), writes_1h, 5)
    if chance.random() < 0.3:
        del told["cache_creation"]
        told["service_tier"] = chance.choice(("standard", None))
        for name in ("server_tool_use", "inference_geo", "speed", "iterations"):
            told.pop(name, None)
    elif chance.random() < 0.5:
        told["server_tool_use"] = {"web_search_requests": chance.choice((0, 1))}
    row = assistant(
        f"msg_{chance.randrange(3)}",
        T + chance.randrange(3),
        told,
        model=chance.choice(("claude-a", "claude-b")),
        version=chance.choice(("2.1.29", "2.1.30-x", "2.1.7", "3", "2.0.99.1")),
        isSidechain=chance.random() < 0.3,
        sessionId=chance.choice(("s1", "s2")),
        cwd=chance.choice(("/p", "C:\\q\u00fc")),
        **chance.choice(({}, {}, {"agentId": "a1"}, {"forkedFrom": {"sessionId": "s0"}}, {"isApiErrorMessage": True})),
    )
    row["message"]["stop_reason"] = chance.choice((None, "end_turn"))
    return row


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_one_response_are_settled_as_ever(claude_home: ClaudeHome, core: Core, seed: int) -> None:
    chance = random.Random(seed)
    notes: list[dict[str, Any]] = [
        {"type": "summary", "summary": "short"},
        {"type": "custom-title", "customTitle": "mine"},
        {"type": "ai-title", "aiTitle": "its"},
        {"type": "system", "subtype": "compact_boundary"},
        {"type": "system", "subtype": "compact_boundary", "compactMetadata": {"preTokens": 9, "postTokens": 3}},
        {"type": "user", "message": {"content": [{"type": "tool_result"}]}, "gitBranch": "b", "isSidechain": True},
        {"type": "user", "message": {"content": "x"}, "timestamp": "2026-05-28T20:26:41.123Z"},
    ]
    for number in range(120):
        first: dict[str, Any] = {
            "type": "user",
            "sessionId": "s1",
            "cwd": "/p",
            "timestamp": "2026-05-28T20:26:39.123Z",
        }
        first["isSidechain"] = chance.choice((False, True))
        first["agentId"] = chance.choice(("", "a1"))
        rows = [usual_row(chance) if chance.random() < 0.8 else chance.choice(notes) for _ in range(10)]
        path = claude_home.append(first, *rows, session=chance.choice(("s", "agent-x")) + str(number))
        assert native_read(str(path)) is not None, path.read_bytes()
        assert differences(str(path))[0] == []


def test_a_transcript_of_which_nothing_is_known_is_the_same_problem(
    claude_home: ClaudeHome, core: Core, chosen: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append({"kind": "of another program", "n": 1}, session="strange")
    claude_home.append(assistant("msg_1", 1_795_176_000_000, usage(output=1)))
    found = []
    for native in ("0", "1"):
        library.found.cache_clear()
        chosen.setenv("CLAUDE_TOP_NATIVE", native)
        assert main(["report", "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out)["problems"])
    assert found[0] == found[1] == {"total": 1, "by_kind": {"unrecognised": 1}}
