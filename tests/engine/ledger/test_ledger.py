from __future__ import annotations

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui import paths
from claude_tui.engine.cache.given import Given, mark_of
from claude_tui.engine.ledger import FollowResult, Ledger, LedgerError, LedgerFollower, LedgerKeeper, LedgerScope
from claude_tui.engine.ledger.file.runs import RUN, decode, encode
from claude_tui.engine.ledger.file.schema import lease
from claude_tui.engine.ledger.history import FileHistory
from claude_tui.engine.ledger.pieces import stamp_of
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.scan.discovery import discover, roots_of
from claude_tui.engine.state.store import Store
from claude_tui.model import Extra, Query, Usage, UsageRow
from claude_tui.pricing import load_pricer
from claude_tui.sources.columns import Columns
from claude_tui.sources.settling import columns_of
from tests.engine.counting import BERLIN, GOLDEN_SETS, PRICER, UTC, assert_sums_agree, config_of, content, counted
from tests.engine.ledgers import Run, content_of, ledger_in, piece, ran, row, wait_until
from tests.logs import ClaudeHome, assistant, usage
from tests.replacing import replace

DAY_MS = 86_400_000
T = 1_790_000_000_000


# -- what is gone stays counted ------------------------------------------------------------------------------


@pytest.mark.parametrize("golden", GOLDEN_SETS, ids=lambda path: path.name)
@pytest.mark.parametrize("every", [1, 2, 3], ids=["all gone", "half gone", "a third gone"])
def test_a_count_is_the_same_after_logs_were_deleted(golden: Path, every: int, tmp_path: Path) -> None:
    home = tmp_path / "claude"
    shutil.copytree(golden / "projects", home / "projects")
    ledger = ledger_in(tmp_path)
    before = list_responses(ran(home, ledger))
    assert before == list_responses(counted(home))
    for path in sorted(home.rglob("*.jsonl"))[::every]:
        path.unlink()
    store = ran(home, ledger)
    assert list_responses(store) == before
    assert_sums_agree(store)
    assert list_responses(ran(home, ledger)) == before


def test_titles_and_folders_of_deleted_sessions_stay(claude_home: ClaudeHome, tmp_path: Path) -> None:
    title = {"type": "custom-title", "customTitle": "Fix the door", "sessionId": "s1"}
    path = claude_home.append(title, assistant("msg_1", T, usage(1, 2), cwd="/home/user/house"))
    ran(claude_home.folder, ledger_in(tmp_path))
    path.unlink()
    store = ran(claude_home.folder, ledger_in(tmp_path))
    assert store.facts.sessions["claude", "s1"].title == "Fix the door"
    assert [line.project for line in list_responses(store)] == ["/home/user/house"]


def test_a_file_that_lost_lines_loses_no_response(claude_home: ClaudeHome, tmp_path: Path) -> None:
    rows = [assistant(f"msg_{n}", T + n, usage(n, 10 * n)) for n in range(1, 6)]
    path = claude_home.append(*rows)
    ledger = ledger_in(tmp_path)
    before = list_responses(ran(claude_home.folder, ledger))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[3:]))
    assert [line._replace(offset=0) for line in list_responses(ran(claude_home.folder, ledger))] == [
        line._replace(offset=0) for line in before
    ]
    # The file is there and the ledger knows more of it: the next start must see that at once.
    run = Run(claude_home.folder, ledger)
    assert run.followed is FollowResult.GIVEN
    assert len(list_responses(run.end())) == 5


