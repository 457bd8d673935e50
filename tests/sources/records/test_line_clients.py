"""What holds for every client whose logs are files of lines, over the logs that real ones wrote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.clients import CLIENTS
from claude_tui.model import ProblemKind, UsageRow
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile, SourceConfig
from claude_tui.sources.records.events import ResponseEvent
from claude_tui.sources.records.fast_rows import FastBuilder
from claude_tui.sources.registry import load, reader
from claude_tui.sources.settling import columns_of
from tests.captured import sets_of, truth_of
from tests.fuzz.sameness import disagreements
from tests.sources.settle import Settled, settle, totals

pytestmark = pytest.mark.every_client
NAMES = [name for name, client in CLIENTS.items() if client.is_append_only and name not in ("claude", "codex")]
"""Those two have tests of their own."""
HOMES = [(name, home) for name in NAMES for home in sets_of(name)]
of_homes = pytest.mark.parametrize(("name", "home"), HOMES, ids=lambda value: getattr(value, "name", value))
of_clients = pytest.mark.parametrize("name", NAMES)


LINES = [(name, home) for name in (*NAMES, "gemini") if CLIENTS[name].read_columns for home in sets_of(name)]


def logs(name: str, root: Path) -> list[LogFile]:
    return [*reader(name).discover(root)]


def fast_way(name: str) -> Callable[..., ColumnsRead]:
    found: Callable[..., ColumnsRead] = load(CLIENTS[name].read_columns)
    return found


def settled(name: str, files: list[LogFile]) -> dict[str, Settled]:
    return settle((file.path, ResponseEvent(row, 0)) for file in files for row in reader(name).read(file).rows)


@of_homes
def test_golden_home_is_exact_in_any_order(name: str, home: Path) -> None:
    found = settled(name, logs(name, home))
    want = {counter: number for counter, number in truth_of(home).items() if number is not None}
    assert totals(found) == totals(found) | {counter: want[counter] for counter in want if counter in totals(found)}
    reported = sum(one.reported_nano or 0 for one in found.values())
    assert reported == pytest.approx(want["cost"] * 1e9, abs=1000)
    assert settled(name, logs(name, home)[::-1]) == found


@of_homes
def test_golden_home_has_no_problems_and_says_whose_it_is(name: str, home: Path) -> None:
    for file in logs(name, home):
        read = reader(name).read(file)
        assert list(read.problems) == []
        assert all(row.session and row.model and row.cwd and row.time_ms for row in read.rows)
        assert read.facts.session or read.facts.parent
        assert read.facts.cwd


@of_homes
def test_the_offset_of_a_row_is_that_of_its_line(name: str, home: Path) -> None:
    for file in logs(name, home):
        data = Path(file.path).read_bytes()
        assert all(
            row.offset == 0 or data[row.offset - 1 : row.offset] == b"\n" for row in reader(name).read(file).rows
        )


@settings(max_examples=25)
@given(st.sampled_from(HOMES), st.data())
def test_any_chunking_settles_to_one_whole_read(
    tmp_path_factory: pytest.TempPathFactory, chosen: tuple[str, Path], draw: st.DataObject
) -> None:
    name, home = chosen
    log = draw.draw(st.sampled_from(logs(name, home)))
    shares = draw.draw(st.lists(st.floats(0, 1), max_size=4))
    root = tmp_path_factory.mktemp(name)
    shutil.copytree(home, root, dirs_exist_ok=True)
    path = root / Path(log.path).relative_to(home)
    data = path.read_bytes()
    path.write_bytes(b"")
    mark: Checkpoint | None = None
    rows: list[UsageRow] = []
    for end in [*sorted(int(share * len(data)) for share in shares), len(data)]:
        with path.open("ab") as grown:
            grown.write(data[path.stat().st_size : end])
        file = log._replace(path=str(path), root=str(root))
        read = reader(name).read(file, mark)
        assert not read.restarted
        assert not any(problem.kind is not ProblemKind.UNFINISHED for problem in read.problems)
        mark = read.checkpoint
        rows += read.rows
    whole = reader(name).read(file)
    assert settle((str(path), ResponseEvent(row, 0)) for row in rows) == settle(
        (str(path), ResponseEvent(row, 0)) for row in whole.rows
    )
    assert read.checkpoint.state == whole.checkpoint.state


@pytest.mark.parametrize(("name", "home"), LINES, ids=lambda value: getattr(value, "name", value))
def test_the_fast_way_of_reading_a_golden_home_is_taken_and_gives_the_same(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_rule: list[UsageRow] = []
    add = FastBuilder.add

    def adding(self: FastBuilder, row: UsageRow) -> None:
        by_rule.append(row)
        add(self, row)

    for file in logs(name, home):
        by_rule.clear()
        monkeypatch.setattr(FastBuilder, "add", adding)
        fast = fast_way(name)(file, keep_names=True)
        monkeypatch.setattr(FastBuilder, "add", add)
        assert disagreements(reader(name).read(file), fast) == []
        data = Path(file.path).read_bytes()
        usual = [row for row in by_rule if not data.startswith(b'{"$set"', row.offset)]
        assert usual == [] or home.name == "home-1.0.92" or file.path.endswith(".json")


@settings(max_examples=25)
@given(st.sampled_from(LINES), st.data())
def test_the_fast_way_gives_the_same_wherever_the_log_was_left_off(
    tmp_path_factory: pytest.TempPathFactory, chosen: tuple[str, Path], draw: st.DataObject
) -> None:
    name, home = chosen
    log = draw.draw(st.sampled_from(logs(name, home)))
    root = tmp_path_factory.mktemp(name)
    shutil.copytree(home, root, dirs_exist_ok=True)
    path = root / Path(log.path).relative_to(home)
    file, data = log._replace(path=str(path), root=str(root)), path.read_bytes()
    path.write_bytes(data[: draw.draw(st.integers(0, len(data)))])
    begun = reader(name).read(file)
    assert disagreements(begun, fast_way(name)(file, keep_names=True)) == []
    with path.open("ab") as grown:
        grown.write(data[path.stat().st_size :])
    rest = reader(name).read(file, begun.checkpoint)
    assert disagreements(rest, fast_way(name)(file, begun.checkpoint, keep_names=True)) == []


@of_clients
def test_explicit_folders_replace_the_usual_ones(name: str) -> None:
    config = SourceConfig(
        Path("/home/me"), {variable: "/else" for variable, _ in CLIENTS[name].env}, {name: (Path("/x"),)}
    )
    assert reader(name).roots(config) == [Path("/x")]


@of_homes
def test_hostile_lines_are_told_and_nothing_else_is_lost(name: str, home: Path, tmp_path: Path) -> None:
    root = tmp_path / "home"
    shutil.copytree(home, root)
    log = max(logs(name, root), key=lambda file: file.size)
    before = settled(name, [log])
    data = Path(log.path).read_bytes().splitlines(keepends=True)
    junk = [
        b"\x00\x00\x00\n",
        b"{\n",
        b"[1, 2]\n",
        b'"text"\n',
        b"\xff\xfe{}\n",
        b'{"type": 5, "message": [], "usage": 1}\n',
        b"{}\n",
    ]
    mixed = [piece for number, line in enumerate(data) for piece in (line, junk[number % len(junk)])]
    Path(log.path).write_bytes(b"".join(mixed))
    read = reader(name).read(log)
    assert settle((log.path, ResponseEvent(row, 0)) for row in read.rows) == before
    assert {ProblemKind.NUL_RUN, ProblemKind.MALFORMED} <= {problem.kind for problem in read.problems}
    assert all(problem.path == log.path for problem in read.problems)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60)
@given(st.sampled_from(HOMES), st.data())
def test_any_value_in_place_of_any_other_is_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, chosen: tuple[str, Path], draw: st.DataObject
) -> None:
    name, home = chosen
    log = draw.draw(st.sampled_from(logs(name, home)))
    records = [json.loads(line) for line in Path(log.path).read_bytes().splitlines()]
    at = draw.draw(st.integers(0, len(records) - 1))
    inside = records[at]
    while True:
        key = draw.draw(st.sampled_from(sorted(inside)))
        if isinstance(inside[key], dict) and inside[key] and draw.draw(st.booleans()):
            inside = inside[key]
            continue
        inside[key] = draw.draw(VALUES)
        break
    root = tmp_path_factory.mktemp(name)
    path = root / Path(log.path).relative_to(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    read = reader(name).read(log._replace(path=str(path), root=str(root)))
    columns_of(name, read.rows)
    assert all(min(row.usage) >= 0 for row in read.rows)


@of_clients
def test_a_log_of_which_nothing_is_understood_is_a_problem(name: str, tmp_path: Path) -> None:
    home = next(home for known, home in HOMES if known == name)
    log = logs(name, home)[0]
    path = tmp_path / Path(log.path).relative_to(home)
    path.parent.mkdir(parents=True)
    path.write_text('{"kind": "call", "tokens": 5}\n' * 3)
    (file,) = logs(name, tmp_path)
    read = reader(name).read(file)
    assert [(problem.kind, problem.path, problem.offset) for problem in read.problems] == [
        (ProblemKind.UNRECOGNISED, str(path), 0)
    ]
