"""Nothing that stands in a log of any client may end the reading, hide what else is in it or be passed over in
silence; and every way to read it says the same."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from claude_tui.clients import CLIENTS
from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan.rollouts import completed
from claude_tui.engine.setup import Setup
from claude_tui.model import ProblemKind, UsageRow
from claude_tui.sources.protocol import FileRead, LogFile, SourceConfig
from claude_tui.sources.registry import load, read_columns, reader
from tests.engine.counting import PRICER, UTC, here
from tests.fuzz.codex import begun
from tests.fuzz.sameness import disagreements, native_read
from tests.sources.claude.test_hostile import SPECIALS, paths_in, put, written
from tests.sources.settle import GOLDEN

HOMES = {
    "claude": "v2.1.112/projects", "codex": "home-0.171", "copilot": "home-1.0.102", "gemini": "home-0.61",
    "kilo": "data-7.7.9", "kimi": "home-2.1.0", "opencode": "data-1.18.33", "pi": "agent-1.6.0", "qwen": "home-0.24.4",
}  # fmt: skip
DATABASES = ("kilo", "opencode")
LINES = tuple(name for name in CLIENTS if name not in DATABASES)
of_lines = pytest.mark.parametrize("name", LINES)
of_databases = pytest.mark.parametrize("name", DATABASES)
of_all = pytest.mark.parametrize("name", CLIENTS)


def test_every_client_is_among_them() -> None:
    assert set(HOMES) == set(CLIENTS)


def largest(name: str, folder: Path) -> LogFile:
    """The largest log of a copied home."""
    home = folder / "projects" if name == "claude" else folder
    shutil.copytree(GOLDEN / name / HOMES[name], home, dirs_exist_ok=True)
    found = [file for file in reader(name).discover(home) if file.path.endswith((".jsonl", ".db"))]
    return max(found, key=lambda file: file.size)


def read_every_way(file: LogFile) -> FileRead:
    """What the plain reader says, after making sure that the fast one and the native core say the same."""
    plain = reader(file.source).read(file)
    ways = CLIENTS[file.source].read_columns
    fast = load(ways)(file, keep_names=True) if ways else read_columns(file, keep_names=True)
    assert disagreements(plain, fast) == []
    native = native_read(file.path) if file.source == "claude" else None
    if file.source == "codex" and (one := begun(file)) is not None:
        native = completed(one, file, keep_names=True)
    assert native is None or disagreements(plain, native) == []
    return plain


def keys(read: FileRead) -> set[str]:
    return {row.key for row in read.rows if row.usage.tokens}


def counts(read: FileRead) -> dict[str, UsageRow]:
    return {row.key: row for row in read.rows}


def values(record: dict[str, Any]) -> Iterator[bytes]:
    """A record with anything at any place of it."""
    for at in paths_in(record):
        for value in SPECIALS:
            yield written(put(record, at, value))


@of_lines
def test_anything_at_any_place_of_a_record_hides_no_other(name: str, tmp_path: Path) -> None:
    file = largest(name, tmp_path)
    before = read_every_way(file)
    path = Path(file.path)
    lines = path.read_bytes().splitlines(keepends=True)
    starts = {row.offset for row in before.rows}
    offsets = [sum(map(len, lines[:number])) for number in range(len(lines))]
    counting = [json.loads(line) for at, line in zip(offsets, lines, strict=True) if at in starts][:2]
    others = {str(record.get("type"))[:40]: record for record in map(json.loads, lines)}
    with path.open("ab") as log:
        for record in [*counting, *(one for one in others.values() if len(json.dumps(one)) < 1500)]:
            log.writelines(values(record))
    after = read_every_way(file)
    assert keys(before) <= keys(after)
    assert all(min(row.usage) >= 0 and max(row.usage) < 1 << 60 for row in after.rows)
    assert all(problem.path == file.path for problem in after.problems)
    assert ProblemKind.BAD_COUNT in {problem.kind for problem in after.problems}


def bom(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


def crlf(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def blank_lines(data: bytes) -> bytes:
    return data.replace(b"\n", b"\n\n \t\n")


def long_line(data: bytes) -> bytes:
    return data + b'{"type":"user","text":"' + b"x" * (1 << 20) + b'"}\n'


def surrogates(data: bytes) -> bytes:
    return data.replace(b'"text":"', b'"text":"\\ud83d', 3).replace(b'"content":"', b'"content":"\\ud83d', 3)


def no_utf8(data: bytes) -> bytes:
    return data.replace(b'"text":"', b'"text":"\xff\xc3', 3).replace(b'"content":"', b'"content":"\xff\xc3', 3)


@pytest.mark.parametrize("change", [bom, crlf, blank_lines, long_line, surrogates, no_utf8])
@of_lines
def test_other_ways_to_write_the_same_say_the_same(name: str, change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = largest(name, tmp_path)
    path = Path(file.path)
    before = read_every_way(file)
    path.write_bytes(change(path.read_bytes()))
    after = read_every_way(file)
    assert counts(after).keys() == counts(before).keys()
    assert [row.usage for row in after.rows] == [row.usage for row in before.rows]
    assert list(after.problems) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b'{"type":"assistant","message":{"usage":{"in\n', ProblemKind.MALFORMED),
        (b"\0" * 4096 + b"\n", ProblemKind.NUL_RUN),
        (b"garbage\n", ProblemKind.MALFORMED),
        (b"[" * 200_000 + b"\n", ProblemKind.MALFORMED),
        (b'{"type":' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}\n", ProblemKind.MALFORMED),
        (b'{"x":NaN,"y":-Infinity,"z":' + b"9" * 5000 + b"}\n", None),
        (b'{"type":null,"message":null,"data":null,"payload":null,"usage":null}\n', None),
    ],
    ids=["torn", "nul", "garbage", "deep list", "deep object", "numbers", "nulls"],
)
@of_lines
def test_a_line_that_is_none_is_told_and_hides_no_other(
    name: str, line: bytes, kind: ProblemKind | None, tmp_path: Path
) -> None:
    file = largest(name, tmp_path)
    path = Path(file.path)
    before, data = read_every_way(file), path.read_bytes()
    middle = data.index(b"\n", len(data) // 2) + 1
    path.write_bytes(data[:middle] + line + data[middle:] + line)
    after = read_every_way(file)
    assert counts(after).keys() == counts(before).keys()
    told = sorted(problem.offset for problem in after.problems if problem.kind is kind)
    assert told == ([middle, len(data) + len(line)] if kind else [])
    assert {problem.kind for problem in after.problems} <= {kind, ProblemKind.UNKNOWN_SHAPE}


MOVED = {
    "claude": [b'"usage"'], "codex": [b'"info"', b'"usage"'], "gemini": [b'"tokens"'], "pi": [b'"usage"'],
    "qwen": [b"qwen-code.api_response", b'"usageMetadata"'], "kimi": [b"usage.record"],
    "copilot": [b"session.usage_record", b'"modelMetrics"', b'"usage"', b'"inputTokens"'],
}  # fmt: skip
"""What tells usage in the logs of each client."""


@of_lines
def test_a_log_that_has_its_usage_elsewhere_is_a_problem_in_itself(name: str, tmp_path: Path) -> None:
    file = largest(name, tmp_path)
    path = Path(file.path)
    data = path.read_bytes()
    for told in MOVED[name]:
        data = data.replace(told, told.replace(b"u", b"U", 1) if b"u" in told else told.replace(b"o", b"0", 1))
    path.write_bytes(data)
    read = read_every_way(file)
    assert not any(row.usage.tokens for row in read.rows)
    assert ProblemKind.UNRECOGNISED in {problem.kind for problem in read.problems}


@of_databases
def test_stored_answers_that_have_their_usage_elsewhere_are_problems(name: str, tmp_path: Path) -> None:
    file = largest(name, tmp_path)
    with closing(sqlite3.connect(file.path, isolation_level=None)) as database:
        for table in ("message", "event", "part"):
            database.execute(f"UPDATE {table} SET data = replace(data, '\"tokens\"', '\"used\"')")
    read = read_every_way(file)
    assert read.rows == []
    assert {problem.kind for problem in read.problems} == {ProblemKind.UNKNOWN_SHAPE}


def engine_count(name: str, folder: Path) -> tuple[int, list[tuple[ProblemKind, str]]]:
    folder = folder / "projects" if (folder / "projects").is_dir() and name == "claude" else folder
    config = SourceConfig(Path("/nonexistent"), explicit={name: (folder,)}, sources=(name,))
    store = count(Setup(config, PRICER, UTC), processes=here())
    return len(list_responses(store)), [(problem.kind, problem.path) for problem in store.problems]


@of_all
def test_what_cannot_be_opened_is_a_problem_and_the_rest_is_counted(name: str, tmp_path: Path) -> None:
    file = largest(name, tmp_path)
    shutil.copy(file.path, tmp_path / "kept")
    beside = Path(file.path).with_name(Path(file.path).name.replace(".db", "-old.db"))
    if name in DATABASES:
        beside.mkdir()
    else:
        beside = Path(file.path)
        beside.unlink()
        beside.symlink_to(tmp_path / "kept")
    _, problems = engine_count(name, tmp_path)
    assert (ProblemKind.UNREADABLE, str(beside)) in problems


@of_lines
def test_an_empty_log_and_a_folder_in_place_of_one_are_nothing(name: str, tmp_path: Path) -> None:
    file = largest(name, tmp_path)
    others, _ = engine_count(name, tmp_path)
    Path(file.path).write_bytes(b"")
    emptied, problems = engine_count(name, tmp_path)
    assert (emptied < others, problems) == (True, [])
    Path(file.path).unlink()
    Path(file.path).mkdir()
    assert engine_count(name, tmp_path) == (emptied, [])


def free_of_indexes(database: sqlite3.Connection) -> None:
    """Some clients have indexes that keep out what is no JSON. Others, and their older versions, do not."""
    wanted = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    for (name,) in database.execute(wanted).fetchall():
        database.execute(f'DROP INDEX "{name}"')


def changed(file: LogFile, data: Any, **columns: Any) -> FileRead:
    """What is read of a database in which one more assistant's message says this."""
    with closing(sqlite3.connect(file.path, isolation_level=None)) as database:
        free_of_indexes(database)
        database.execute("PRAGMA journal_mode = WAL")
        row = database.execute("SELECT * FROM message WHERE instr(data, '\"assistant\"') LIMIT 1")
        names = [name for name, *_ in row.description]
        made = {**dict(zip(names, row.fetchone(), strict=True)), "id": "msg_hostile", "data": data, **columns}
        database.execute(f"INSERT OR REPLACE INTO message VALUES ({', '.join('?' * len(made))})", list(made.values()))
    return read_every_way(file)


