from __future__ import annotations

import json
import os
import tracemalloc
from hashlib import blake2b
from math import inf
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.model import ProblemKind
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading import objects
from claude_tui.sources.reading.lines import MAX_LINE, WINDOW, LineReader
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.values.json_values import as_count

Read = tuple[list[tuple[int, bytes]], LineReader, Checkpoint]


def read(path: Path, since: Checkpoint | None = None, **limits: int) -> Read:
    max_line, window = limits.get("max_line", MAX_LINE), limits.get("window", WINDOW)
    with LineReader(str(path), since, max_line=max_line, window=window) as reader:
        lines = list(reader)
        return lines, reader, reader.checkpoint()


def test_a_line_is_read_once_its_newline_is_there(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntw")
    lines, _, mark = read(log)
    assert lines == [(0, b"one")]
    assert mark.offset == 4
    with log.open("ab") as f:
        f.write(b"o\nthree\n")
    lines, reader, mark = read(log, mark)
    assert lines == [(4, b"two"), (8, b"three")]
    # What came is searched for the end of the line, and then the line is read.
    assert (reader.restarted, reader.bytes_read, reader.lines, mark.offset) == (False, 8 + 10, 2, 14)


def test_only_newlines_split_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes("a\u2028b\u0085c\x0cd\r\n".encode())
    assert [line for _, line in read(log)[0]] == ["a\u2028b\u0085c\x0cd\r".encode()]


def test_nothing_new_reads_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 3000 + b"\n")
    mark = read(log)[2]
    lines, reader, again = read(log, mark)
    assert (lines, reader.bytes_read, reader.restarted, again) == ([], 0, False, mark)


def rewrite_start(log: Path) -> None:
    with log.open("r+b") as f:
        f.write(b"Z")


def rewrite_before_offset(log: Path) -> None:
    with log.open("r+b") as f:
        f.seek(-3, os.SEEK_END)
        f.write(b"Z")


def replace(log: Path) -> None:
    other = log.with_name("other")
    other.write_bytes(log.read_bytes())
    other.rename(log)


def shrink(log: Path) -> None:
    os.truncate(log, log.stat().st_size - 2)


@pytest.mark.parametrize("change", [rewrite_start, rewrite_before_offset, replace, shrink])
@pytest.mark.parametrize("count", [10, 2000])
def test_a_changed_file_is_read_from_zero(tmp_path: Path, change: object, count: int) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"line\n" * count)
    mark = read(log)[2]
    assert callable(change)
    change(log)
    lines, reader, _ = read(log, mark)
    assert reader.restarted
    assert lines[0][0] == 0
    assert len(lines) >= count - 1


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1023, 1024, 1025, 5000])
@pytest.mark.parametrize("window", [100, 1024, 1 << 20])
def test_the_checkpoint_is_that_of_the_bytes_before_it(tmp_path: Path, size: int, window: int) -> None:
    log = tmp_path / "log"
    data = b"".join(b"%d\n" % n for n in range(9000))[-size:] if size else b""
    log.write_bytes(data + b"torn")
    mark = read(log, window=window)[2]
    digests = [blake2b(part, digest_size=8).digest() for part in (data[:1024], data[-64:])]
    assert (mark.offset, [mark.head, mark.anchor]) == (len(data), digests)
    with log.open("ab") as file:
        file.write(b" line\n")
    lines, reader, more = read(log, mark, window=window)
    assert (lines, reader.restarted) == ([(len(data), b"torn line")], False)
    assert more == read(log, window=window)[2]


def test_a_file_of_one_window_is_read_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"line\n" * 5000)
    with patch("os.pread", wraps=os.pread) as pread:
        read(log)
    assert pread.call_count == 1


def test_an_oversize_line_is_counted_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"a\n" + b"x" * 101 + b"\nb\n" + b"y" * 100 + b"\n")
    lines, reader, mark = read(log, max_line=100, window=7)
    assert lines == [(0, b"a"), (104, b"b"), (106, b"y" * 100)]
    assert [(p.kind, p.path, p.offset) for p in reader.problems] == [(ProblemKind.OVERSIZE, str(log), 2)]
    assert mark.offset == log.stat().st_size
    assert reader.lines == 4


def test_a_huge_line_does_not_take_its_size_in_memory(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as f:
        f.truncate(200 << 20)  # one line of 200 MiB, sparse
        f.seek(0, os.SEEK_END)
        f.write(b"\n{}\n")
    tracemalloc.start()
    try:
        lines, reader, _ = read(log, max_line=4 << 20, window=1 << 20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [line for _, line in lines] == [b"{}"]
    assert [p.kind for p in reader.problems] == [ProblemKind.OVERSIZE]
    assert peak < 12 << 20


def test_folders_and_pipes_are_refused_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "gone"):
        with pytest.raises(OSError):
            LineReader(str(tmp_path / name))


@settings(deadline=None)
@given(
    data=st.lists(st.sampled_from([b"\n", b"a", b"bc", b"\r", b"\0", "é\u2028".encode()]), max_size=60).map(b"".join),
    cuts=st.lists(st.integers(0, 200), max_size=6),
    window=st.integers(1, 9),
    max_line=st.integers(1, 9),
)
def test_any_chunking_gives_the_lines_of_one_whole_read(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int], window: int, max_line: int
) -> None:
    log = tmp_path_factory.mktemp("lines") / "log"
    log.write_bytes(b"")
    mark: Checkpoint | None = None
    seen: list[tuple[int, bytes]] = []
    skipped = 0
    written = 0
    for cut in [*sorted(min(c, len(data)) for c in cuts), len(data)]:
        with log.open("ab") as f:
            f.write(data[written:cut])
        written = cut
        lines, reader, mark = read(log, mark, max_line=max_line, window=window)
        assert not reader.restarted
        seen += lines
        skipped += len(reader.problems)
    whole = data.split(b"\n")[:-1]
    starts = [sum(len(line) + 1 for line in whole[:n]) for n in range(len(whole))]
    assert seen == [(at, line) for at, line in zip(starts, whole, strict=True) if len(line) <= max_line]
    assert skipped == sum(len(line) > max_line for line in whole)


