"""Folders are shown by the desktop's own program, if they are folders and there is a desktop; no shell sees a path."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from queue import Queue

import pytest

from claude_tui.ui.terminal import opener

DESKTOP: Mapping[str, str] = {"DISPLAY": ":0"}


def program(folder: Path, name: str, script: str) -> Path:
    """A program of ours that stands for the desktop's."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return path


def test_a_folder_is_shown_whatever_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program(tmp_path / "bin", "xdg-open", f'printf "%s" "$#:$1" >"{tmp_path}/told"\nexit 3')
    said = Queue[str]()
    for name in ("$(touch stain)", "; touch stain", "-h", "a b\n'\"`touch stain`", "日本"):
        folder = tmp_path / name
        folder.mkdir()
        words = opener.command(str(folder), {**DESKTOP, "PATH": str(tmp_path / "bin")}, "linux")
        opener.start(words, said.put)
        assert said.get(timeout=60) == "xdg-open could not show it (it ended with 3)"
        assert (tmp_path / "told").read_text() == f"1:{folder}"
    assert not list(tmp_path.rglob("stain"))


@pytest.mark.parametrize(
    ("env", "platform", "reason"),
    [
        ({}, "linux", "no desktop to show it on"),
        ({"SSH_CONNECTION": "1"}, "linux", "no desktop to show it on over ssh"),
        ({"SSH_TTY": "/dev/pts/1"}, "darwin", "no desktop to show it on over ssh"),
        ({"DISPLAY": ":0", "PATH": "/nowhere"}, "linux", "xdg-open is not there to show it with"),
        ({"PATH": "/nowhere"}, "darwin", "open is not there to show it with"),
    ],
)
def test_why_it_cannot_be_shown(env: dict[str, str], platform: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(opener.NotShown, match=f"^{reason}$"):
        opener.command(str(tmp_path), env, platform)


def test_only_folders_are_shown(tmp_path: Path) -> None:
    env = {**DESKTOP, "PATH": str(program(tmp_path / "bin", "xdg-open", "").parent)}
    (tmp_path / "run.sh").write_text("")
    for path in (str(tmp_path / "run.sh"), str(tmp_path / "gone"), "relative", "", "https://example.com", "/\0", "-a"):
        with pytest.raises(opener.NotShown):
            opener.command(path, env, "linux")


def test_a_folder_that_is_a_program_is_shown_where_it_lies(tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "open", "")
    env, app, plain = {"PATH": os.fspath(path.parent)}, tmp_path / "Game.app", tmp_path / "plain"
    app.mkdir()
    plain.mkdir()
    assert opener.command(f"{app}/", env, "darwin") == [str(path), "-R", f"{app}/"]
    assert opener.command(str(plain), env, "darwin") == [str(path), str(plain)]
