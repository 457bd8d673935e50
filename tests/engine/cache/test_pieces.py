"""What a cache is written as: piece by piece, each made when the one before it has been written."""

from __future__ import annotations

import tracemalloc
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_tui.engine.cache import cache, section_file
from claude_tui.engine.cache.cache import Cache
from claude_tui.engine.cache.section_file import (
    DamagedSectionError,
    Pieces,
    Sections,
    columns_as_json,
    columns_of,
    to_columns,
    to_json,
    write_sections,
)
from claude_tui.engine.cache.seen import Seen
from claude_tui.engine.count import count
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.engine.state.sums.cells import CELL_NUMBERS
from claude_tui.model import Query
from claude_tui.sources.columns import Columns, RowOwner
from claude_tui.sources.protocol import Checkpoint, FileFacts, LogFile, SourceConfig
from tests.captured import GOLDEN
from tests.engine.counting import NOW_MS, PRICER, UTC, here
from tests.engine.telemetry import SETS as TELEMETRY_SETS
from tests.engine.telemetry import client_of, logs_of

COST_STATES = sorted(path for path in (GOLDEN / "cost_state").iterdir() if path.is_dir())
FILES = 500
ROWS = 20
"""Responses of a file."""


def counted(folder: str = "/work") -> Store:
    store = Store(PRICER, UTC, keep_names=False)
    for number in range(FILES):
        columns = Columns("claude")
        first = number * ROWS
        columns.key = array("q", range(first, first + ROWS))
        columns.time = array("q", [1_780_000_000_000 + number * 90_000_000] * ROWS)
        for name in ("owner", "model"):
            setattr(columns, name, array("i", [0] * ROWS))
        for name in ("input", "output", "write_5m", "write_1h", "cache_read", "offset"):
            setattr(columns, name, array("q", range(ROWS)))
        columns.flags = array("B", [0] * ROWS)
        columns.owners, columns.models = [RowOwner(f"s{number}", "", folder)], ["claude-opus-4-8"]
        store.apply(f"/logs/{number}.jsonl", columns, [FileFacts(f"s{number}", cwd=folder, is_complete=True)])
    return store


def seen_of(count: int = FILES) -> dict[str, Seen]:
    logs = [LogFile("claude", f"/logs/{number}.jsonl", "/logs", 1, 2, 3, number) for number in range(count)]
    return {log.path: Seen(log, Checkpoint(3, log.ino, 1, b"head", b"anchor")) for log in logs}


def looked_at(sections: list[tuple[str, Pieces]], sizes: list[int]) -> list[tuple[str, Pieces]]:
    """The same sections; of every piece its size is noted."""

    def noted(pieces: Pieces) -> Iterator[bytes | memoryview]:
        for piece in pieces:
            sizes.append(memoryview(piece).nbytes)
            yield piece

    return [(name, noted(pieces)) for name, pieces in sections]


def test_no_piece_of_what_is_encoded_grows_with_the_number_of_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(cache, "PIECE_ROWS", 16)
    monkeypatch.setattr(section_file, "PIECE_ROWS", 16)
    monkeypatch.setattr("claude_tui.engine.cache.seen.PIECE_ROWS", 16)
    head = cache._head_sections(counted(), seen_of(), 0, cache.NOTHING_GIVEN, "table")
    write_sections(tmp_path / "head", looked_at(head, sizes))
    assert sum(sizes) > FILES * 100
    assert max(sizes) <= 16 * 8 * CELL_NUMBERS


def test_a_piece_is_made_when_the_one_before_it_is_written(tmp_path: Path) -> None:
    piece = 8 << 20
    sections = [(name, (bytes(piece) for _ in range(8))) for name in "abcd"]
    tracemalloc.start()
    try:
        write_sections(tmp_path / "file", sections)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 3 * piece
    assert Sections(tmp_path / "file").read("d") == [bytes(8 * piece)]


