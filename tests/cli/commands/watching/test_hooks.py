from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.sources.claude.running.hook_marks import HookMarks, read_marks
from tests.cli.program import run
from tests.engine.running import process, register
from tests.logs import ClaudeHome

OTHERS = {
    "model": "opus",
    "hooks": {
        "PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "lint"}]}],
        "PreCompact": [{"hooks": [{"type": "command", "command": "say compacting"}]}],
    },
    "env": {"A": "1"},
}


def settings(home: ClaudeHome) -> Path:
    home.folder.mkdir(parents=True, exist_ok=True)
    return home.folder / "settings.json"


def test_the_hook_comes_beside_the_others_and_goes_again(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    path = settings(claude_home)
    path.write_text(json.dumps(OTHERS))
    assert main(["hooks", "install", "--dry-run"]) == 0
    assert "+" in capsys.readouterr().out and json.loads(path.read_text()) == OTHERS
    for _ in range(2):  # a second time changes nothing
        assert main(["hooks", "install"]) == 0
        found = json.loads(path.read_text())
        assert [len(groups) for groups in found["hooks"].values()] == [1, 2, 1]
        assert list(found) == list(OTHERS) and found["hooks"]["PreToolUse"] == OTHERS["hooks"]["PreToolUse"]  # type: ignore[index]
    assert main(["hooks", "install", "--undo"]) == 0
    assert json.loads(path.read_text()) == OTHERS
    assert main(["hooks", "install", "--undo"]) == 0
    assert "there is no hook" in capsys.readouterr().err


def test_of_settings_that_are_ours_alone_nothing_is_left(claude_home: ClaudeHome) -> None:
    path = settings(claude_home)
    assert main(["hooks", "install"]) == 0
    assert main(["hooks", "install", "--undo"]) == 0
    assert json.loads(path.read_text()) == {}


def test_a_hook_of_others_in_the_same_group_stays(claude_home: ClaudeHome) -> None:
    path = settings(claude_home)
    assert main(["hooks", "install"]) == 0
    found = json.loads(path.read_text())
    for groups in found["hooks"].values():
        groups[0]["hooks"].append({"type": "command", "command": "say"})
    path.write_text(json.dumps(found))
    assert main(["hooks", "install", "--undo"]) == 0
    left = json.loads(path.read_text())["hooks"]
    assert left and all([hook["command"] for hook in groups[0]["hooks"]] == ["say"] for groups in left.values())


@pytest.mark.parametrize("text", ["{", "[]", '{"hooks": 5}', '{"hooks": {"PreCompact": "x"}}'])
def test_settings_of_no_known_form_stay_as_they_are(claude_home: ClaudeHome, text: str) -> None:
    path = settings(claude_home)
    path.write_text(text)
    assert main(["hooks", "install"]) == 1
    assert path.read_text() == text


def note(event: object) -> None:
    done = run("hooks", "note", stdin=event if isinstance(event, bytes) else json.dumps(event).encode())
    assert (done.code, done.stdout, done.stderr) == (0, b"", "")


def test_what_is_installed_keeps_instants_and_tools_and_nothing_else(claude_home: ClaudeHome, own_home: Path) -> None:
    path = settings(claude_home)
    main(["hooks", "install"])
    (group,) = json.loads(path.read_text())["hooks"]["PermissionRequest"]
    event = {
        "hook_event_name": "PermissionRequest", "session_id": "s1", "tool_name": "Bash", "cwd": "/secret",
        "tool_input": {"command": "secret"},
    }  # fmt: skip
    command = shlex.split(group["hooks"][0]["command"])
    done = subprocess.run(command, input=json.dumps(event).encode(), capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"")
    kept = own_home / ".state" / "claude-top" / "hooks" / "s1.json"
    marks = read_marks(os.fspath(kept))
    assert (marks.permission_tool, marks.compacting_ms) == ("Bash", 0) and marks.permission_ms
    assert b"secret" not in kept.read_bytes() and stat.S_IMODE(kept.stat().st_mode) == 0o600
    note({"hook_event_name": "PreCompact", "session_id": "s1", "custom_instructions": "secret"})
    assert read_marks(os.fspath(kept)).compacting_ms and read_marks(os.fspath(kept)).permission_tool == "Bash"


@pytest.mark.parametrize("event", [
    b"", b"[1", b"5", {}, {"session_id": "../../x", "hook_event_name": "PreCompact"},
    {"session_id": "s1", "hook_event_name": "Other"},
    {"session_id": "s1", "hook_event_name": "PermissionRequest", "tool_name": "a\x1b[m"},
])  # fmt: skip
def test_what_makes_no_sense_keeps_nothing_and_disturbs_nobody(own_home: Path, event: object) -> None:
    note(event)
    folder = own_home / ".state" / "claude-top"
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_told_long_ago_is_forgotten(own_home: Path) -> None:
    folder = own_home / ".state" / "claude-top" / "hooks"
    folder.mkdir(parents=True)
    (folder / "old.json").write_text("{}")
    os.utime(folder / "old.json", (1, 1))
    note({"session_id": "s1", "hook_event_name": "PreCompact"})
    assert [path.name for path in folder.iterdir()] == ["s1.json"]


def test_a_compaction_is_told_by_the_hook(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    with process() as started:
        register(claude_home.folder / "sessions", started.pid, statusUpdatedAt=5)
        note({"session_id": "s1", "hook_event_name": "PreCompact"})
        assert main(["sessions", "--json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)["sessions"]
        assert found["doing"] == "compacting"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"compacting_ms": true, "permission_tool": 3}', b"\xff"])
def test_a_damaged_file_of_ours_says_nothing(tmp_path: Path, content: Any) -> None:
    (tmp_path / "s1.json").write_bytes(content)
    assert read_marks(os.fspath(tmp_path / "s1.json")) == HookMarks()
