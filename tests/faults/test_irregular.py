"""What is no regular file, has no end or is nested without end, in the place of every file that is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import run
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000
DEEP = b"[" * 100_000

KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "nothing to read": lambda path: path.symlink_to("/dev/full"),
    "folder": Path.mkdir,
    "too large": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 34),
    "too deep": lambda path: path.write_bytes((b"a = " if path.suffix == ".toml" else b"") + DEEP),
    "loop": lambda path: path.symlink_to(path.name),
}

# Where it lies, which command reads it, its exit code, and whether it is told.
PLACES = {
    ".config/claude-top/config.toml": ("check --budget-day 1000", 2, True),
    ".config/claude-top/prices.toml": ("report --json", 0, True),
    ".data/claude-top/prices.json": ("report --json", 0, True),
    ".data/claude-top/ledger.db": ("report --json", 0, True),
    "ccusage.json": ("daily --json --config ccusage.json", 2, True),
    ".claude/settings.json": ("statusline install", 1, True),
    ".claude/ccusage.json": ("daily --json", 0, False),
    ".state/claude-top/reported.json": ("statusline", 0, False),
    ".state/claude-top/statusline-lines.json": ("statusline", 0, False),
    ".state/claude-top/statusline-before.json": ("statusline install --dry-run", 0, False),
    ".gemini/projects.json": ("report --json", 0, False),
    ".local/share/opencode/opencode.db": ("report --json", 0, False),
    ".claude/projects": ("report --source claude", 3, True),
    ".codex": ("report --json", 0, False),
    ".claude/sessions": ("--once", 0, False),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_it_is_refused_at_once_in_one_line(
    kind: str, place: str, own_home: Path, claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, code, is_told = PLACES[place]
    if kind == "folder" and place in (".claude/projects", ".codex", ".claude/sessions"):
        pytest.skip("a folder is what belongs there")
    if kind == "loop" and place.endswith("ledger.db"):
        pytest.skip("there is no history yet")
    if place != ".claude/projects":
        claude_home.append(assistant("m1", NOON, usage(output=2)))
    path = own_home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(own_home)
    KINDS[kind](path)
    found = run(*command.split(), stdin=b"{}")
    assert found.code == code, found.stderr
    assert "Traceback" not in found.stderr
    lines = found.stderr.splitlines()
    assert len(lines) <= 1, found.stderr
    if is_told:
        assert len(lines) == 1 and len(lines[0]) < 300
        assert any(word in lines[0] for word in (path.name, os.path.realpath(path), "history", "ledger", "projects"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_screen_begins_with_the_defaults_and_says_so(kind: str, own_home: Path, tmp_path: Path) -> None:
    from claude_tui.ui.settings.file import Settings, load, save

    path = tmp_path / "config.toml"
    KINDS[kind](path)
    settings, complaints = load(path)
    assert settings == Settings() and len(complaints) == 1 and "the defaults are used" in complaints[0]
    with pytest.raises((OSError, ValueError)):
        save(path, "screen", "theme", "x")
    assert os.listdir(tmp_path) == ["config.toml"]
