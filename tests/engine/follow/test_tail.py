"""The live count on real files, real watching and a real event loop: always level with a fresh count."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from claude_tui.engine.follow import tail
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query, Totals
from tests.engine.counting import GOLDEN_SETS, PRICER, UTC, config_of, numbered, placeless, reference
from tests.engine.living import living
from tests.logs import ClaudeHome, assistant, line, usage

T = 1_780_000_000_000


def row(number: int, output: int = 10, **more: Any) -> dict[str, Any]:
    return assistant(f"msg_{number}", T + number, usage(100, output), **more)


def outputs(totals: Totals) -> tuple[int, int]:
    return totals.responses, totals.output


async def test_an_append_appears(claude_home: ClaudeHome) -> None:
    claude_home.append(row(1))
    async with living(claude_home.folder) as live:
        assert live.look().totals.responses == 1
        for number in (2, 3):
            claude_home.append(row(number))
            await live.until_counted(number)
        await live.assert_level()


async def test_a_placeholder_is_replaced_by_the_final_row(claude_home: ClaudeHome) -> None:
    claude_home.append(row(1, output=2))
    async with living(claude_home.folder) as live:
        claude_home.append(row(1, output=500))
        await live.until(lambda snapshot: snapshot.totals.output == 500)
        assert live.look().totals.responses == 1
        await live.assert_level()


async def test_a_half_written_line_counts_when_it_is_whole(claude_home: ClaudeHome) -> None:
    claude_home.append(row(1))
    text = line(row(2, slug="ünï\u2028code")).rstrip(b"\n")
    async with living(claude_home.folder) as live:
        for at in range(0, len(text) - 1, 97):
            claude_home.append(text[at : min(at + 97, len(text) - 1)])
            assert (await live.settle()).totals.responses == 1
            await live.assert_level()
        claude_home.append(text[-1:])
        await live.until_counted(2)
        await live.assert_level()
        claude_home.append(b"\n", row(3))
        await live.until_counted(3)
        await live.assert_level()


@pytest.mark.parametrize("part", [b"a" * 50_000, b'{},x}","' * 6_000, b'\\"' * 25_000])
@pytest.mark.parametrize("start", [b'{"type":"file-history-snapshot","x":["', b"x"])
async def test_a_line_that_is_written_slowly_is_read_at_most_twice(
    start: bytes, part: bytes, claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "hints", no_hints)
    monkeypatch.setattr(tail, "SWEEP_S", 3600.0)
    claude_home.append(row(1))
    async with living(claude_home.folder) as live:
        written = len(start)
        claude_home.append(start)
        await live.settle()
        for _ in range(40):
            claude_home.append(part)
            written += len(part)
            await live.settle()
        assert live.tail.work.bytes_read == written
        claude_home.append(b'"]}\n', row(2))
        assert (await live.settle()).totals.responses == 2
        assert live.tail.work.bytes_read <= 2 * written + 4 * len(line(row(2)))
        await live.assert_level()


async def test_an_end_that_nobody_writes_is_named_after_a_minute(claude_home: ClaudeHome) -> None:
    path = claude_home.append(row(1), line(row(2))[:-2])
    now = path.stat().st_mtime
    with time_machine.travel(now + 1, tick=False) as clock:
        async with living(claude_home.folder) as live:
            await live.settle()
            assert not live.look().problems
            clock.move_to(now + 61)
            await live.settle()
            assert dict(live.look().problems) == {"unfinished": 1}
            opened = live.tail.work.files_opened
            await live.assert_level()
            assert live.tail.work.files_opened == opened
            claude_home.append(b"}\n")
            await live.until_counted(2)
            assert not live.look().problems
            await live.assert_level()


async def test_a_file_cut_short_and_grown_again_takes_nothing_back(claude_home: ClaudeHome) -> None:
    path = claude_home.append(row(1), row(2))
    async with living(claude_home.folder) as live:
        os.truncate(path, len(line(row(1))))
        assert outputs((await live.settle()).totals) == (2, 20)
        claude_home.append(row(3), row(4))
        assert outputs((await live.until_counted(4)).totals) == (4, 40)
        claude_home.append(row(2))
        await live.assert_level()


async def test_a_rewritten_file_takes_nothing_back(claude_home: ClaudeHome) -> None:
    path = claude_home.append(row(1), row(2), b"garbage\n")
    async with living(claude_home.folder) as live:
        path.write_bytes(b"".join(line(row(number)) for number in (2, 5, 1, 6)))
        assert outputs((await live.until_counted(4)).totals) == (4, 40)
        await live.assert_level()


async def test_a_replaced_file_is_read_again(claude_home: ClaudeHome) -> None:
    path = claude_home.append(row(1))
    async with living(claude_home.folder) as live:
        other = path.with_name("s1.jsonl.compact.tmp.ab")
        other.write_bytes(line(row(2)) + line(row(3)))
        other.replace(path)
        await live.until_counted(3)
        other.write_bytes(line(row(1)) + line(row(2)) + line(row(3)))
        other.replace(path)
        await live.assert_level()


async def test_new_nested_folders_are_found(claude_home: ClaudeHome) -> None:
    claude_home.append(row(0))
    async with living(claude_home.folder) as live:
        for number in range(1, 30):
            claude_home.append(row(number), project=f"-new{number}", session=f"s{number}", agent="a" * (number % 2))
            if number % 5 == 0:
                await live.until_counted(number + 1)
        await live.until_counted(30)
        await live.assert_level()


async def test_a_root_may_come_later_go_and_come_back(claude_home: ClaudeHome) -> None:
    projects = claude_home.folder / "projects"
    async with living(claude_home.folder) as live:
        assert live.look().totals == Totals()
        claude_home.append(row(1))
        await live.until_counted(1)
        await live.assert_level()
        before = claude_home.append(row(2)).read_bytes()
        await live.until_counted(2)
        shutil.rmtree(projects)
        assert (await live.settle()).totals.responses == 2
        claude_home.append(before, row(3))
        await live.until_counted(3)
        claude_home.append(row(4), project="-other", session="s2")
        await live.until_counted(4)
        await live.assert_level()


async def test_what_cannot_be_read_is_named_until_it_is_gone(claude_home: ClaudeHome) -> None:
    folder = claude_home.append(row(1)).parent
    async with living(claude_home.folder) as live:
        (folder / "dangling.jsonl").symlink_to(folder / "nowhere")
        os.mkfifo(folder / "fifo.jsonl")
        (folder / "folder.jsonl").mkdir()
        claude_home.append(row(2), b"garbage\n")
        await live.until(lambda snapshot: dict(snapshot.problems) == {"unreadable": 2, "malformed": 1})
        named = {Path(problem.path).name for problem in live.monitor.store.problems}
        assert named == {"dangling.jsonl", "fifo.jsonl", "s1.jsonl"}
        await live.assert_level()
        revision = live.look().revision
        assert (await live.settle()).revision == revision
        (folder / "dangling.jsonl").unlink()
        (folder / "fifo.jsonl").unlink()
        await live.assert_level()
        assert dict(live.look().problems) == {"malformed": 1}


async def test_links_are_followed_once_and_loops_end(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(row(1), b"garbage\n")
    elsewhere = ClaudeHome(tmp_path / "elsewhere")
    other = elsewhere.append(row(2), b"garbage\n", project="-other", session="s2")
    projects = claude_home.folder / "projects"
    (projects / "-linked").symlink_to(other.parent)
    (projects / "-again").symlink_to(other.parent)
    (projects / "-loop").symlink_to(projects)
    async with living(claude_home.folder) as live:
        (projects / "-z").mkdir()
        os.link(path, projects / "-z" / path.name)
        (projects / "--first").symlink_to(other.parent)
        (projects / "-home-user-project" / "back").symlink_to(path.parent)
        await live.settle()
        claude_home.append(row(3), b"garbage\n")
        await live.until_counted(3)
        elsewhere.append(row(4), b"garbage\n", project="-other", session="s2")
        assert (await live.settle()).totals.responses == 4
        assert (live.tail.files, dict(live.look().problems)) == (2, {"malformed": 4})
        await live.assert_level()


async def test_unchanged_files_are_not_opened_and_an_append_costs_its_bytes(claude_home: ClaudeHome) -> None:
    for number in range(40):
        claude_home.append(row(number), session=f"s{number}", project=f"-p{number % 7}")
    async with living(claude_home.folder) as live:
        opened, read = live.tail.work.files_opened, live.tail.work.bytes_read
        assert (opened, read) == (0, 0)
        for _ in range(3):
            await live.settle()
        assert (live.tail.work.files_opened, live.tail.work.bytes_read) == (0, 0)
        claude_home.append(row(100), session="s7", project="-p0")
        await live.until_counted(41)
        await live.settle()
        assert live.tail.work.bytes_read == len(line(row(100)))
        claude_home.append(row(101), row(102), session="s3", project="-p3")
        await live.until_counted(43)
        await live.settle()
        assert live.tail.work.bytes_read == sum(len(line(row(number))) for number in (100, 101, 102))
        # One that changed without growing may have been rewritten: it is read once, and no others.
        os.utime(claude_home.path("s5", "-p5"))
        for _ in range(2):
            await live.settle()
        assert live.tail.work.bytes_read == sum(len(line(row(number))) for number in (100, 101, 102, 5))


async def test_deleted_files_keep_their_numbers(claude_home: ClaudeHome) -> None:
    first = claude_home.append(row(1))
    claude_home.append(row(2), session="s2")
    async with living(claude_home.folder) as live:
        first.unlink()
        claude_home.append(row(3), session="s2")
        await live.until_counted(3)
        assert [found.key for found in placeless(reference(claude_home.folder))] == [
            numbered("msg_2"),
            numbered("msg_3"),
        ]
        claude_home.append(row(1))
        await live.assert_level()


async def test_a_renamed_folder_changes_no_number(claude_home: ClaudeHome) -> None:
    folder = claude_home.append(row(1), row(2)).parent
    claude_home.append(row(3, agentId="a1"), agent="a1")
    async with living(claude_home.folder) as live:
        before = live.look().totals
        folder.rename(folder.with_name("-renamed"))
        await live.settle()
        assert live.look().totals == before
        claude_home.append(row(4), project="-renamed")
        await live.until_counted(4)
        await live.assert_level()


async def test_a_link_out_of_the_logs_is_named_and_not_followed(claude_home: ClaudeHome, tmp_path: Path) -> None:
    path = claude_home.append(row(1))
    outside = ClaudeHome(tmp_path / "elsewhere").append(row(2))
    async with living(claude_home.folder) as live:
        path.with_name("link.jsonl").symlink_to(outside)
        await live.settle()
        assert dict(live.look().problems) == {"unreadable": 1}
        await live.assert_level()
        path.unlink()
        path.symlink_to(outside)
        await live.settle()
        assert live.look().totals.responses == 1
        path.unlink()
        path.with_name("link.jsonl").unlink()
        await live.settle()
        assert not live.look().problems


async def test_hints_alone_tell_of_files_that_appear_grow_and_are_replaced(
    claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "SWEEP_S", 3600.0)
    path = claude_home.append(row(1))
    async with living(claude_home.folder) as live:
        await live.until_swept(3)  # the last one says that from now on it watches
        claude_home.append(row(2), session="s2")
        await live.until_counted(2)
        claude_home.append(row(3), session="s2")
        await live.until_counted(3)
        other = path.with_name("s1.tmp")
        other.write_bytes(line(row(1)) + line(row(4)))
        other.replace(path)
        await live.until_counted(4)
        path.rename(path.with_name("s9.jsonl"))
        claude_home.append(row(5), session="s9")
        await live.until_counted(5)
        assert live.tail.work.sweeps == 3


async def no_hints(roots: object) -> AsyncIterator[set[str]]:
    await asyncio.Event().wait()
    yield set()


async def test_sweeps_alone_lose_nothing(claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "hints", no_hints)
    monkeypatch.setattr(tail, "SWEEP_S", 0.02)
    claude_home.append(row(1))
    async with living(claude_home.folder) as live:
        claude_home.append(row(2))
        claude_home.append(row(3), session="s2", agent="a1", project="-new")
        await live.until_counted(3)
        await live.assert_level()


async def test_where_no_hints_come_the_newest_files_are_looked_at_often(
    claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "needs_polling", lambda root: True)
    monkeypatch.setattr(tail, "SWEEP_S", 3600.0)
    claude_home.append(row(1))
    async with living(claude_home.folder) as live:
        assert live.look().progress.phase is Phase.POLLING
        claude_home.append(row(2))
        await live.until_counted(2)


async def test_stopping_in_the_middle_of_the_first_read_ends_it(claude_home: ClaudeHome) -> None:
    for number in range(600):
        claude_home.append(row(number), session=f"s{number}")
    monitor = Monitor(Setup(config_of(claude_home.folder), PRICER, UTC))
    running, loop = asyncio.create_task(monitor.run()), asyncio.get_running_loop()

    def stop() -> None:
        loop.call_soon_threadsafe(running.cancel)

    monitor.subscribe(stop)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert monitor.snapshot(Query(), T).progress.phase is Phase.STOPPED


async def test_names_that_are_no_utf8_are_followed(claude_home: ClaudeHome, tmp_path: Path) -> None:
    strange = ClaudeHome(tmp_path / "root\udcff")
    strange.append(row(1), project="-a\udcff\nb")
    async with living(claude_home.folder, strange.folder) as live:
        assert live.look().totals.responses == 1
        strange.append(row(2), project="-a\udcff\nb")
        claude_home.append(row(3), session="s\udcfe", project="-\udcfd")
        await live.settle()
        await live.until_counted(3)
        await live.assert_level()


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
async def test_real_logs_fed_in_pieces_come_to_the_same(folder: Path, tmp_path: Path) -> None:
    chance = random.Random(folder.name)
    waiting: dict[Path, bytes] = {}
    for path in sorted((folder / "projects").rglob("*")):
        if path.is_file():
            target = tmp_path / path.relative_to(folder)
            if path.suffix == ".jsonl":
                waiting[target] = path.read_bytes()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    async with living(tmp_path) as live:
        while waiting:
            path = chance.choice(list(waiting))
            data = waiting.pop(path)
            cut = len(data)
            if chance.random() < 0.7:
                cut = chance.randrange(cut + 1) if chance.random() < 0.5 else data.find(b"\n", cut // 3) + 1 or cut
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as log:
                log.write(data[:cut])
            if data[cut:]:
                waiting[path] = data[cut:]
            if chance.random() < 0.2:
                await live.settle()
        await live.assert_level()
        assert placeless(list_responses(live.monitor.store)) == placeless(reference(folder))


async def test_random_faults_leave_the_count_level(claude_home: ClaudeHome) -> None:
    chance = random.Random(5)
    number = 0
    everything: dict[Path, list[dict[str, Any]]] = {}
    async with living(claude_home.folder) as live:
        for _ in range(150):
            what = chance.random()
            paths = sorted(path for path in everything if path.exists())
            if what < 0.6 or not paths:
                number += 1
                new = row(number if chance.random() < 0.8 else chance.randrange(1, number + 1), chance.randrange(99))
                path = claude_home.append(new, session=f"s{chance.randrange(4)}", project=f"-p{chance.randrange(3)}")
                everything.setdefault(path, []).append(new)
            elif what < 0.7:
                os.truncate(chance.choice(paths), chance.randrange(400))
            elif what < 0.8:
                chance.choice(paths).unlink()
            elif what < 0.9:
                path = chance.choice(paths)
                temporary = path.with_name("x.tmp")
                temporary.write_bytes(b"".join(map(line, everything[path])))
                temporary.replace(path)
            else:
                await live.settle()
        await live.settle()
        for path, its in everything.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(map(line, its)))
        await live.assert_level()


async def test_refreshing_and_looking_from_other_threads_is_harmless(claude_home: ClaudeHome) -> None:
    claude_home.append(row(1))
    async with living(claude_home.folder) as live:

        def look(number: int) -> int:
            live.monitor.refresh()
            assert len(live.monitor.turns("s1")) >= 1
            return live.monitor.snapshot(live.look().query, T + number).totals.responses

        looking = [asyncio.to_thread(look, number) for number in range(40)]
        for number in range(2, 12):
            claude_home.append(row(number))
        assert all(found >= 1 for found in await asyncio.gather(*looking))
        await live.until_counted(11)
        await live.assert_level()


async def test_a_listener_that_fails_stops_nothing(claude_home: ClaudeHome) -> None:
    claude_home.append(row(1))
    async with living(claude_home.folder) as live:

        def fail() -> None:
            raise ValueError("a listener's mistake")

        live.monitor.subscribe(fail)
        claude_home.append(row(2))
        await live.until_counted(2)


@pytest.mark.parametrize(
    ("sweep_s", "is_polling", "pause_s"),
    [
        (0.001, False, 5.0),
        (0.001, True, 5.0),
        (0.03, False, 18.0),
        (0.03, True, 5.0),
        (0.2, False, 30.0),
        (1.0, False, 100.0),
    ],
)
async def test_sweeps_take_little_of_the_time(
    sweep_s: float, is_polling: bool, pause_s: float, claude_home: ClaudeHome
) -> None:
    claude_home.append(assistant("msg_1", T, usage(1, 1)))
    async with living(claude_home.folder) as live:
        live.tail.work.last_sweep_s, live.tail.is_polling = sweep_s, is_polling
        assert live.tail._pause_s() == pytest.approx(pause_s)
