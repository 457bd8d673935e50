"""The last line of a file, before its newline: whole objects count, the rest is waited for and then named.

However a file came to be what it is, reading it as it grew and reading it as it is give the same.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claude_tui.model import Problem, ProblemKind, UsageRow
from claude_tui.sources.claude import ClaudeSource
from claude_tui.sources.claude.fast.reader import read_columns
from claude_tui.sources.claude.reference import reference_transcript
from claude_tui.sources.codex.counting.plain import read_rollout
from claude_tui.sources.codex.fast.reader import read_columns as read_rollout_columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, LogFile
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.settling import columns_of
from tests.fuzz.sameness import disagreements, entries
from tests.logs import assistant, line, usage
from tests.replacing import replace

T = 1_780_000_000_000
LONG_AGO = (1_700_000_000, 1_700_000_000)
UNFINISHED = ProblemKind.UNFINISHED.value


def row(number: int, output: int = 10, **more: Any) -> bytes:
    return line(assistant(f"msg_{number}", T + number, usage(100, output), **more)).rstrip(b"\n")


def usual(found: Iterable[UsageRow]) -> list[UsageRow]:
    """Rows without their place, which for several on a line depends on when they were read."""
    return sorted((replace(one, offset=0) for one in found), key=repr)


def place(log: Path) -> LogFile:
    return LogFile("claude", str(log), str(log.parent), 0, 0, 0, 0)


ROW = row(1, slug="ü\u2028𝄞")


@pytest.mark.parametrize("start", [b"", row(2) + b"\n", b"{}\n\n", b"\0\0", b"\xef\xbb\xbf", b'{"a":1}'])
@pytest.mark.parametrize("end", [b"", b"\r", b"  "])
def test_a_whole_last_line_counts_without_its_newline(tmp_path: Path, start: bytes, end: bytes) -> None:
    log = tmp_path / "s1.jsonl"
    log.write_bytes(start + ROW + end)
    os.utime(log, LONG_AGO)
    plain, fast = ClaudeSource().read(place(log)), read_columns(str(log), keep_names=True)
    assert {one.key for one in plain.rows} == {"msg_1", *(["msg_2"] if b"msg_2" in start else [])}
    assert usual(plain.rows) == usual(reference_transcript(str(log)).rows)
    assert disagreements(plain, fast) == []
    assert UNFINISHED not in Problems.of(plain.problems).counts
    assert plain.checkpoint.offset == len(start + ROW)


@pytest.mark.parametrize("end", [ROW[:-1], ROW[:1], b"x", b"[1]", b"12", b"\0", b'{"a":}', b"x" + ROW, ROW + b"{"])
def test_what_is_not_whole_is_waited_for_and_named_when_nobody_writes_it(tmp_path: Path, end: bytes) -> None:
    log = tmp_path / "s1.jsonl"
    log.write_bytes(row(2) + b"\n" + end)
    for times, number in ((None, 0), (LONG_AGO, 1), (None, 0)):
        os.utime(log, times)
        plain, fast = ClaudeSource().read(place(log)), read_columns(str(log), keep_names=True)
        assert disagreements(plain, fast) == []
        assert Problems.of(plain.problems).counts == Counter({UNFINISHED: number} if number else {})
        assert usual(plain.rows) == usual(reference_transcript(str(log)).rows)
    mark = plain.checkpoint
    with log.open("ab") as f:
        f.write(b"\n" + row(3) + b"\n")
    later = ClaudeSource().read(place(log), mark)
    assert UNFINISHED not in Problems.of(later.problems).counts
    assert "msg_3" in {one.key for one in later.rows}


@pytest.mark.parametrize("times", [(time.time() + 3600, time.time() + 3600), LONG_AGO])
def test_a_time_far_from_now_keeps_nothing_waiting(tmp_path: Path, times: tuple[float, float]) -> None:
    log = tmp_path / "s1.jsonl"
    log.write_bytes(b'{"a"')
    os.utime(log, times)
    assert Problems.of(ClaudeSource().read(place(log)).problems).counts == {UNFINISHED: 1}


PIECES = [
    row(1), row(2, 20), row(1, 30), ROW, b"{}", b'{"a":{"b":"}{"}}', b'{"a":"\\"{"}', b'{"a":"\\\\"}', b"\n", b"\n",
    b"\r\n", b"\0", b"\0\0", b"\xef\xbb\xbf", "é\u2028".encode(), b" ", b"x", b"[{}]", b"{", b"}", b'"', b"\\", b"12",
    ROW[:40], ROW[40:],
    b'{"a":"\xff"}', b'{"a":"\\ud83d"}', b'{"a":NaN}', b'{"a":"\0"}', b'{"a":1}{', b"{bad}", b'{"a":[{"b":1},{}]}',
    b'{"a":' * 30 + b"1" + b"}" * 30,
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@example([ROW, b"\n", row(2)], [], 1 << 20, 1 << 20)
@example([row(1), row(2), b"\n"], [len(row(1)) + 20], 1 << 20, 1 << 20)
@example([b'{"a":1}', b"{", b"x"], [7], 7, 8)
@given(
    st.lists(st.sampled_from(PIECES), max_size=8),
    st.lists(st.integers(0, 3000), max_size=8),
    st.sampled_from([3, 64, 1 << 20]),
    st.sampled_from([8, 300, 700, 1 << 20]),
)
def test_a_file_read_as_it_grew_gives_what_it_gives_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], cuts: list[int], window: int, max_line: int
) -> None:
    data = b"".join(pieces)
    folder = tmp_path_factory.mktemp("cut")
    whole = folder / "whole.jsonl"
    whole.write_bytes(data)
    os.utime(whole, LONG_AGO)
    want, mark = objects_of(whole, None, window, max_line)
    log = folder / "log.jsonl"
    log.touch()
    found: list[dict[str, Any]] = []
    counts: Counter[str] = Counter()
    since: Checkpoint | None = None
    written = 0
    for cut in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        with log.open("ab") as f:
            f.write(data[written:cut])
        written = cut
        os.utime(log, LONG_AGO)
        (more, problems), since = objects_of(log, since, window, max_line)
        found += more
        counts.pop(UNFINISHED, None)
        counts += problems
    assert said(found) == said(want[0])
    assert counts == want[1]
    assert since is not None
    assert since[2:] == mark[2:]


def said(found: list[dict[str, Any]]) -> list[str]:
    return list(map(json.dumps, found))


def objects_of(
    log: Path, since: Checkpoint | None, window: int, max_line: int
) -> tuple[tuple[list[dict[str, Any]], Counter[str]], Checkpoint]:
    with LineReader(str(log), since, window=window, max_line=max_line) as reader:
        found = [value for offset, text in reader for value in reader.objects(offset, text)]
        assert not reader.restarted
        return (found, reader.problems.counts), reader.checkpoint()


@pytest.mark.parametrize(
    "data",
    [
        row(1) + b"\n" + ROW + b"\n" + row(3),
        row(1) + row(2) + b"\n" + row(3) + row(4),
        b"\0\0" + ROW + b"\0\n" + row(2) + b"\n\n" + b'{"type":"torn' + row(3) + b"\n" + row(4)[:50],
    ],
)
def test_a_transcript_cut_anywhere_counts_the_same(tmp_path: Path, data: bytes) -> None:
    whole = tmp_path / "s1.jsonl"
    whole.write_bytes(data)
    os.utime(whole, LONG_AGO)
    cold = ClaudeSource().read(place(whole))
    assert usual(cold.rows) == usual(reference_transcript(str(whole)).rows)
    folder = tmp_path / "cut"
    folder.mkdir()
    log = folder / "s1.jsonl"
    for cut in range(len(data) + 1):
        log.unlink(missing_ok=True)
        log.write_bytes(data[:cut])
        first = ClaudeSource().read(place(log))
        assert usual(first.rows) == usual(reference_transcript(str(log)).rows)
        assert disagreements(first, read_columns(str(log), keep_names=True)) == []
        with log.open("ab") as f:
            f.write(data[cut:])
        os.utime(log, LONG_AGO)
        second = ClaudeSource().read(place(log), first.checkpoint)
        fast = read_columns(str(log), first.checkpoint, keep_names=True)
        assert disagreements(second, fast) == []
        assert usual(first.rows + second.rows) == usual(cold.rows)
        problems = Problems.of(first.problems).but(UNFINISHED).with_more(Problems.of(second.problems))
        assert problems.counts == Problems.of(cold.problems).counts
        assert second.checkpoint[2:6] == cold.checkpoint[2:6]


def test_a_rollout_cut_anywhere_counts_the_same(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "golden" / "codex"
    path = min(folder.rglob("rollout-*.jsonl"), key=lambda path: path.stat().st_size)
    data = path.read_bytes().rstrip(b"\n")
    log = tmp_path / "sessions" / path.name
    log.parent.mkdir()
    log.write_bytes(data)
    file = LogFile("codex", str(log), str(tmp_path), 0, 0, 0, 0)
    cold = read_rollout(file, None)[0]
    log.write_bytes(data + b"\n")
    assert usual(read_rollout(file, None)[0].rows) == usual(cold.rows)
    for cut in range(0, len(data) + 1, 211):
        log.unlink()
        log.write_bytes(data[:cut])
        first, started = read_rollout(file, None)[0], read_rollout_columns(file, None, keep_names=True)
        assert disagreements(first, started) == []
        with log.open("ab") as f:
            f.write(data[cut:])
        second = read_rollout(file, first.checkpoint)[0]
        assert disagreements(second, read_rollout_columns(file, started.checkpoint, keep_names=True)) == []
        assert usual(first.rows + second.rows) == usual(cold.rows)


def test_problems_of_a_kind_are_counted_and_the_first_are_kept() -> None:
    found = Problems()
    for offset in range(1000):
        found.append(Problem(ProblemKind.MALFORMED, "/x", offset))
    found.append(Problem(ProblemKind.NUL_RUN, "/x", 7), 30)
    assert found.counts == {"malformed": 1000, "nul_run": 30}
    assert [one.offset for one in found] == [*range(100), 7]
    more = found.with_more(found)
    assert (more.counts, len(more)) == ({"malformed": 2000, "nul_run": 60}, 102)
    assert more.but("malformed").counts == {"nul_run": 60}
    assert entries(columns_of("claude", [])) == {}


@pytest.mark.parametrize("part", [b"x" * 40, b'{"a":"b"},', b"{}"])
def test_a_line_that_is_too_long_is_passed_over_without_being_read_again(tmp_path: Path, part: bytes) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"{}\n")
    mark: Checkpoint | None = None
    read = 0
    for _ in range(100):
        with LineReader(str(log), mark, max_line=300, window=64) as reader:
            list(reader)
            read, mark = read + reader.bytes_read, reader.checkpoint()
        with log.open("ab") as f:
            f.write(b'{"x":[' * (mark.offset == 3) + part)
    with log.open("ab") as f:
        f.write(b"\n{}\n")
    with LineReader(str(log), mark, max_line=300, window=64) as reader:
        assert [text for _, text in reader] == [b"{}"]
        assert reader.problems.counts == {"oversize": 1}
        assert not reader.restarted
    assert read + reader.bytes_read <= 2 * log.stat().st_size


def test_an_open_line_that_was_written_anew_is_looked_at_anew(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"{}\n" + b"x" * 200)
    mark = objects_of(log, None, 1 << 20, 1 << 20)[1]
    log.write_bytes(b"{}\n" + b'{"a":1}\n' * 25 + b"{")
    (found, _), _ = objects_of(log, mark, 1 << 20, 1 << 20)
    assert found == [{"a": 1}] * 25
