"""Shell commands that people wrote for ccusage print with the shim what they print with ccusage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from claude_tui.cli import main
from tests.reports.ccusage_dropin import write
from tests.reports.ccusage_one_liners import ONE_LINERS, printed, recorded


@pytest.mark.skipif(shutil.which("jq") is None, reason="the commands need jq")
def test_one_liners_print_the_same(tmp_path: Path, own_home: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    write(home)
    assert main(["shim", "install", "--dir", str(folder)]) == 0
    theirs, ours = recorded(), printed(folder, home)
    assert len(ONE_LINERS) >= 20 and ours.keys() == theirs.keys()
    assert {name: found for name, found in ours.items() if found != theirs[name]} == {}
