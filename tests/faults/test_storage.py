# ruff: noqa: ASYNC221, ASYNC240 -- nothing else runs while a test damages files
"""Folders of our own that are full, read-only, damaged or lied about: the numbers stay those of the logs."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from claude_tui import paths
from claude_tui.engine import saver
from claude_tui.engine.cache import cache
from claude_tui.engine.cache.schema import SCHEMA
from claude_tui.engine.cache.section_file import END, Sections
from claude_tui.engine.count import count
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.batch import Packed
from claude_tui.model import Phase, Query, Snapshot
from tests.engine.counting import NOW_MS, PRICER, UTC, assert_sums_agree, config_of
from tests.faults.level import Kept, Shadowed, assert_level, canonical, expected, fresh, kept, row, said, write_many

FLIPS = int(os.environ.get("CACHE_FLIPS", "150"))
"""Bits flipped; the long form flips more."""


@pytest.fixture
def home(own_home: Path) -> Shadowed:
    return Shadowed(own_home / ".claude")


@pytest.fixture
def small_disk(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of 256 KiB under the cache, the ledger and the state."""
    if not shutil.which("mount"):
        pytest.skip("cannot mount")
    disk = own_home / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(disk)], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip("may not mount")
    for kind in ("CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(disk / kind.lower()))
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def troubles(snapshot: Snapshot) -> tuple[str, str]:
    return snapshot.progress.detail, snapshot.progress.history


def complains(snapshot: Snapshot) -> bool:
    return "not saved" in snapshot.progress.detail and "ledger not written" in snapshot.progress.history


async def test_a_full_disk_costs_the_history_and_says_so_and_is_made_good(
    home: Shadowed, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "SAVE_INTERVAL_S", 0.05)
    write_many(home, 20, 40)
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="space"), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(512))
    async with kept(home.folder) as live:
        await live.until(complains)
        write_many(home, 1, 40, start=10_000)
        await live.until_counted(840)
        assert canonical(said(await live.settle())) == expected(home.folder) == fresh(home.folder)
        filler.unlink()
        home.append(row(20_000))
        await live.until_counted(841)
    assert_level(live.look(), home.folder)
    assert_all_is_kept(home)


def assert_all_is_kept(home: Shadowed) -> None:
    """Whatever the logs say is said without them too."""
    whole = expected(home.folder)
    shutil.rmtree(home.folder / "projects")
    assert fresh(home.folder) == whole


