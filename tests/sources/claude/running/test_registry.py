from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_tui.sources.claude.running.registry import (
    RegistryEntry,
    is_alive,
    process_start,
    read_entry,
    registry_folders,
)
from claude_tui.sources.protocol import SourceConfig

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="start times are read from /proc")


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as started:
        yield started
        started.kill()


def test_an_entry_is_read_as_the_client_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "4242.json"
    path.write_text(
        json.dumps({
            "pid": 4242, "sessionId": "s1", "cwd": "/home/user/project", "startedAt": 1, "procStart": "20095994",
            "version": "2.1.329", "kind": "interactive", "status": "busy", "statusUpdatedAt": 1_795_000_000_000,
            "name": "a name",
        })
    )  # fmt: skip
    assert read_entry(str(path)) == RegistryEntry(
        4242,
        "s1",
        "20095994",
        "/home/user/project",
        "busy",
        1_795_000_000_000,
        "a name",
        "interactive",
        "2.1.329",
        started_ms=1,
    )


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"pid": 1}', b'{"sessionId": "s1"}', b'{"pid": "1", "sessionId": "s1"}',
        b'{"pid": true, "sessionId": "s1"}', b'{"pid": -4, "sessionId": "s1"}', b'{"session_id": "s1", "cwd": "/"}',
        b'{"pid": 1, "sessionId": "s1", "x": "' + b"y" * 70_000 + b'"}',
    ],
)  # fmt: skip
def test_what_is_no_entry_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "1.json"
    path.write_bytes(content)
    assert read_entry(str(path)) is None


def test_a_pipe_in_place_of_an_entry_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.json")
    with pytest.raises(OSError):
        read_entry(str(tmp_path / "1.json"))


def test_the_list_lies_beside_the_projects_of_every_config_folder(tmp_path: Path) -> None:
    projects = tmp_path / "c" / "projects"
    projects.mkdir(parents=True)
    config = SourceConfig(home=tmp_path, explicit={"claude": (tmp_path / "a", projects)})
    assert registry_folders(config) == [tmp_path / "a" / "sessions", tmp_path / "c" / "sessions"]


def test_a_running_process_is_alive_and_a_killed_one_is_not(process: subprocess.Popen[bytes]) -> None:
    entry = RegistryEntry(process.pid, "s1", process_start(process.pid))
    assert is_alive(entry) is True
    process.kill()
    process.wait()
    assert is_alive(entry) is False


@on_linux
def test_a_process_that_only_waits_to_be_collected_is_not_alive(process: subprocess.Popen[bytes]) -> None:
    entry = RegistryEntry(process.pid, "s1", process_start(process.pid))
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_alive(entry) is False


@on_linux
def test_another_process_with_the_same_number_is_not_the_one(process: subprocess.Popen[bytes]) -> None:
    start = process_start(process.pid)
    assert is_alive(RegistryEntry(process.pid, "s1", str(int(start) - 1))) is False
    assert is_alive(RegistryEntry(process.pid, "s1", "")) is True
    assert is_alive(RegistryEntry(process.pid, "s1", "Sat Nov 21 11:00:00 2026")) is True


def test_a_number_no_process_can_have_is_not_alive() -> None:
    assert not is_alive(RegistryEntry(2**52, "s1"))