def test_responses_are_written_from_where_they_lie(tmp_path: Path) -> None:
    store = counted()
    columns = [dict(cache._table_sections(store.table))[name] for name in ("key", "flags")]
    views = [view.obj for pieces in columns for view in pieces if isinstance(view, memoryview)]
    assert [id(view) for view in views] == [id(store.table.key), id(store.table.flags)]


def test_what_failed_to_be_written_leaves_nothing_and_holds_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store, kept = counted(), Cache(tmp_path / "cache", ("one",))
    assert kept.save(store, seen_of(), 1)
    before = sorted(path.name for path in (tmp_path / "cache").rglob("*"))
    too_much = next(iter(store.cells.all.values()))
    too_much[3] = 1 << 70
    assert not kept.save(store, seen_of(), 2)
    assert kept.problem == "cache not saved: numbers of more than 64 bits"
    assert sorted(path.name for path in (tmp_path / "cache").rglob("*")) == before
    too_much[3] = 1

    def full(path: Path, sections: list[tuple[str, Pieces]]) -> None:
        def torn() -> Iterator[tuple[str, Pieces]]:
            yield next(iter(sections))
            raise OSError(28, "No space left on device")

        write_sections(path, torn())

    monkeypatch.setattr(cache, "write_sections", full)
    assert not kept.save(store, seen_of(), 3)
    assert kept.problem == "cache not saved: No space left on device"
    assert sorted(path.name for path in (tmp_path / "cache").rglob("*")) == before
    rows = len(store.table)
    store.table.key.append(rows)  # nobody holds it any more
    assert len(store.table) == rows + 1


@pytest.mark.parametrize("rows", [0, 1, 15, 16, 17, 40])
def test_columns_in_pieces_are_the_columns_in_one(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section_file, "PIECE_ROWS", 16)
    records = [(number, f"{number}ü\n", None, 1 << 63 if number == 3 else -1) for number in range(rows)]
    assert b"".join(columns_as_json(columns_of(records))) == to_json(to_columns(records))


def test_text_that_is_no_utf_8_is_read_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section_file, "PIECE_ROWS", 2)
    records = [("/a", 1), ("/\udcff", 2), ("/ü", 1 << 70), ("/b", 4), ("/c", 5)]
    made = b"".join(columns_as_json(columns_of(records)))
    assert section_file.from_json(made) == [["/a", "/\udcff", "/ü", "/b", "/c"], [1, 2, 1 << 70, 4, 5]]


@pytest.mark.parametrize("kept", [0, 1, 33, 34, 60, -1])
def test_a_file_cut_short_is_none(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_sections(path, [("a", (b"abc", b"", b"def")), ("b", ())])
    assert Sections(path).read("a", "b") == [b"abcdef", b""]
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DamagedSectionError):
        Sections(path)


def pieces_of(store: Store) -> list[bytes]:
    head = cache._head_sections(store, {}, 0, cache.NOTHING_GIVEN, "table")
    sections = (*cache._table_sections(store.table), *head)
    return [bytes(piece) for _, pieces in sections for piece in pieces]


@pytest.mark.parametrize("folder", [*TELEMETRY_SETS, *COST_STATES], ids=lambda folder: folder.name)
def test_what_is_asked_for_while_it_is_written_changes_nothing_of_it(folder: Path) -> None:
    explicit = {"claude": (folder,)}
    if folder in TELEMETRY_SETS:
        explicit = {client_of(folder): (logs_of(folder),), "telemetry": (folder,)}
    config = SourceConfig(home=Path("/nonexistent"), explicit=explicit, sources=tuple(explicit))
    store = count(Setup(config, PRICER, UTC), processes=here())
    with store.lock:
        store.settle()
    revision, before = store.revision, pieces_of(store)
    for query in (Query(), *(Query(source=source) for source in explicit)):
        SnapshotMaker(store).take(query, NOW_MS)
        list_responses(store, query)
    assert store.revision == revision
    assert pieces_of(store) == before
