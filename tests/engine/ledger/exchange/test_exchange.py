from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.engine.ledger import Ledger, LedgerError, LedgerKeeper, export_jsonl, import_jsonl, read_lines
from claude_tui.engine.ledger.pieces import LedgerPiece
from claude_tui.engine.ledger.results import WriteResult
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.state.store import Store
from claude_tui.model import UsageRow
from claude_tui.sources.protocol import FileFacts
from tests.engine.counting import GOLDEN_SETS, PRICER, UTC, placeless
from tests.engine.ledgers import content_of, ledger_in, piece, ran, row, sql
from tests.logs import ClaudeHome, assistant, usage

T = 1_790_000_000_000


def golden_ledger(folder: Path) -> Ledger:
    ledger = ledger_in(folder)
    for golden in GOLDEN_SETS:
        ran(golden, ledger)
    return ledger


def facts_of(ledger: Ledger) -> dict[object, tuple[FileFacts, ...]]:
    return {file.key: file.facts for file in ledger.recall().files}


def test_exported_lines_read_in_elsewhere_are_the_same_history(tmp_path: Path) -> None:
    ledger = golden_ledger(tmp_path / "one")
    lines = list(export_jsonl(ledger))
    random.Random(1).shuffle(lines)
    other = ledger_in(tmp_path / "two", "there")
    responses = sum(map(len, content_of(ledger).values()))
    assert import_jsonl(other, lines) == (responses, 0, 0, 0)
    assert content_of(other) == content_of(ledger)
    assert facts_of(other) == facts_of(ledger)
    assert import_jsonl(other, map(bytes.decode, lines)) == (0, 0, responses, 0)
    assert sorted(export_jsonl(other)) == sorted(lines)
    assert all(json.loads(line)["host"] == "here" for line in lines)


def test_importing_is_the_same_in_small_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = golden_ledger(tmp_path / "one")
    monkeypatch.setattr("claude_tui.engine.ledger.exchange.lines.BATCH", 7)
    other = ledger_in(tmp_path / "two", "there")
    lines = list(export_jsonl(ledger))
    assert import_jsonl(other, lines + lines[:20]).bad == 0
    assert content_of(other) == content_of(ledger)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"host":"h"}',
        b'{"host":"h","source":"claude","path":"/p"}',
        b'{"host":"h","source":"nobody","path":"/p","facts":[]}',
        b'{"host":"h","source":"claude","path":7,"facts":[]}',
        b'{"host":"h","source":"claude","path":"/p","facts":7}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_none_is_counted_and_harms_nothing(line: bytes, tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([piece("/p", [row("msg_1")])])
    good = list(export_jsonl(ledger))
    assert import_jsonl(ledger, [line, *good]) == (0, 0, 1, 1 if line else 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("input", -1), ("input", 1.5), ("output", None), ("output", True), ("cache_read", 2**64), ("time_ms", "1"),
        ("id", -1), ("id", 5), ("id", 2**63), ("key", 7), ("key", "msg_other"), ("model", None), ("session", []),
        ("terms", 7), ("extras", 7), ("extras", [["advisor", "m", [1, 2], ""]]), ("extras", [[1, 2, [0] * 6, ""]]),
        ("web_search", -2), ("reported_nano", "1"), ("owner_time_ms", {}), ("path", ""), ("host", ""), ("host", 5),
    ],
)  # fmt: skip
def test_a_response_with_a_wrong_field_is_refused(field: str, value: object, tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path / "one")
    ledger.write([piece("/p", [row("msg_1")])])
    (line,) = export_jsonl(ledger)
    other = ledger_in(tmp_path / "two")
    assert import_jsonl(other, [json.dumps({**json.loads(line), field: value})]).bad == 1
    assert content_of(other) == {}