def test_a_file_that_shrinks_while_it_is_followed_is_kept_whole(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(*(assistant(f"msg_{n}", T + n, usage(n, 10 * n)) for n in range(5)))
    run = Run(claude_home.folder, ledger_in(tmp_path))
    path.write_bytes(b"")
    claude_home.append(assistant("msg_9", T + 9, usage(9, 9)))
    run.follow()
    before = {(line.key, line.usage) for line in list_responses(run.end())}
    assert len(before) == 6
    path.unlink()
    assert {(line.key, line.usage) for line in list_responses(ran(claude_home.folder, ledger_in(tmp_path)))} == before


def test_appended_lines_are_kept_too(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    run = Run(claude_home.folder, ledger_in(tmp_path))
    for n in range(2, 3 * RUN):
        claude_home.append(assistant(f"msg_{n}", T + n, usage(1, n)))
        if n % 50 == 0:
            run.follow()
            assert run.keeper.flush()
    run.follow()
    before = list_responses(run.end())
    assert len(before) == 3 * RUN - 1
    stamps = ledger_in(tmp_path).recall().stamps
    seen = run.seen[str(path)]
    assert stamps == {("claude", str(path)): stamp_of(seen.file, seen.checkpoint)}
    path.unlink()
    assert list_responses(ran(claude_home.folder, ledger_in(tmp_path))) == before


def test_a_final_output_replaces_the_placeholder(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(5, 1)))
    ledger = ledger_in(tmp_path)
    ran(claude_home.folder, ledger)
    claude_home.append(assistant("msg_1", T + 50, usage(5, 700)))
    ran(claude_home.folder, ledger)
    path.unlink()
    assert [(line.time_ms, line.usage.output) for line in list_responses(ran(claude_home.folder, ledger))] == [(T, 700)]
    change = ledger.write([piece("/p", [row("msg_a", 1)])]).change
    assert change == (1, 0, 0)
    assert ledger.write([piece("/p", [row("msg_a", 9, offset=5)])]).change == (0, 1, 0)
    assert ledger.write([piece("/p", [row("msg_a", 2, offset=9)])]).change == (0, 0, 1)


def test_no_day_ever_shrinks(claude_home: ClaudeHome, tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    high: Counter[date] = Counter()
    for step in range(12):
        session = f"s{step % 3}"
        time_ms = T + step * DAY_MS // 4
        path = claude_home.append(
            assistant(f"msg_{step}", time_ms, usage(7, 11), session=session),
            assistant(f"msg_{step}x", time_ms + 1, usage(1, 2), session=session),
            session=session,
        )
        ran(claude_home.folder, ledger)
        if step % 4 == 1:
            path.unlink()
        elif step % 4 == 2:
            path.write_bytes(path.read_bytes().splitlines(keepends=True)[-1])
        days = Counter(
            {line.day: line.totals.tokens for line in assert_sums_agree(ran(claude_home.folder, ledger)).days}
        )
        assert all(days[day] >= tokens for day, tokens in high.items())
        high = days
    assert sum(high.values()) == 12 * 21


def test_a_file_that_cannot_be_read_any_more_stays_counted(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    ledger = ledger_in(tmp_path)
    before = list_responses(ran(claude_home.folder, ledger))
    # As for a file whose rights were taken away, which would not stop every user.
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    assert list_responses(ran(claude_home.folder, ledger)) == before


def test_what_lies_elsewhere_is_not_counted(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", T, usage(1, 1)))
    ledger = ledger_in(tmp_path)
    ran(claude_home.folder, ledger)
    other = ClaudeHome(tmp_path / "other")
    other.append(assistant("msg_2", T, usage(2, 2)))
    assert [line.key for line in list_responses(ran(other.folder, ledger))] == ["msg_2"]


def test_only_what_the_files_do_not_hold_is_read_from_the_ledger(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for session in ("a", "b", "c"):
        claude_home.append(assistant(f"msg_{session}", T, usage(1, 1), session=session), session=session)
    ledger = ledger_in(tmp_path)
    ran(claude_home.folder, ledger)
    given: list[str] = []
    plain = Store.remember

    def noting(store: Store, path: str, columns: Columns, facts: object = ()) -> bool:
        given.append(path)
        return plain(store, path, columns)

    monkeypatch.setattr(Store, "remember", noting)
    assert Run(claude_home.folder, ledger).followed is FollowResult.LEVEL
    assert given == []
    gone = claude_home.path("b")
    gone.unlink()
    run = Run(claude_home.folder, ledger)
    assert (run.followed, given) == (FollowResult.GIVEN, [str(gone)])
    assert run.follower.follow(run.seen) is FollowResult.SAME
    ledger.write([piece("/elsewhere", [row("msg_2")])])
    assert run.follower.follow(run.seen) is FollowResult.LEVEL
    ledger.write([piece(str(gone), [row("msg_3")])])
    assert (run.follower.follow(run.seen), given) == (FollowResult.GIVEN, [str(gone)] * 2)


def test_what_was_written_is_not_given_back(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", T, usage(1, 1)))
    run = Run(claude_home.folder, ledger_in(tmp_path))
    run.end()
    assert run.follower.follow(run.seen) is FollowResult.SAME
    claude_home.append(assistant("msg_2", T, usage(1, 1)))
    run.follow()
    run.end()
    assert run.follower.follow(run.seen) is FollowResult.SAME


@pytest.mark.parametrize("is_older", [False, True], ids=["another", "an older one"])
def test_a_ledger_that_is_not_the_one_that_was_given_is_told(
    claude_home: ClaudeHome, tmp_path: Path, is_older: bool
) -> None:
    ledger = ledger_in(tmp_path)
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    ran(claude_home.folder, ledger)
    kept = ledger.path.read_bytes()
    claude_home.append(assistant("msg_2", T, usage(1, 1)))
    ran(claude_home.folder, ledger)
    path.unlink()
    run = Run(claude_home.folder, ledger)
    ledger.path.unlink()
    if is_older:
        ledger.path.write_bytes(kept)
    else:
        ledger.write([piece("/elsewhere", [row("msg_2")])])
    assert run.follower.follow(run.seen) is FollowResult.REPLACED


def test_what_came_before_new_lines_is_read_and_kept_too(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(*(assistant(f"msg_{n}", T + n, usage(1, n)) for n in range(3)))
    # A cache knows the log up to here, and a ledger that is new nothing; then the log grows.
    run = Run(claude_home.folder, ledger_in(tmp_path / "old"))
    run.keeper.close()
    ledger = ledger_in(tmp_path)
    run.keeper = LedgerKeeper(ledger, PRICER, UTC)
    run.keeper.start(discover(run.config))
    claude_home.append(assistant("msg_3", T + 3, usage(1, 3)))
    run.follow()
    run.keeper.catch_up([(file, run.checkpoints[file.path]) for file in discover(run.config)])
    assert wait_until(lambda: [len(file) for file in content_of(ledger).values()] == [4])
    before = list_responses(run.end())
    path.unlink()
    assert list_responses(ran(claude_home.folder, ledger)) == before


def test_what_only_the_cache_knew_is_read_and_kept(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    before = ran(claude_home.folder, ledger_in(tmp_path / "old"))
    ledger = ledger_in(tmp_path)
    run = Run(claude_home.folder, ledger_in(tmp_path / "older"))
    keeper = LedgerKeeper(ledger, PRICER, UTC)
    files = discover(run.config)
    keeper.start(files)
    seen = [(file, run.checkpoints[file.path]) for file in files]
    assert keeper.catch_up(seen) == 1
    assert wait_until(lambda: len(content_of(ledger)) == 1)
    assert keeper.catch_up(seen) == 0
    keeper.close()
    run.end()
    path.unlink()
    assert list_responses(ran(claude_home.folder, ledger)) == list_responses(before)


def test_a_lost_ledger_is_made_anew_without_claiming_what_it_lacks(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    ledger = ledger_in(tmp_path)
    run = Run(claude_home.folder, ledger)
    assert run.keeper.flush()
    ledger.path.unlink()
    claude_home.append(assistant("msg_2", T + 1, usage(2, 2)))
    run.follow()
    before = list_responses(run.end())
    # Only the second line was kept; the next start must notice and keep the rest.
    assert list_responses(ran(claude_home.folder, ledger)) == before
    path.unlink()
    assert list_responses(ran(claude_home.folder, ledger)) == before


def test_an_older_ledger_put_in_its_place_is_not_taken_for_complete(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    ledger = ledger_in(tmp_path)
    run = Run(claude_home.folder, ledger)
    assert run.keeper.flush()
    older = ledger.path.read_bytes()
    claude_home.append(assistant("msg_2", T + 1, usage(2, 2)))
    run.follow()
    assert run.keeper.flush()
    ledger.path.write_bytes(older)
    claude_home.append(assistant("msg_3", T + 2, usage(3, 3)))
    run.follow()
    before = list_responses(run.end())
    assert len(before) == 3
    assert list_responses(ran(claude_home.folder, ledger)) == before
    path.unlink()
    assert list_responses(ran(claude_home.folder, ledger)) == before


def test_prices_are_those_of_the_day_it_is_read(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1000, 1000), model="claude-new-9"))
    run = Run(claude_home.folder, ledger_in(tmp_path))
    assert list_responses(run.end())[0].price.nano is None
    path.unlink()
    prices = tmp_path / "prices.toml"
    prices.write_text('[models.claude-new-9]\nalias = "claude-opus-5"\n')
    store = Store(load_pricer(prices), UTC)
    LedgerFollower(store, ledger_in(tmp_path), run.scope, Given()).follow({})
    assert list_responses(store)[0].price.nano == 30_000_000


# -- how it is kept ------------------------------------------------------------------------------------------


def test_files_are_for_their_owner_alone(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", T, usage(1, 1)))
    ledger = ledger_in(tmp_path)
    ran(claude_home.folder, ledger)
    assert stat.S_IMODE(ledger.path.parent.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in ledger.path.parent.iterdir()} == {
        "ledger.db": 0o600,
        "ledger.db.lock": 0o600,
    }


def test_the_own_ledger_is_in_the_data_folder_and_made_only_to_write() -> None:
    ledger = Ledger.open()
    assert ledger.path == paths.data_folder() / "ledger.db"
    assert ledger.recall().files == []
    assert mark_of(ledger.path) == ""
    assert not paths.data_folder().exists()


def test_another_instance_is_never_waited_for(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([piece("/p", [row("msg_1")])])
    keeper = LedgerKeeper(ledger, PRICER, UTC)
    with lease(ledger.path):
        assert len(ledger.recall().files) == 1
        with pytest.raises(LedgerError, match="another"):
            ledger.write([piece("/q", [row("msg_2")])])
        keeper.backlog.pending.append(piece("/q", [row("msg_2")]))
        assert not keeper.flush()
    assert keeper.status == ""
    assert keeper.flush()
    assert len(ledger.recall().files) == 2


def test_two_instances_keep_each_response_once(claude_home: ClaudeHome, tmp_path: Path) -> None:
    for session in map(str, range(40)):
        claude_home.append(*(assistant(f"msg_{session}_{n}", T + n, usage(n, n)) for n in range(5)), session=session)
    code = (
        "import sys; from pathlib import Path; from tests.engine.ledgers import ledger_in, ran;"
        "from claude_tui.engine.queries.responses import list_responses;"
        "print(len(list_responses(ran(Path(sys.argv[1]), ledger_in(Path(sys.argv[2]))))))"
    )
    command = [sys.executable, "-c", code, str(claude_home.folder), str(tmp_path)]
    root = Path(__file__).parents[3]
    both = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in both] == [b"200", b"200"]
    alone = ledger_in(tmp_path / "alone")
    ran(claude_home.folder, alone)
    assert content_of(ledger_in(tmp_path)) == content_of(alone)
    assert ledger_in(tmp_path).verify()


def test_a_folder_that_cannot_be_written_costs_only_the_history(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", T, usage(1, 1)))
    blocked = tmp_path / "data"
    blocked.write_text("a file where the folder should be")
    run = Run(claude_home.folder, ledger_in(tmp_path))
    assert not run.keeper.close()
    assert "is not writable" in run.keeper.status
    assert len(list_responses(run.store)) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another user's rights")
def test_a_read_only_ledger_is_still_read(claude_home: ClaudeHome) -> None:
    # Not below tmp_path, whose parents only their owner may enter.
    folder = Path("/tmp" if os.path.isdir("/tmp") else "/var/tmp", f"ledger-of-another-{os.getpid()}")
    try:
        ledger = Ledger.open(folder / "ledger.db", "here")
        ledger.write([piece("/p", [row("msg_1")])])
        folder.chmod(0o755)
        ledger.path.chmod(0o644)
        pid = os.fork()
        if not pid:
            os.setresuid(65534, 65534, 65534)
            files = ledger.recall().files
            try:
                ledger.write([piece("/q", [row("msg_2")])])
            except LedgerError:
                os._exit(0 if len(files) == 1 and "is not writable" in ledger.status else 1)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        shutil.rmtree(folder)


def test_a_full_disk_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([piece("/p", [row(f"msg_{n}", offset=n) for n in range(50)])])
    before = content_of(ledger)
    keeper = LedgerKeeper(ledger, PRICER, UTC)
    keeper.backlog.pending.append(piece("/q", [row(f"msg_q{n}", offset=n) for n in range(5_000)]))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ledger.path.stat().st_size + 20_000, hard))
    try:
        assert not keeper.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert keeper.status.startswith("ledger not written")
    assert content_of(ledger) == before
    assert keeper.flush()
    assert keeper.status == ""
    assert len(content_of(ledger)) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_small_file_system_that_fills_up_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)], check=False).returncode:
        pytest.skip("may not mount")
    try:
        ledger = Ledger.open(disk / "ledger.db", "here")
        kept = 0
        with pytest.raises(LedgerError, match="full"):
            for number in range(100):
                ledger.write([piece(f"/p{number}", [row(f"msg_{number}_{n}", offset=n) for n in range(200)])])
                kept += 1
        assert kept
        assert "full" in ledger.status
        assert len(ledger.recall().files) == kept
        assert ledger.verify()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_what_waits_while_nothing_can_be_written_is_bounded(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_tui.engine.ledger.sync.backlog.MAX_WAITING", 100)
    claude_home.append(*(assistant(f"msg_{n}", T, usage(1, n)) for n in range(150)))
    ledger = ledger_in(tmp_path)
    ledger.path.parent.write_text("in the way")
    run = Run(claude_home.folder, ledger)
    assert not run.keeper.flush()
    assert not run.keeper.backlog.pending
    ledger.path.parent.unlink()
    assert wait_until(lambda: len(content_of(ledger)) == 1)
    run.end()
    assert ledger.summary().responses == 150


# -- settling ------------------------------------------------------------------------------------------------


ROWS = st.builds(
    lambda **known: UsageRow(**known),  # a named tuple itself would have its other fields made up
    key=st.sampled_from(["msg_a", "msg_b", "msg_c", "\ud83d"]),
    time_ms=st.integers(0, 3),
    session=st.sampled_from(["s1", "s2"]),
    agent=st.sampled_from(["", "a"]),
    cwd=st.sampled_from(["/x", "/\udcff"]),
    model=st.sampled_from(["m1", "m2"]),
    usage=st.builds(Usage, *[st.integers(0, 2)] * 6),
    terms=st.sampled_from(["", '{"speed":"fast"}']),
    extras=st.sampled_from([(), (Extra("advisor", "m3", Usage(1, 2, 3, 4, 5, 6), "{}"),)]),
    is_copy=st.booleans(),
    is_sidechain=st.booleans(),
    is_lower_bound=st.booleans(),
    reported_nano=st.sampled_from([None, 0, 5]),
)


@given(rows=st.lists(ROWS, min_size=1, max_size=12), cuts=st.lists(st.integers(0, 12), max_size=4), data=st.data())
def test_pieces_of_a_file_settle_the_same_in_any_order(
    rows: list[UsageRow], cuts: list[int], data: st.DataObject
) -> None:
    rows = [replace(row, offset=10 * n) for n, row in enumerate(rows)]
    bounds = sorted({0, *(min(cut, len(rows)) for cut in cuts), len(rows)})
    pieces = [rows[start:stop] for start, stop in pairwise(bounds)]
    pieces = data.draw(st.permutations(pieces + pieces[:1]))
    history = FileHistory("/p", Columns("claude"))
    for some in pieces:
        history.absorb(columns_of("claude", some))
    # Two rows that rank the same as owner are told apart by their place in the file only while it is read.
    ownerless = [entry[:2] + entry[3:10] + entry[11:-1] for entry in content(history.columns())]
    assert ownerless == [entry[:2] + entry[3:10] + entry[11:-1] for entry in content(columns_of("claude", rows))]


@given(rows=st.lists(ROWS, min_size=1, max_size=12), keep_names=st.booleans())
def test_a_run_reads_back_as_it_was_written(rows: list[UsageRow], keep_names: bool) -> None:
    columns = columns_of("claude", rows, keep_names=keep_names)
    found = decode("claude", [encode(columns, 0, 1), *([encode(columns, 1, len(columns))] if len(columns) > 1 else [])])
    assert content(found) == content(columns)
    assert found.names == columns.names


@settings(max_examples=30)
@given(batches=st.lists(st.lists(ROWS, min_size=1, max_size=6), min_size=1, max_size=6))
def test_responses_and_output_of_a_file_only_grow(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[UsageRow]]
) -> None:
    ledger = ledger_in(tmp_path_factory.mktemp("ledger"))
    responses = output = 0
    for rows in batches:
        ledger.write([piece("/p", rows)])
        (file,) = ledger.recall().files
        assert len(file.columns) >= responses
        assert sum(file.columns.output) >= output
        responses, output = len(file.columns), sum(file.columns.output)


def test_a_wide_day_range_is_cut_in_any_time_zone(claude_home: ClaudeHome, tmp_path: Path) -> None:
    late = T - T % DAY_MS + DAY_MS - 60_000
    path = claude_home.append(assistant("msg_1", late, usage(1, 1)))
    run = Run(claude_home.folder, ledger_in(tmp_path))
    utc_day = SnapshotMaker(run.end()).take(Query(), late).days[0].day
    path.unlink()
    store = Store(PRICER, BERLIN)
    LedgerFollower(store, ledger_in(tmp_path), run.scope, Given()).follow({})
    assert (SnapshotMaker(store).take(Query(), late).days[0].day - utc_day).days == 1


def test_a_path_that_is_no_text_is_kept(claude_home: ClaudeHome, tmp_path: Path) -> None:
    folder = os.fsdecode(b"-home-\xff")
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)), project=folder)
    before = list_responses(ran(claude_home.folder, ledger_in(tmp_path)))
    path.unlink()
    assert list_responses(ran(claude_home.folder, ledger_in(tmp_path))) == before


def test_what_only_reads_the_ledger_starts_no_thread_so_that_workers_can_be_forked(
    claude_home: ClaudeHome, tmp_path: Path
) -> None:
    claude_home.append(assistant("msg_1", T, usage(1, 1)))
    ran(claude_home.folder, ledger_in(tmp_path))
    shutil.rmtree(claude_home.folder)
    before, store = threading.enumerate(), Store(PRICER, UTC)
    scope = LedgerScope(roots_of(config_of(claude_home.folder)), frozenset())
    assert LedgerFollower(store, ledger_in(tmp_path), scope, Given()).follow({}) is FollowResult.GIVEN
    assert len(list_responses(store)) == 1
    assert threading.enumerate() == before


def test_what_only_a_cache_read_beyond_the_ledger_is_kept_when_the_log_goes_on(
    claude_home: ClaudeHome, tmp_path: Path
) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    ledger = ledger_in(tmp_path)
    run = Run(claude_home.folder, ledger)
    run.end()
    # A program that keeps no ledger reads on; a screen starts from its cache, and the log goes on.
    claude_home.append(assistant("msg_2", T + 1, usage(2, 2)))
    run.keeper = LedgerKeeper(Ledger.open(tmp_path / "nowhere.db", "here"), PRICER, UTC)
    run.follow()
    run.keeper = LedgerKeeper(ledger, PRICER, UTC)
    run.keeper.start(discover(run.config))
    claude_home.append(assistant("msg_3", T + 2, usage(3, 3)))
    run.follow()
    assert wait_until(lambda: [len(file) for file in content_of(ledger).values()] == [3])
    run.end()
    path.unlink()
    assert len(list_responses(ran(claude_home.folder, ledger))) == 3
