"""What a command loads when it really runs: the static contract in pyproject.toml cannot see deferred imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from claude_tui.engine.count import FEW_BYTES, UNSAVED_BYTES
from tests.logs import ClaudeHome, assistant, usage

RUN = """
import json, sys
from claude_tui.cli import main
status = 0
try:
    status = main(sys.argv[1:])
except SystemExit as done:
    status = done.code
with open({report!r}, "w") as report:
    json.dump([status or 0, sorted(sys.modules)], report)
"""

SCREEN = {"textual", "plotext", "tomlkit", "claude_tui.ui", "claude_tui.demo"}
LIVE = {"watchfiles", "aiofiles", "aiohttp", "h11", "claude_tui.engine.monitor", "claude_tui.telemetry.receiver"}
READING = {
    "concurrent.futures", "claude_tui.engine.scan.scan", "claude_tui.sources.claude.fast.reader", "logging", "shutil",
    "tempfile", "textwrap",
}  # fmt: skip
COUNTING = {
    "orjson", "dataclasses", "inspect", "ast", "uuid", "platform", "datetime", "zoneinfo", "threading", "ctypes",
    "claude_tui.engine.count", "claude_tui.engine.state", "claude_tui.engine.cache.cache", "claude_tui.pricing",
    "claude_tui.reports", "claude_tui.sources.reading.lines", "claude_tui.cli.commands.watching.top",
}  # fmt: skip
"""What is not needed to see that nothing has changed."""
SLOW = {"rich", "asyncio", "claude_tui.engine", "claude_tui.reports"}


def run(tmp_path: Path, arguments: list[str], stdin: str = "") -> tuple[int, set[str], str]:
    """Exit status, everything that was loaded, and what was printed."""
    report = tmp_path / "modules.json"
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(report=str(report)), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert report.exists(), done.stderr
    status, modules = json.loads(report.read_text())
    return status, set(modules), done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["report", "--help"]])
def test_help_loads_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    status, modules, printed = run(tmp_path, arguments)
    assert status == 0
    assert printed
    assert not modules & (SCREEN | LIVE | SLOW | {"orjson", "claude_tui.pricing", "claude_tui.sources"})


@pytest.mark.parametrize("arguments", [["report", "--json"], ["export", "--jsonl"]])
def test_reports_load_no_screen(tmp_path: Path, claude_home: ClaudeHome, arguments: list[str]) -> None:
    claude_home.append(assistant("msg_1", 1_763_000_000_000, usage(input=10, output=20)))
    status, modules, printed = run(tmp_path, arguments)
    assert status == 0
    assert "claude-sonnet-4-5-20250929" in printed
    assert not modules & (SCREEN | LIVE | {"rich"})


def test_a_report_of_what_is_known_loads_no_means_of_reading(tmp_path: Path, claude_home: ClaudeHome) -> None:
    much = {"type": "user", "text": "x" * max(FEW_BYTES, UNSAVED_BYTES)}
    claude_home.append(assistant("msg_1", 1_763_000_000_000, usage(input=10, output=20)), much)
    assert "claude_tui.engine.scan.scan" in run(tmp_path, ["report", "--json"])[1]
    _, modules, printed = run(tmp_path, ["report", "--json"])
    assert modules & (READING | {"claude_tui.sources.claude.facts"}) == set()
    assert json.loads(printed)["totals"]["output"] == 20
    _, modules, again = run(tmp_path, ["report", "--json"])
    assert modules & (READING | COUNTING) == set()
    assert again == printed
    claude_home.append(assistant("msg_2", 1_763_000_000_001, usage(output=3)))
    _, modules, printed = run(tmp_path, ["report", "--json"])
    assert modules & READING == set()
    assert json.loads(printed)["totals"]["output"] == 23


def test_pricing_from_a_pipe_loads_neither_screen_nor_engine(tmp_path: Path) -> None:
    line = {"model": "claude-haiku-5-5", "ts": "2026-11-01T12:00:00.000Z", "usage": {"output_tokens": 1000}}
    status, modules, printed = run(tmp_path, ["price", "--json"], json.dumps(line) + "\n")
    assert status == 0
    assert json.loads(printed)["nano"] == 500_000
    assert not modules & (SCREEN | LIVE | {"rich", "asyncio", "claude_tui.engine"})


def test_the_screen_loads_no_tls_and_nothing_that_is_for_later() -> None:
    later = {"ssl", "csv", "tomllib", "claude_tui.cli.serve", "claude_tui.reports.exports", "claude_tui.ui.dialogs"}
    code = f"""
import sys
from claude_tui import runtime
runtime.without_tls()
import claude_tui.engine.monitor, claude_tui.ui.app
loaded = {later!r} & set(sys.modules)
import asyncio, ssl
async def served():
    async with await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.close()
        return await reader.read()
print(sorted(loaded), asyncio.run(served()), ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[] b'' True", done.stderr


def test_importing_the_package_imports_nothing_else(tmp_path: Path) -> None:
    code = "import sys; before = set(sys.modules); import claude_tui; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "['claude_tui']"
