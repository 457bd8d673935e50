"""A library that cannot be the core is refused in one line, and everything is as without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from claude_tui.native import library
from claude_tui.native.core import Core
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000
RUN = """
import sys
from pathlib import Path
from claude_tui.native import library
library.LIBRARY = Path(sys.argv[1])
from claude_tui.cli import main
sys.exit(main(sys.argv[2:]))
"""
IS_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the loader of another system looks itself")


def said(path: Path, *command: str) -> tuple[str, str]:
    """What a command says, and complains of, with a library in place of the core that is asked for."""
    env = {**os.environ, "CLAUDE_TOP_NATIVE": "1"}
    done = subprocess.run([sys.executable, "-c", RUN, path, *command], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done
    return done.stdout, done.stderr


@IS_LINUX
@pytest.mark.parametrize("size", [0, 100, 5_000, 300_000, -1])
def test_one_that_is_cut_short_is_refused(claude_home: ClaudeHome, core: Core, tmp_path: Path, size: int) -> None:
    claude_home.append(*(assistant(f"msg_{at}", T + at, usage(1, at)) for at in range(50)))
    broken = tmp_path / "broken.so"
    broken.write_bytes(library.LIBRARY.read_bytes()[:size])
    report, complaint = said(broken, "report", "--json")
    assert complaint.count("\n") == 1 and "the native reader cannot be used: " in complaint
    assert json.loads(report)["totals"]["responses"] == 50
    assert "  reader: Python (native core: " in said(broken, "doctor")[0]


@IS_LINUX
def test_one_for_another_processor_is_refused(claude_home: ClaudeHome, core: Core, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_a", T, usage(1, 2)))
    data = bytearray(library.LIBRARY.read_bytes())
    data[18:20] = b"\xf3\0"  # RISC-V
    other = tmp_path / "other.so"
    other.write_bytes(data)
    report, complaint = said(other, "report", "--json")
    assert "is not for this processor" in complaint
    assert json.loads(report)["totals"]["responses"] == 1
    assert "is not for this processor" in said(other, "doctor")[0]


def test_what_is_no_library_and_a_folder_are_refused(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_a", T, usage(1, 2)))
    other = tmp_path / "other.so"
    other.write_text("no library")
    (tmp_path / "folder.so").mkdir()
    for path in (other, tmp_path / "folder.so"):
        report, complaint = said(path, "report", "--json")
        assert complaint.count("\n") == 1 and json.loads(report)["totals"]["responses"] == 1