async def test_a_home_where_nothing_can_be_written_costs_only_what_would_be_kept(
    home: Shadowed, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where a folder should be stops root too.
    (own_home / "blocked").write_text("")
    for kind in ("CONFIG", "CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(own_home / "blocked" / kind))
    monkeypatch.setattr(saver, "SAVE_INTERVAL_S", 0.05)
    home.append(row(1))
    async with kept(home.folder) as live:
        home.append(row(2))
        await live.until_counted(2)
        await live.until(complains)
        assert_level(await live.settle(), home.folder)


async def test_counts_that_fit_no_cache_are_followed_and_remembered(home: Shadowed) -> None:
    home.append(row(1, output=2**52))
    async with kept(home.folder) as live:
        await live.until(lambda snapshot: "numbers of more than 64 bits" in snapshot.progress.detail)
        home.append(row(2, output=2**52))
        await live.until_counted(2)
        assert_level(await live.settle(), home.folder)
    shutil.rmtree(home.folder / "projects")
    async with kept(home.folder) as live:
        assert live.look().totals.output == 2**53


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
async def test_a_read_only_file_system_costs_only_what_would_be_kept(
    home: Shadowed, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "SAVE_INTERVAL_S", 0.05)
    home.append(row(1))
    async with kept(home.folder):
        pass
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    async with kept(home.folder) as live:
        home.append(row(2))
        await live.until_counted(2)
        await live.until(complains)
        assert_level(await live.settle(), home.folder)
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        home.append(row(3))
        await live.until(lambda snapshot: snapshot.totals.responses == 3 and not any(troubles(snapshot)))
    assert_all_is_kept(home)


def warm(folder: Path) -> tuple[str, str]:
    """What a count with the cache makes of it, from its sums and from each response."""
    store = count(Setup(config_of(folder), PRICER, UTC, cache_folder=paths.cache_folder()), processes=0)
    sums = canonical(said(SnapshotMaker(store).take(Query(), NOW_MS)))
    return sums, canonical(said(assert_sums_agree(store)))


@pytest.fixture
async def cached(home: Shadowed) -> Path:
    """A cache, in full, of logs with every rare thing a cache keeps."""
    write_many(home, 12, 30)
    home.append(b"garbage\n", {"type": "custom-title", "customTitle": "Fix the door", "sessionId": "s1"}, row(9_000))
    async with kept(home.folder):
        pass
    (paths.data_folder() / "ledger.db").unlink()
    (made,) = paths.cache_folder().iterdir()
    return made


@pytest.mark.timeout(120 + FLIPS)
async def test_a_flipped_bit_in_the_cache_is_noticed_or_harmless(home: Shadowed, cached: Path) -> None:
    whole = expected(home.folder)
    sound = {path.name: path.read_bytes() for path in cached.iterdir() if path.name != "lock"}
    assert len(sound) == 2
    chosen = random.Random(7)
    for number in range(FLIPS):
        name = chosen.choice(sorted(sound))
        flipped = bytearray(sound[name])
        # Half of them where a flip tells most: the index.
        at = chosen.randrange(8 * (1_500 if number % 2 else len(flipped)))
        flipped[at // 8] ^= 1 << at % 8
        for other, data in sound.items():
            (cached / other).write_bytes(flipped if other == name else data)
        try:
            sums, single = warm(home.folder)
        except Exception as error:
            raise AssertionError(f"bit {at} of {name}") from error
        assert sums == single == whole, f"bit {at} of {name}"


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "a byte": lambda data: data[:1],
    "only the magic": lambda data: data[-22:],
    "half": lambda data: data[: len(data) // 2],
    "all but a byte": lambda data: data[:-1],
    "garbage": lambda data: random.Random(1).randbytes(len(data)),
    "nothing but zeros": lambda data: bytes(len(data)),
    "a promise of much": lambda data: data[: -END.size] + b"\xff" * 8 + data[8 - END.size :],
    "twice": lambda data: data + data,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("which", ["head", "table"])
async def test_a_damaged_cache_is_read_as_none_and_made_again(
    home: Shadowed, cached: Path, which: str, damage: Callable[[bytes], bytes]
) -> None:
    whole = expected(home.folder)
    (path,) = cached.glob(f"{which}*")
    path.write_bytes(damage(path.read_bytes()))
    assert warm(home.folder) == (whole, whole)
    home.append(row(9_001))
    async with kept(home.folder) as live:
        assert canonical(said(live.look())) == expected(home.folder)
    assert warm(home.folder)[0] == expected(home.folder)


def flip_in(path: Path, section: str) -> None:
    """Turn one bit round in the middle of a section."""
    found = Sections(path)
    offset, size, _ = found._index[section]
    data = bytearray(path.read_bytes())
    data[offset + size // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("what", ["checkpoints", "responses", "a shorter log", "a log that is gone"])
async def test_a_cache_that_is_given_up_after_the_first_picture_is_not_counted_twice(
    what: str, home: Shadowed, cached: Path
) -> None:
    (head,), (table,) = cached.glob("head"), cached.glob("table*")
    log = next((home.folder / "projects").rglob("s0-3.jsonl"))
    if what == "checkpoints":
        flip_in(head, "checkpoints")
    elif what == "responses":
        flip_in(table, "key")
    elif what == "a shorter log":
        log.write_bytes(log.read_bytes().partition(b"\n")[0] + b"\n")
    else:
        log.unlink()
    async with kept(home.folder) as live:
        assert canonical(said(live.look())) == expected(home.folder)


async def test_head_and_table_of_different_times_or_missing_are_noticed(home: Shadowed, cached: Path) -> None:
    older = cached.with_name("older")
    shutil.copytree(cached, older)
    home.append(row(9_001))
    async with kept(home.folder):
        pass
    whole = expected(home.folder)
    (older_table,) = older.glob("table*")
    (table,) = cached.glob("table*")
    shutil.copyfile(older_table, table)
    assert warm(home.folder) == (whole, whole)
    table.unlink()
    assert warm(home.folder) == (whole, whole)


async def test_a_cache_of_another_schema_zone_or_price_is_another_cache(
    home: Shadowed, cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "SCHEMA", SCHEMA + 1)
    for path in cached.iterdir():
        path.write_bytes(b"of an older program")
    assert warm(home.folder)[0] == expected(home.folder)


async def test_files_of_ours_are_for_their_owner_alone(home: Shadowed, own_home: Path) -> None:
    home.append(row(1))
    async with kept(home.folder):
        pass
    made = [path for kind in ("cache", "data", "state") for path in (own_home / f".{kind}").rglob("*")]
    assert {path.name.partition("-")[0] for path in made} >= {"head", "table", "ledger.db"}
    wrong = {path.name: oct(path.stat().st_mode) for path in made if path.stat().st_mode & 0o077}
    assert wrong == {}


async def test_what_is_saved_while_a_file_is_read_does_not_say_it_was_counted(
    home: Shadowed, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.append(row(1))
    async with kept(home.folder) as live:
        store, opening = live.monitor.store, live.monitor._opening
        take_in, saved = store.take_in, paths.cache_folder().with_name("saved")

        def save_and_take_in(found: Packed) -> bool:
            assert opening.save()
            shutil.copytree(paths.cache_folder(), saved, dirs_exist_ok=True)
            return take_in(found)

        monkeypatch.setattr(store, "take_in", save_and_take_in)
        home.append(row(2))
        await live.until_counted(2)
    shutil.rmtree(paths.cache_folder())
    saved.rename(paths.cache_folder())
    assert warm(home.folder)[0] == expected(home.folder)


async def test_a_monitor_that_has_stopped_writes_nothing_more(home: Shadowed, monkeypatch: pytest.MonkeyPatch) -> None:
    home.append(row(1))
    is_saving, is_stopping, finished = threading.Event(), threading.Event(), []
    async with kept(home.folder) as live:
        opening = live.monitor._opening
        save = opening.save

        def save_slowly(is_sound: Callable[[], bool]) -> bool:
            is_saving.set()
            is_stopping.wait(0.5)  # nobody sets it where the last save waits for this one, as it should
            finished.append(save(is_sound))
            return finished[-1]

        monkeypatch.setattr(opening, "save", save_slowly)
        home.append(row(2))
        await live.until_counted(2)
        in_thread = threading.Thread(target=live.monitor.saver.save)
        in_thread.start()
        await asyncio.to_thread(is_saving.wait)
    is_stopping.set()
    saves = len(finished)
    in_thread.join()
    assert saves == len(finished)
    assert warm(home.folder)[0] == expected(home.folder)


@pytest.mark.parametrize(("name", "value"), [("FIRST_PICTURE_S", 3600.0), ("MAX_UNKEPT", 0)])
async def test_the_first_count_is_kept_whenever_the_ledger_gets_it(
    name: str, value: float, home: Shadowed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, name, value)
    write_many(home, 12, 30)
    whole = expected(home.folder)
    async with kept(home.folder):
        pass
    shutil.rmtree(home.folder / "projects")
    shutil.rmtree(paths.cache_folder())
    async with kept(home.folder) as live:
        assert canonical(said(live.look())) == whole


async def test_what_is_said_to_be_live_is_whole_where_checkpoints_are_damaged(home: Shadowed, cached: Path) -> None:
    (head,) = cached.glob("head")
    flip_in(head, "checkpoints")
    live = Kept(home.folder, has_ledger=False)  # with one they are needed sooner
    live.look()
    running = asyncio.create_task(live.monitor.run())
    shown = await live.until(lambda snapshot: snapshot.progress.phase is Phase.LIVE)
    assert canonical(said(shown)) == expected(home.folder)
    running.cancel()
    await asyncio.wait([running])