def a_message(file: LogFile) -> Any:
    with closing(sqlite3.connect(file.path)) as database:
        (text,) = database.execute("SELECT data FROM message WHERE instr(data, '\"assistant\"') LIMIT 1").fetchone()
    return json.loads(text)


@of_databases
def test_anything_at_any_place_of_a_stored_message_hides_no_other(name: str, tmp_path: Path) -> None:
    file = largest(name, tmp_path)
    before, message = read_every_way(file), a_message(file)
    with closing(sqlite3.connect(file.path, isolation_level=None)) as database:
        free_of_indexes(database)
        row = database.execute("SELECT * FROM message WHERE instr(data, '\"assistant\"') LIMIT 1").fetchone()
        marks = ", ".join("?" * len(row))
        database.execute("BEGIN")
        for number, text in enumerate(values(message)):
            made = (f"msg_hostile_{number}", *row[1:-1], text.decode())
            database.execute(f"INSERT INTO message VALUES ({marks})", made)
        database.execute("COMMIT")
    after = read_every_way(file)
    assert keys(before) <= keys(after)
    assert all(min(row.usage) >= 0 for row in after.rows)
    assert ProblemKind.BAD_COUNT in {problem.kind for problem in after.problems}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("", None), ("null", None), (5, None), ('{"role":"assistant"', ProblemKind.MALFORMED),
        ('["assistant"]', ProblemKind.MALFORMED), (b'{"role":"assistant"\xff', ProblemKind.MALFORMED),
        ('{"role":"assistant","tokens":{"input":NaN}}', ProblemKind.BAD_COUNT),
        ('{"role":"assistant","tokens":{"input":-1}}', ProblemKind.BAD_COUNT),
        ('\ufeff{"role":"assistant","tokens":null}', ProblemKind.UNKNOWN_SHAPE),
        ('{"role":"assistant"' + " " * (1 << 20) + "}", ProblemKind.UNKNOWN_SHAPE),
    ],
)  # fmt: skip
@of_databases
def test_a_stored_message_that_is_none_is_told_and_hides_no_other(
    name: str, data: Any, kind: ProblemKind | None, tmp_path: Path
) -> None:
    file = largest(name, tmp_path)
    before = read_every_way(file)
    after = changed(file, data)
    assert counts(after).keys() == counts(before).keys()
    assert [problem.kind for problem in after.problems] == ([kind] if kind else [])


@pytest.mark.parametrize("column", ["time_created", "time_updated", "session_id"])
@pytest.mark.parametrize("value", ["soon", -1, 2**62, 1.5, b"\xff", ""])
@of_databases
def test_any_value_in_a_column_is_read(name: str, column: str, value: Any, tmp_path: Path) -> None:
    file = largest(name, tmp_path)
    before = read_every_way(file)
    after = changed(file, json.dumps(a_message(file)), **{column: value})
    assert counts(before).keys() <= counts(after).keys()
    again = reader(name).read(file, after.checkpoint)
    assert not again.problems


@pytest.mark.parametrize("data", [b"", b"no database at all", b"SQLite format 3\0" + b"\xff" * 4080], ids=len)
@of_databases
def test_a_file_that_is_no_database_is_a_problem(name: str, data: bytes, tmp_path: Path) -> None:
    file = largest(name, tmp_path)
    others, _ = engine_count(name, tmp_path)
    beside = Path(file.path.replace(".db", "-old.db"))
    beside.write_bytes(data)
    counted, problems = engine_count(name, tmp_path)
    assert counted == others
    assert [path for _, path in problems] == [str(beside)]
