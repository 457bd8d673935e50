"""What commands do on a terminal and would not do in a pipe."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from claude_tui.cli.generated.command_tree import tree
from claude_tui.cli.generated.manual import page, plain
from tests.cli.program import run
from tests.ui.terminal import Terminal

if sys.platform == "win32":
    pytest.skip("there are terminals as Unix has them", allow_module_level=True)


@pytest.mark.parametrize("path", ["", None], ids=["without man", "as it is"])
def test_the_manual_is_read_and_not_its_source(path: str | None, own_home: Path) -> None:
    variables = {"MANPAGER": "cat", "PAGER": "cat"} | ({"PATH": path} if path is not None else {})
    with Terminal(own_home, "manual", height=60, variables=variables) as terminal:
        assert terminal.ended() == 0
    said = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", terminal.received.decode())
    assert "SYNOPSIS" in said and "--demo" in said
    assert ".TP" not in said and "\\-" not in said and "\\fB" not in said


def test_help_has_no_colours(own_home: Path) -> None:
    """Python 3.14 colours help on a terminal, as far as it writes it itself."""
    with Terminal(own_home, "report", "--help", height=200) as terminal:
        assert terminal.ended() == 0
    assert b"--since" in terminal.received and b"\x1b" not in terminal.received


def test_the_plain_manual_says_all_the_page_says() -> None:
    text = plain(page(tree()))
    assert "--period DAYS" in text and "\\" not in text.replace("\\n", "")


def test_a_theme_there_is_not_is_wrong_usage(own_home: Path) -> None:
    done = run("--theme", "nope", "--once")
    assert done.code == 2 and "nope" in done.stderr and "claude-dark" in done.stderr
    with Terminal(own_home, "--theme", "claude-drak") as terminal:
        assert terminal.ended() == 2
    assert b"did you mean claude-dark" in terminal.received
