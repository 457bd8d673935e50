from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_tui import files

if sys.platform == "win32":
    pytest.skip("modes, links and pipes as Unix has them", allow_module_level=True)


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    """A pipe that nobody writes to must not be waited for: here that ends the test at once."""
    signal.alarm(20)
    yield
    signal.alarm(0)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_follows_the_umask_unless_it_is_ours_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    asked, ours, old = tmp_path / "asked", tmp_path / "ours", tmp_path / "old"
    old.write_bytes(b"before")
    old.chmod(0o664)
    files.replace(asked, b"1")
    files.replace(ours, [b"2", b"3"], files.OWN, is_durable=True)
    files.replace(old, b"4", files.OWN)
    assert [(mode(path), path.read_bytes()) for path in (asked, ours, old)] == [
        (0o640, b"1"),
        (0o600, b"23"),
        (0o664, b"4"),
    ]
    assert sorted(os.listdir(tmp_path)) == ["asked", "old", "ours"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real, link, dangling = tmp_path / "dotfiles/config.toml", tmp_path / "config.toml", tmp_path / "new.toml"
    real.write_bytes(b"before")
    link.symlink_to("dotfiles/config.toml")
    dangling.symlink_to(tmp_path / "dotfiles/new.toml")
    files.replace(link, b"after")
    files.replace(dangling, b"new", files.OWN)
    assert link.is_symlink() and real.read_bytes() == b"after"
    assert dangling.is_symlink() and (tmp_path / "dotfiles/new.toml").read_bytes() == b"new"
    (tmp_path / "whole").write_bytes(b"put")
    files.put(tmp_path / "whole", link)
    assert link.is_symlink() and real.read_bytes() == b"put" and not (tmp_path / "whole").exists()


def test_a_link_that_others_may_have_planted_is_refused(tmp_path: Path) -> None:
    shared, victim = tmp_path / "shared", tmp_path / "victim"
    shared.mkdir()
    shared.chmod(0o1777)
    victim.write_bytes(b"precious")
    (shared / "now.json").symlink_to(victim)
    (tmp_path / "mine.json").symlink_to(shared / "now.json")  # by way of one's own link, too
    for path in (shared / "now.json", tmp_path / "mine.json"):
        with pytest.raises(PermissionError, match="another user may have placed there"):
            files.replace(path, b"x")
    assert victim.read_bytes() == b"precious" and os.listdir(shared) == ["now.json"]
    files.replace(shared / "own.json", b"x")
    assert (shared / "own.json").read_bytes() == b"x"


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.replace(path, breaking())
    assert path.read_bytes() == b"before" and os.listdir(tmp_path) == ["file"]
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        files.replace(loop, b"x")
    with pytest.raises(IsADirectoryError):
        files.replace(tmp_path, b"x")


def test_a_device_is_written_to_and_stays_one() -> None:
    files.replace(os.devnull, b"x")
    assert not Path(os.devnull).is_file()


def test_only_regular_files_of_a_bounded_size_are_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert files.read(path, 10) == b"x" * 10
    with pytest.raises(OSError, match="more than 9 bytes"):
        files.read(path, 9)
    os.mkfifo(tmp_path / "pipe")
    for other in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="not a regular file"):
            files.read(other)
    with pytest.raises(IsADirectoryError, match="a folder"):
        files.read_text(tmp_path)
