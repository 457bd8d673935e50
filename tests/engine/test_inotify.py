from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from random import Random
from typing import Any

import pytest

if sys.platform != "linux":
    pytest.skip("Linux alone has inotify", allow_module_level=True)

from claude_tui.engine import inotify
from claude_tui.engine.inotify import Watches, changes


@pytest.fixture
def watches(tmp_path: Path) -> Iterator[Watches]:
    found = Watches()
    found.add_root(str(tmp_path))
    yield found
    os.close(found.fd)


def told(watches: Watches) -> set[str]:
    """All that is told by now; new folders are watched, as `changes` does it."""
    found: set[str] = set()
    while True:
        changed, folders = watches.take()
        for folder in folders:
            watches.add(folder)
        found |= changed
        if not changed:
            return found


def covers(told: set[str], path: Path) -> bool:
    """Whether a path or a folder above was told of, by whatever name."""
    real = Path(os.path.realpath(path))
    names = {*map(str, (path, *path.parents, real, *real.parents))}
    return not names.isdisjoint(told) or not names.isdisjoint(map(os.path.realpath, told))


class Tree:
    """Folders and files that something happens to again and again, some of it through links to a folder elsewhere."""

    def __init__(self, root: Path, seed: int, has_links: bool) -> None:
        self.root, self._rng, self._count = root, Random(seed), 0
        self._steps = [self._make, self._write, self._append, self._move, self._take_away, self._bring, self._remove]
        self._far, self._away = root.with_name("far"), root.with_name("away")
        self._far.mkdir()
        self._away.mkdir()
        if has_links:
            self._steps += [self._link, self._write_far]

    def files(self) -> list[Path]:
        return [Path(top, name) for top, _, names in os.walk(self.root, followlinks=True) for name in names]

    def step(self) -> Path:
        """Let something happen; returns the path that has to be looked at."""
        return self._rng.choice(self._steps)()

    def _new(self, folder: Path | None = None) -> Path:
        self._count += 1
        name = self._rng.choice(("node_modules", "ü", "\udcff", "a b", ".git"))
        return (folder or self._folder()) / f"{name}{self._count}"

    def _folder(self) -> Path:
        return self._rng.choice([self.root, *(Path(top) for top, _, _ in os.walk(self.root))])

    def _make(self) -> Path:
        folder = self._new() / "below"
        folder.mkdir(parents=True)
        return self._written(folder / "s.jsonl")

    def _write(self) -> Path:
        return self._written(self._new())

    def _written(self, path: Path) -> Path:
        path.write_text("x")
        return path

    def _append(self) -> Path:
        with (path := self._rng.choice(self.files() or [self._new()])).open("a") as file:
            file.write("y")
        return path

    def _move(self) -> Path:
        folder, target = self._folder(), self._new()
        if folder == self.root or target.is_relative_to(folder):
            return self._write()
        return folder.rename(target)

    def _take_away(self) -> Path:
        folder = self._folder()
        if folder == self.root:
            return self._write()
        folder.rename(self._new(self._away))
        return folder

    def _bring(self) -> Path:
        taken = list(self._away.iterdir())
        return self._rng.choice(taken).rename(self._new()) if taken else self._write()

    def _remove(self) -> Path:
        links = [Path(top, name) for top, names, _ in os.walk(self.root) for name in names]
        path = self._rng.choice(
            [path for path in (*links, *self.files()) if not path.is_dir() or path.is_symlink()] or [self._write()]
        )
        path.unlink()
        return path

    def _link(self) -> Path:
        path = self._new()
        path.symlink_to(self._far)
        return path

    def _write_far(self) -> Path:
        path = self._written(self._new(self._far))
        links = [Path(top, name) for top, names, _ in os.walk(self.root) for name in names]
        return next((link / path.name for link in links if link.is_symlink()), self._write())


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("at_once", [1, 7])
@pytest.mark.parametrize("has_links", [False, True])
def test_what_happens_is_told_of_itself_or_of_a_folder_above(
    has_links: bool, at_once: int, seed: int, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    tree, watches = Tree(root, seed, has_links), Watches()
    watches.add_root(str(root))
    for _ in range(80 // at_once):
        happened = [tree.step() for _ in range(at_once)]
        found = told(watches)
        for path in happened:
            assert covers(found, path) or not (watches.are_whole and os.path.lexists(path)), (path, found)
        if not watches.are_whole:
            assert has_links
            os.close(watches.fd)
            watches = Watches()
            watches.add_root(str(root))
    for path in tree.files():  # every one that is there now is told of under a name that leads to it
        path.write_text("more")
        assert covers(told(watches), path), path
    os.close(watches.fd)


def test_a_folder_that_went_elsewhere_is_told_of_no_longer(watches: Watches, tmp_path: Path) -> None:
    away = tmp_path.with_name(tmp_path.name + "-away")
    (tmp_path / "a" / "b").mkdir(parents=True)
    told(watches)
    (tmp_path / "a").rename(away)
    told(watches)
    (away / "b" / "file").write_text("x")
    assert told(watches) == set()


def test_a_lost_event_and_a_root_that_goes_are_said(tmp_path: Path) -> None:
    queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if queue > 100_000:
        pytest.skip("a queue as long as this is not filled in a test")
    root = tmp_path / "root"
    for way in ("overflow", "removed", "moved"):
        root.mkdir()
        watches = Watches()
        watches.add_root(str(root))
        (root / "file").write_text("x")
        assert told(watches) and watches.are_whole
        if way == "overflow":
            for number in range(queue // 2 + 10):
                (root / f"{number % 50}-{number}").touch()
        if way == "moved":
            root.rename(tmp_path / "elsewhere")
        else:
            for path in root.iterdir():
                path.unlink()
            if way == "removed":
                root.rmdir()
        told(watches)
        assert not watches.are_whole, way
        os.close(watches.fd)
        if way == "overflow":
            root.rmdir()


def test_links_in_a_circle_end_and_what_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "closed").mkdir(mode=0o000)
    watches = Watches()
    watches.add_root(str(tmp_path))
    (tmp_path / "a" / "b" / "file").write_text("x")
    assert any(path.endswith("/b/file") for path in told(watches))
    os.close(watches.fd)


LIBC = inotify._libc


class Limited:
    """Linux with a limit of watches."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __getattr__(self, name: str) -> Any:
        return getattr(LIBC, name)

    def inotify_add_watch(self, *arguments: Any) -> int:
        self.left -= 1
        if self.left < 0:
            ctypes.set_errno(errno.ENOSPC)
            return -1
        return int(LIBC.inotify_add_watch(*arguments))


async def test_the_limit_of_watches_is_said_at_the_start_and_for_a_folder_made_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(os.listdir("/proc/self/fd"))
    for number in range(3):
        (tmp_path / f"{number}").mkdir()
    monkeypatch.setattr(inotify, "_libc", Limited(3))
    with pytest.raises(OSError, match="No space") as raised:
        await anext(changes([str(tmp_path)], 1.0))
    assert raised.value.errno == errno.ENOSPC
    monkeypatch.setattr(inotify, "_libc", Limited(4))
    telling = changes([str(tmp_path)], 60.0)
    assert await anext(telling) == set()
    (tmp_path / "4").mkdir()
    with pytest.raises(OSError, match="No space"):
        await anext(telling)
    assert set(os.listdir("/proc/self/fd")) == before


async def test_a_root_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await anext(changes([str(tmp_path / "none")], 1.0))


async def test_what_is_written_together_is_told_together(tmp_path: Path) -> None:
    async with aclosing(changes([str(tmp_path)], 60.0)) as telling:
        assert await anext(telling) == set()
        for number in range(3):
            paths = {tmp_path / f"{number}-{other}" for other in range(5)}
            for path in paths:
                path.write_text("x")
            assert await anext(telling) == set(map(str, paths))
