"""Rollouts of Codex are read by the core as far as they are usual, and together with the rest as Python reads them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from claude_tui.cli import main
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan.native import natively_readable, read_natively
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.scan.rollouts import completed
from claude_tui.engine.scan.scan import Scan
from claude_tui.engine.state.batch import Packed
from claude_tui.engine.state.store import Store
from claude_tui.model import Progress, Query
from claude_tui.native import library, rollout_probe
from claude_tui.native.core import Core
from claude_tui.native.probe import said
from claude_tui.native.rollouts import CoreRollout, read_rollouts
from claude_tui.pricing import load_pricer
from claude_tui.sources.codex import CodexSource
from claude_tui.sources.codex.fast.reader import read_columns
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import LogFile
from tests.fuzz.codex import CodexFuzzer, begun, differences
from tests.fuzz.sameness import disagreements
from tests.sources.codex.logs import (
    NO_INFO,
    A,
    B,
    C,
    Record,
    alone,
    child_lines,
    count,
    event,
    line,
    meta,
    parent_lines,
    plus,
    spawned,
    tier,
    told,
    turn,
    write,
)

GOLDEN = Path(__file__).parent.parent / "golden" / "codex"
HOMES = sorted(path for path in GOLDEN.iterdir() if path.is_dir())
START = [meta("x"), turn(second=1), told("x", "r1", A, second=2), count(A, A, 3)]
END = [told("x", "r9", C, second=90), count(plus(plus(A, B), C), C, 91)]
TALK = line("response_item", 4, type="message", role="assistant", content=[])


def file_of(path: Path, root: Path) -> LogFile:
    return LogFile("codex", str(path), str(root), 0, 0, 0, 0)


def read_of(core: Core, root: Path, lines: Sequence[Record]) -> CoreRollout:
    """What the core reads of a rollout, which together with the rest is what Python reads."""
    path = write(root, "x", lines)
    assert differences(root, path)[0] == []
    (found,) = read_rollouts(core, [(str(path), path.stat().st_size)])
    return found


def summed(*packs: Packed) -> tuple[object, ...]:
    store = Store(load_pricer(), ZoneInfo("Europe/Berlin"), keep_names=False)
    for pack in packs:
        store.take_in(pack)
    store.settle()
    names = [(store.owners[key.owner], store.models[key.model], key.day) for key in store.cells.all]
    cells = dict(zip(names, store.cells.all.values(), strict=True))
    return cells, list_responses(store, Query()), sorted(store.facts.files()), store.problems


def test_the_probe_is_what_python_reads(core: Core) -> None:
    assert rollout_probe.is_sound(core)
    found = read_columns(file_of(rollout_probe.PROBE, rollout_probe.PROBE.parent))
    assert ((*said(found), found.checkpoint.state),) == rollout_probe.EXPECTED


def test_a_core_that_reads_the_probe_otherwise_reads_no_rollout(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_probe, "EXPECTED", ())
    rollout_probe.is_sound.cache_clear()
    tasks = [Task(file_of(write(tmp_path, "x", START), tmp_path))]
    read = read_natively(tasks, FileReader(load_pricer(), ZoneInfo("UTC")))
    rollout_probe.is_sound.cache_clear()
    assert read == ([], tasks)


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_real_rollouts_give_the_same_sums_responses_and_facts(home: Path, core: Core) -> None:
    reader = FileReader(load_pricer(), ZoneInfo("Europe/Berlin"))
    tasks = [Task(file) for file in CodexSource().discover(home) if file.path.endswith(".jsonl")]
    read, others = read_natively(tasks, reader)
    assert not others and sum(len(one.outcomes) for one in read) == len(tasks)
    assert summed(*read) == summed(reader.read_all(tasks))
    for task in tasks:
        assert differences(home, Path(task.file.path))[0] == []


def test_all_real_rollouts_but_forks_are_read_to_their_end(core: Core) -> None:
    files = [file for home in HOMES for file in CodexSource().discover(home) if file.path.endswith(".jsonl")]
    found = [begun(file) for file in files]
    ended = [file for file, one in zip(files, found, strict=True) if one is not None and one.has_more]
    assert all(found) and len(files) - len(ended) > 10
    assert all(Path(file.path).read_bytes().count(b'"type":"session_meta"') > 1 for file in ended)


@pytest.mark.parametrize(
    "lines",
    [
        [*START, TALK, *END],
        [*START, tier("flex", 5), count(plus(A, B), B, 6), tier("x" * 99, 7), told("x", "r3", C), tier(None, 8), *END],
        [*START, NO_INFO, event("token_count"), line("compacted", 7), line("compacted", 8, message="x"), *END],
        [*START, *(turn(f"m{number}", f"t{number}", 5) for number in range(70)), told("x", "r3", B, "t2", 6), *END],
        [*START, count(B, B, 5), count(B, B, 6), count(plus(A, B), A, 7), *END],
        [meta("x"), turn("m", "", 1), count(A, A, 2), turn("n", "t1", 3), told("x", "r2", B, "t1", 4)],
        [meta("x"), tier("priority", 1), told("x", "r2", B, "t1", 4)],
        [meta("x", source={"subagent": "review"}, session_id="y"), turn(second=1), told("x", "r2", B), count(B, B, 3)],
        [meta("x", forked_from_id="gone"), turn(second=1), told("x", "r2", B), count(B, B, 3), count(plus(A, B), A, 4)],
    ],
)
def test_usual_rollouts_are_read_to_their_end(core: Core, tmp_path: Path, lines: list[Record]) -> None:
    found = read_of(core, tmp_path, lines)
    assert not found.has_more and found.lines == len(lines)


@pytest.mark.parametrize(
    "odd",
    [
        told("other", "r1", B, second=5),
        told("x", "", B, second=5),
        told("x", "r1", B, second=5),
        told("x", "r2", {**B, "input_tokens": True}, second=5),
        told("x", "r2", B) | {"timestamp": 1_795_244_400_000},
        told("x", "r2", B) | {"timestamp": "soon"},
        alone(B, 5),
        turn("", "t2", 5),
        event("turn_context", 5, model="m"),
        {"type": "token_count", "payload": {"info": None}},
        {"payload": {}},
        line("response_item", 5, text="\0"),
    ],
)
def test_python_reads_on_from_the_first_unusual_line(core: Core, tmp_path: Path, odd: Record) -> None:
    marked = {**odd, "x": '"token_count"'}
    found = read_of(core, tmp_path, [*START, marked, count(plus(A, B), B, 6), TALK, *END])
    assert found.has_more and found.lines == len(START)


def test_what_is_said_last_before_the_unusual_line_is_said_last(core: Core, tmp_path: Path) -> None:
    path = write(tmp_path, "x", [*START, TALK, told("other", "r1", B, second=5)])
    one = begun(file_of(path, tmp_path))
    assert one is not None and one.has_more
    facts = completed(one, file_of(path, tmp_path)).facts
    assert (facts.last_kind, facts.last_ms) == ("assistant", 1_795_244_404_000)


def test_what_a_fork_copied_is_left_to_python(core: Core, tmp_path: Path) -> None:
    write(tmp_path, "par", parent_lines())
    path = write(tmp_path, "kid", child_lines())
    one = begun(file_of(path, tmp_path))
    assert one is not None and one.has_more and one.lines == 1
    assert differences(tmp_path, path)[0] == []


def test_what_a_fork_may_repeat_is_left_to_python(core: Core, tmp_path: Path) -> None:
    write(tmp_path, "par", parent_lines())
    path = write(
        tmp_path, "kid", [spawned("kid", "par", 10), turn(second=11), count(A, A, 12), count(plus(A, B), B, 13)]
    )
    one = begun(file_of(path, tmp_path))
    assert one is not None and one.has_more and one.lines == 2
    assert differences(tmp_path, path)[0] == []


@pytest.mark.parametrize("folder", ["", None])
def test_a_thread_that_says_no_folder_is_python_s(core: Core, tmp_path: Path, folder: str | None) -> None:
    first = meta("x")
    first["payload"]["cwd"] = folder
    path = write(tmp_path, "x", [first, *START[1:], *END])
    assert begun(file_of(path, tmp_path)) is None and differences(tmp_path, path)[0] == []


def test_a_rollout_that_begins_with_an_unusual_line_is_python_s(core: Core, tmp_path: Path) -> None:
    path = write(tmp_path, "x", [count(A, A), *START])
    assert begun(file_of(path, tmp_path)) is None and differences(tmp_path, path)[0] == []


@pytest.mark.parametrize("end", [b"", b"{", b'{"type":"token_usage_record"', b"\n\n", b'{"type":"world_state"}'])
def test_what_stands_behind_the_last_whole_line_is_python_s(core: Core, tmp_path: Path, end: bytes) -> None:
    path = write(tmp_path, "x", [*START, *END])
    with path.open("ab") as log:
        log.write(end)
    assert differences(tmp_path, path)[0] == []


def test_a_rollout_that_changes_during_the_call_is_as_python_finds_it(core: Core, tmp_path: Path) -> None:
    odd = told("other", "r1", B, second=5)
    for more in ([odd, *END], [*START[:2], odd], [meta("z"), *START[1:], *END]):
        path = write(tmp_path, "x", [*START, odd])
        file = file_of(path, tmp_path)
        one = begun(file)
        assert one is not None and one.has_more
        if more[0] is odd:  # it grew
            with path.open("a") as log:
                log.write("".join(json.dumps(record) + "\n" for record in more))
        else:
            write(tmp_path, "x", more)
        assert disagreements(CodexSource().read(file), completed(one, file, keep_names=True)) == []


def test_any_number_of_threads_gives_the_same(core: Core) -> None:
    files = [(str(path), path.stat().st_size) for home in HOMES for path in home.glob("**/*.jsonl")]
    found = [read_rollouts(core, files, threads=threads, with_names=True) for threads in (1, 2, 8)]
    assert len(found[0]) == len(files) > 10
    for some in found[1:]:
        for one, other in zip(found[0], some, strict=True):
            assert one._replace(columns=other.columns) == other
        for name in Columns.__slots__:
            assert getattr(some[0].columns, name) == getattr(found[0][0].columns, name)


def test_what_is_no_plain_file_or_too_long_is_left_to_python(core: Core, tmp_path: Path) -> None:
    path = write(tmp_path, "x", START)
    os.mkfifo(tmp_path / "fifo.jsonl")
    (tmp_path / "link.jsonl").symlink_to(path)
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "open.jsonl").write_text("{")
    with (tmp_path / "long.jsonl").open("wb") as log:
        log.truncate(65 << 20)
    names = [tmp_path / f"{name}.jsonl" for name in ("fifo", "link", "empty", "open", "long", "missing")]
    found = read_rollouts(core, [(str(one), 9) for one in (*names, path)])
    assert [one.place for one in found] == [len(names)]


def test_compressed_rollouts_and_grown_ones_are_not_given_to_the_core(
    core: Core, tmp_path: Path, chosen: pytest.MonkeyPatch
) -> None:
    chosen.setenv("CLAUDE_TOP_NATIVE", "1")
    plain = file_of(write(tmp_path, "x", START), tmp_path)._replace(size=9)
    checkpoint = CodexSource().read(plain).checkpoint
    tasks = [Task(plain), Task(plain, checkpoint), Task(plain._replace(path=plain.path + ".zst"))]
    assert natively_readable(tasks) == (tasks[:1], tasks[1:])


def test_an_instant_ahead_of_the_clock_is_mended_as_ever(core: Core, tmp_path: Path) -> None:
    ahead = {"timestamp": "2096-01-01T00:00:00.000Z"}
    write(tmp_path, "x", [*START, told("x", "r2", B) | ahead, *END])
    write(tmp_path, "y", [meta("y"), turn(), told("y", "r1", B), told("other", "r1", C) | ahead])
    reader, tasks = (
        FileReader(load_pricer(), ZoneInfo("UTC")),
        [Task(file) for file in CodexSource().discover(tmp_path)],
    )
    read, others = read_natively(tasks, reader)
    assert not others and len(read) == 2
    found = summed(*read)
    assert found == summed(reader.read_all(tasks)) and found[-1]


def test_a_scan_gives_the_core_both_clients(core: Core, tmp_path: Path, chosen: pytest.MonkeyPatch) -> None:
    chosen.setenv("CLAUDE_TOP_NATIVE", "1")
    write(tmp_path, "x", [*START, *END])
    write(tmp_path, "bad", [count(A, A), *START])
    reader, tasks = (
        FileReader(load_pricer(), ZoneInfo("UTC")),
        [Task(file) for file in CodexSource().discover(tmp_path)],
    )
    packs: list[Packed] = []
    progress: list[Progress] = []
    Scan(tasks, reader).run_here(packs.append, progress.append)
    assert sorted(len(pack.outcomes) for pack in packs) == [1, 1]
    assert summed(*packs) == summed(reader.read_all(tasks))
    assert progress[-1].files_done == 2 and progress[-1].bytes_done == progress[-1].bytes_total


def test_a_report_and_an_export_say_the_same_with_and_without_the_core(
    core: Core, own_home: Path, chosen: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(HOMES[-1] / "sessions", own_home / ".codex" / "sessions")
    said: list[str] = []
    asked = []
    ask = Core.rollouts

    def asking(self: Core, request: bytes) -> memoryview:
        asked.append(request)
        return ask(self, request)

    chosen.setattr(Core, "rollouts", asking)
    for choice in ("0", "1"):
        chosen.setenv("CLAUDE_TOP_NATIVE", choice)
        chosen.setenv("XDG_CACHE_HOME", str(own_home / f"cache{choice}"))
        library.found.cache_clear()
        for command in (["report", "--json"], ["export"]):
            assert main(command) == 0
            said.append(capsys.readouterr().out)
    assert asked and said[:2] == said[2:] and json.loads(said[0])["totals"]["responses"] > 5


def test_nearly_every_mutated_line_is_read_natively(core: Core, tmp_path: Path) -> None:
    fuzzer = CodexFuzzer(7, tmp_path)
    assert fuzzer.run(600) == []
    assert fuzzer.counts["read natively"] > 0.6 * fuzzer.counts["lines"]
