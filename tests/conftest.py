"""Keeps every test away from the machine it runs on, and writes log trees for those that need one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.logs import ClaudeHome

# The same examples every time, however slow the machine is. EXPLORE=1 looks for new ones.
settings.register_profile(
    "ours",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="EXPLORE" not in os.environ,
    database=None,
)
settings.load_profile("ours")

OURS = ("CLAUDE_", "CLAUDE_TOP_", "ANTHROPIC_", "CODEX_", "GEMINI_", "OPENCODE_", "XDG_", "TEXTUAL")
"""Variables that begin so change what claude-top reads or draws."""

TERMINAL = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "TERM_PROGRAM")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--native", choices=("0", "1"), help="read logs without the native core, or with it however little there is"
    )


@pytest.fixture(autouse=True)
def own_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(OURS) or name in TERMINAL:
            monkeypatch.delenv(name)
    if pytestconfig.getoption("native"):
        monkeypatch.setenv("CLAUDE_TOP_NATIVE", pytestconfig.getoption("native"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / ".claude"))
    for kind in ("CONFIG", "CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / f".{kind.lower()}"))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield home
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> int:
    """The instant, in ms, in a time zone where it is about noon: an hour ago is today, too."""
    now_ms = time.time_ns() // 1_000_000
    east_h = 12 - time.gmtime(now_ms // 1000).tm_hour
    monkeypatch.setenv("TZ", f"Etc/GMT{-east_h:+d}" if east_h else "UTC")
    return now_ms


@pytest.fixture
def claude_home(own_home: Path) -> ClaudeHome:
    return ClaudeHome(own_home / ".claude")