KEYS = [f"msg_{n}" for n in range(6)]
WRITES = st.lists(
    st.tuples(
        st.sampled_from(["/p", "/q"]),
        st.lists(st.builds(row, st.sampled_from(KEYS), st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=4),
    ),
    max_size=3,
)


@settings(max_examples=25)
@given(WRITES, WRITES, st.sampled_from(["here", "there"]))
def test_merging_is_exact_whichever_takes_in_which_and_however_often(
    tmp_path_factory: pytest.TempPathFactory,
    ours: list[tuple[str, list[UsageRow]]],
    theirs: list[tuple[str, list[UsageRow]]],
    host: str,
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    one, two = ledger_in(folder / "1"), ledger_in(folder / "2", host)
    for ledger, writes in ((one, ours), (two, theirs)):
        ledger.write([piece("/always", [row("msg_always")])])
        for number, (path, rows) in enumerate(writes):
            ledger.write(
                [piece(path, [r.__class__(**{**_fields(r), "offset": number * 10 + n}) for n, r in enumerate(rows)])]
            )
    first, second = ledger_in(folder / "3"), ledger_in(folder / "4", "elsewhere")
    first.merge(one.path)
    first.merge(two.path)
    second.merge(two.path)
    second.merge(one.path)
    assert content_of(first) == content_of(second)
    assert first.merge(one.path)[:2] == (0, 0)
    assert first.merge(first.path)[:2] == (0, 0)
    assert content_of(first) == content_of(second)


def _fields(row: UsageRow) -> dict[str, Any]:
    return row._asdict()


ROWS = st.builds(
    lambda key, output, offset: row(key, output, 1_000 + offset, offset, f"s{offset}"),
    st.sampled_from(KEYS), st.integers(0, 3), st.integers(1, 9),
)  # fmt: skip
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["here", "there"]), st.sampled_from(["/p", "/q"]), st.lists(ROWS, min_size=1, max_size=5)
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(HISTORIES, st.randoms(use_true_random=False), st.integers(1, 9), st.booleans())
def test_lines_of_several_exports_are_one_history_however_they_are_mixed(
    tmp_path_factory: pytest.TempPathFactory,
    histories: list,  # type: ignore[type-arg]
    chosen: random.Random,
    batch: int,
    is_sorted: bool,
) -> None:
    folder = tmp_path_factory.mktemp("mixed")
    lines: list[bytes] = []
    merged = ledger_in(folder / "merged")
    for number, (host, path, rows) in enumerate(histories):
        one = ledger_in(folder / str(number), host)
        facts = (FileFacts(session=path, last_ms=number, title=f"title {number}"),)
        one.write([piece(path, rows)._replace(facts=facts)])
        lines += export_jsonl(one)
        merged.merge(one.path)
    mixed = lines + chosen.choices(lines, k=chosen.randrange(2 * len(lines)))
    chosen.shuffle(mixed)
    if is_sorted:
        mixed.sort()
    imported = ledger_in(folder / "imported")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("claude_tui.engine.ledger.exchange.lines.BATCH", batch)
        cut = chosen.randrange(len(mixed) + 1)
        done = [import_jsonl(imported, part) for part in (mixed[:cut], mixed[cut:])]
    assert set(content_of(imported)) == set(content_of(merged))
    assert {key: sorted(found) for key, found in content_of(imported).items()} == {
        key: sorted(found) for key, found in content_of(merged).items()
    }
    assert facts_of(imported) == facts_of(merged)
    of_responses = sum(b'"facts"' not in line for line in mixed)
    assert sum(one.added + one.updated + one.unchanged for one in done) == of_responses
    assert sum(one.added for one in done) == sum(map(len, content_of(imported).values()))


def test_lines_that_come_twice_are_written_once_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = ledger_in(tmp_path / "other")
    other.write([piece("/p", [row(f"msg_{n}", n, T + n, n) for n in range(500)])])
    lines = list(export_jsonl(other))
    ledger = ledger_in(tmp_path / "own")
    writes: list[int] = []
    write = ledger.write

    def noting(found: list[LedgerPiece], wait_s: float) -> WriteResult:
        writes.append(1)
        return write(found, wait_s)

    monkeypatch.setattr(ledger, "write", noting)
    assert import_jsonl(ledger, sorted(lines * 3)) == (500, 0, 1_000, 0)
    assert len(writes) == 1
    assert {key: sorted(found) for key, found in content_of(ledger).items()} == {
        key: sorted(found) for key, found in content_of(other).items()
    }


def test_lines_without_an_end_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claude_tui.engine.ledger.exchange.lines.MAX_LINE", 1_000)
    monkeypatch.setattr("claude_tui.engine.ledger.exchange.lines.MAX_UNENDED", 5_000_000)
    long = b"x" * 2_500_000
    assert list(read_lines(io.BytesIO(b"a\n" + long + b"\nb"))) == [b"a\n", b"too long", b"b"]
    ledger = ledger_in(tmp_path)
    with open("/dev/zero", "rb") as endless, pytest.raises(LedgerError, match="no lines"):
        import_jsonl(ledger, read_lines(endless))


def test_two_machines_together_count_each_response_once(claude_home: ClaudeHome, tmp_path: Path) -> None:
    shared = [assistant(f"msg_{n}", T + n, usage(n, n)) for n in range(20)]
    claude_home.append(*shared)
    laptop = ClaudeHome(tmp_path / "laptop")
    laptop.append(*shared[:15], assistant("msg_own", T, usage(5, 5)), session="s1", project="-Users-me")
    here, there = ledger_in(tmp_path / "1"), ledger_in(tmp_path / "2", "laptop")
    ran(claude_home.folder, here)
    alone = list_responses(ran(laptop.folder, there))
    assert here.merge(there.path) == (16, 0, 0)
    together = ran(claude_home.folder, here)
    assert len(list_responses(together)) == 21
    assert here.summary()[1:4] == (("here", "laptop"), 2, 21)
    assert [line.path for line in list_responses(together) if line.key == "msg_own"] == [
        f"laptop:{laptop.path(project='-Users-me')}"
    ]
    assert [line for line in placeless(list_responses(together)) if line.key in {x.key for x in placeless(alone)}]


def test_a_history_read_in_for_a_file_that_is_there_counts(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(*(assistant(f"msg_{n}", T + n, usage(n, n)) for n in range(3)))
    old = ledger_in(tmp_path / "old")
    ran(claude_home.folder, old)
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[2])
    new = ledger_in(tmp_path / "new")
    assert len(list_responses(ran(claude_home.folder, new))) == 1
    assert new.merge(old.path).added == 2
    assert len(list_responses(ran(claude_home.folder, new))) == 3


def test_a_store_may_be_filled_from_the_ledger_alone(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", T, usage(1, 2)), assistant("msg_2", T, usage(1, 2)))
    ledger = ledger_in(tmp_path)
    before = list_responses(ran(claude_home.folder, ledger))
    store = Store(PRICER, UTC)
    for path, columns, facts in ledger.columns():
        store.apply(path, columns, facts)
    assert list_responses(store) == before


def test_merging_what_is_no_ledger_says_so(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    with pytest.raises(LedgerError, match="does not exist"):
        ledger.merge(tmp_path / "missing.db")
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(LedgerError, match="damaged"):
        ledger.merge(other)
    other.unlink()
    sql(other, "CREATE TABLE runs (id INTEGER PRIMARY KEY)")
    with pytest.raises(LedgerError, match="damaged"):
        ledger.merge(other)
    assert not ledger.path.exists()
    assert ledger.notice == ""
    assert LedgerKeeper(ledger, PRICER, UTC).status == ""