@pytest.mark.parametrize(
    ("line", "objects", "problems"),
    [
        (b'{"a":1}', [{"a": 1}], []),
        (b'{"a":1}\r', [{"a": 1}], []),
        (b"", [], []),
        (b"  \t", [], []),
        (b'\xef\xbb\xbf{"a":1}', [{"a": 1}], []),
        (b'{"a":1}{"b":2}', [{"a": 1}, {"b": 2}], []),
        (b'{"a":1} {"b":2} ', [{"a": 1}, {"b": 2}], []),
        (b'{"a":"x\\ud83d"}', [{"a": "x\ud83d"}], []),
        (b'{"a":"\xff"}', [{"a": "\ufffd"}], []),
        (b'\0\0\0{"a":1}', [{"a": 1}], [ProblemKind.NUL_RUN]),
        (b"\0\0\0", [], [ProblemKind.NUL_RUN]),
        (b'{"text":"torn wor{"a":1}', [{"a": 1}], [ProblemKind.MALFORMED]),
        (b'{"a":{"b":"torn\\{"c":3}', [{"c": 3}], [ProblemKind.MALFORMED]),
        (b'{"a":12{"c":3}', [{"c": 3}], [ProblemKind.MALFORMED]),
        (b'{"c":3}{"a":12', [{"c": 3}], [ProblemKind.MALFORMED]),
        (b'garbage {"c":3}', [{"c": 3}], [ProblemKind.MALFORMED]),
        (b"garbage", [], [ProblemKind.MALFORMED]),
        (b"12", [], [ProblemKind.MALFORMED]),
        (b'{"a":' * 100_000, [], [ProblemKind.MALFORMED]),
        (b"{" * 100_000, [], [ProblemKind.MALFORMED]),
        (b'{"a":' + b"9" * 5000 + b"}", [{"a": inf}], []),
    ],
)
def test_objects_on_a_line(line: bytes, objects: list[object], problems: list[ProblemKind]) -> None:
    told: list[ProblemKind] = []
    assert list(decode_objects(line, lambda kind, *_: told.append(kind))) == objects
    assert told == problems


@given(st.binary(max_size=200))
def test_no_bytes_raise(line: bytes) -> None:
    assert all(type(value) is dict for value in decode_objects(line))


@given(st.lists(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.none())), max_size=4))
def test_objects_written_without_a_newline_between_them_all_come_back(values: list[dict[str, object]]) -> None:
    assert list(decode_objects("".join(map(json.dumps, values)).encode())) == values


@pytest.mark.parametrize("bad", [None, True, -1, 1.0, "1", 2**53, [1]])
def test_counts_are_whole_and_exact(bad: object) -> None:
    assert as_count(bad) is None
    assert as_count(0) == 0
    assert as_count(2**53 - 1) == 2**53 - 1


BIG_ROW = b'{"type":"assistant","message":{"id":"msg_1","usage":{"input_tokens":3},"content":[%s{}]},"cwd":"%s"}'
MANY = b"{}," * (1 << 17)


@pytest.mark.parametrize(
    ("line", "found", "problems"),
    [
        (BIG_ROW % (MANY, b"/a"), 1, []),
        (BIG_ROW % (MANY, b"\\ud83d"), 1, []),
        (BIG_ROW % (MANY, b"/a") * 2, 2, []),
        (BIG_ROW % (MANY, b"/a") + BIG_ROW % (b"", b"/b"), 2, []),
        (b"garbage" + BIG_ROW % (MANY, b"/a"), 1, [ProblemKind.MALFORMED]),
        (BIG_ROW % (b"", b"/a") + BIG_ROW.split(b"%s")[0] + MANY, 1, [ProblemKind.MALFORMED]),
    ],
)
def test_what_is_long_in_a_line_is_not_built(
    line: bytes, found: int, problems: list[ProblemKind], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "LONG", 1 << 16)
    monkeypatch.setattr(objects, "LONG_VALUE", 1 << 14)
    told: list[ProblemKind] = []
    tracemalloc.start()
    try:
        values = list(decode_objects(line, lambda kind, *_: told.append(kind), is_slim=True))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [value["message"]["usage"] for value in values] == [{"input_tokens": 3}] * found
    assert told == problems
    assert peak < 6 << 20  # all the little objects of one line would take 9 MB


def test_a_line_of_little_objects_is_decoded_one_by_one() -> None:
    assert sum(1 for _ in decode_objects(b"{}" * 300_000 + b' {"a":"\xc3\xa9"}' * 3)) == 300_003
