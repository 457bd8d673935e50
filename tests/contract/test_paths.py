from __future__ import annotations

import stat
from pathlib import Path

import pytest

from claude_tui import paths

FOLDERS = [
    ("CONFIG", paths.config_folder),
    ("CACHE", paths.cache_folder),
    ("DATA", paths.data_folder),
    ("STATE", paths.state_folder),
]


@pytest.mark.parametrize(("kind", "folder"), FOLDERS)
def test_xdg_variables_decide(kind, folder, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert folder({f"XDG_{kind}_HOME": str(tmp_path)}) == tmp_path / "claude-top"


@pytest.mark.parametrize(("kind", "folder"), FOLDERS)
@pytest.mark.parametrize("value", ["", "relative/path"])
def test_invalid_xdg_variables_are_ignored(kind, folder, value, own_home: Path) -> None:  # type: ignore[no-untyped-def]
    chosen = folder({f"XDG_{kind}_HOME": value})
    assert chosen.is_relative_to(own_home)
    assert chosen.name == "claude-top"


def test_the_four_folders_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, _ in FOLDERS:
        monkeypatch.delenv(f"XDG_{kind}_HOME")
    assert len({folder() for _, folder in FOLDERS}) == 4


def test_a_missing_folder_is_created_for_its_owner_alone(tmp_path: Path) -> None:
    wanted = tmp_path / "a" / "b"
    assert paths.create_private(wanted) == wanted
    assert stat.S_IMODE(wanted.stat().st_mode) == 0o700
    assert paths.create_private(wanted) == wanted


@pytest.mark.parametrize("name", ["file/below", "with\0nul", "x" * 300])
def test_a_folder_that_cannot_be_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    assert paths.create_private(tmp_path / name) is None
