from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from claude_tui.ui.settings.themes import COLOUR_BLIND, DARK
from tests.logs import ClaudeHome, assistant, usage
from tests.ui.terminal import Terminal

HOSTILE = (
    "[/x]",
    "[red] notes",
    "[@click=app.quit]quit[/]",
    "[bold",
    "\\[/]",
    "$primary",
    "{0!r}%s",
    "'; DROP TABLE",
    "a" * 400,
    "\x1b]52;c;SG9zdGlsZQ==\x07",
    "\x1b]0;HOSTILE\x07",
    "\x1b[2JHOSTILE",
    "\x1b[31mHOSTILE",
    "\x9b31mHOSTILE",
    "\x00NUL",
    "\x07\x08\x7f",
    "\u202eHOSTILE\u202c",
    "\u2066HOSTILE\u2069",
    "zero\u200bwidth\ufeff",
    "e" + "\u0301" * 50,
    "\U000e0041tag",
    "日本語のプロジェクト",
    "👩‍👩‍👧‍👦",
    "line\nbreak\ttab",
)
FORBIDDEN = (
    b"\x1b]52",
    b"\x1b]0;",
    b"\x1b[2JHOSTILE",
    b"\x1b[31mHOSTILE",
    b"\x9b",
    b"\x00",
    b"\x07",
    "\u202e".encode(),
    "\u2066".encode(),
    "\u200b".encode(),
    "\ufeff".encode(),
    "\U000e0041".encode(),
    ("\u0301" * 6).encode(),
)

POINTER = re.compile(rb"\x1b\]22;[a-z-]+\x07")
"""The shape of the mouse pointer, which the program asks for itself."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def logs(claude_home: ClaudeHome) -> ClaudeHome:
    claude_home.append(assistant("m1", now_ms() - 3_600_000, usage(output=200_000), cwd="/home/user/webshop"))
    return claude_home


def test_what_is_appended_by_another_process_appears(logs: ClaudeHome, own_home: Path) -> None:
    with Terminal(own_home, CLAUDE_CONFIG_DIR=str(logs.folder)) as terminal:
        terminal.wait_for(lambda text: "● live" in text and "$3.00" in text, "the first picture")
        logs.append(assistant("m2", now_ms(), usage(output=400_000), cwd="/home/user/webshop"))
        terminal.wait_for(lambda text: "$9.00" in text, "the new total")
        logs.append(
            assistant("m3", now_ms(), usage(output=1_000_000), session="s9", cwd="/home/user/new"),
            session="s9",
            project="-new",
        )
        terminal.wait_for(lambda text: "$24.00" in text and "new" in text, "a session in a folder that was not there")
        assert terminal.leave() == 0


@pytest.mark.parametrize(("period", "label"), [("7d", "7 days"), ("2026-01-01..", "2026-01-01..")])
def test_the_command_line_chooses_view_and_period(period: str, label: str, logs: ClaudeHome, own_home: Path) -> None:
    options = ("--view", "days", "--period", period)
    with Terminal(own_home, *options, CLAUDE_CONFIG_DIR=str(logs.folder)) as terminal:
        terminal.wait_for(lambda text: "⁵days" in text and label in text.split("\n")[0], "the days")
        assert terminal.leave() == 0


def shows(told: str, text: str) -> bool:
    return told in text.lower() and "$3.00" in text


def test_every_view_by_keyboard_at_every_size(logs: ClaudeHome, own_home: Path) -> None:
    with Terminal(own_home, CLAUDE_CONFIG_DIR=str(logs.folder)) as terminal:
        terminal.wait_for(lambda text: "$3.00" in text)
        for width, height in ((120, 36), (80, 24), (60, 15), (40, 8)):
            terminal.resize(width, height)
            for key, name in zip(
                "12345678", ("live", "models", "projects", "sessions", "days", "blocks", "causes", "plan"), strict=True
            ):
                terminal.press(key)
                told = name if width >= 50 else ""  # the one line has no room for the view's name
                terminal.wait_for(partial(shows, told), f"{name} at {width}x{height}")
            terminal.press("?")
            terminal.wait_for(lambda text: "Select the row" in text or "Sessions as they" in text, "the help")
            terminal.press("\x1b")
            terminal.wait_for(
                lambda text: "Select the row" not in text and "Sessions as they" not in text, "the help gone"
            )
        assert terminal.leave() == 0


def test_a_storm_of_sizes_leaves_a_whole_picture(logs: ClaudeHome, own_home: Path) -> None:
    with Terminal(own_home, CLAUDE_CONFIG_DIR=str(logs.folder)) as terminal:
        terminal.wait_for(lambda text: "● live" in text)
        for number in range(60):
            terminal.resize(1 + number * 37 % 200, 1 + number * 13 % 60)
            terminal.take(0.001)
        terminal.resize(120, 36)
        terminal.wait_for(lambda text: "today" in text and "webshop" in text and "help" in text.split("\n")[-1])
        assert terminal.leave() == 0


def test_names_from_the_logs_never_reach_the_terminal_raw(own_home: Path, claude_home: ClaudeHome) -> None:
    for number, name in enumerate(HOSTILE):
        row = assistant(
            f"m{number}", now_ms() - number * 1000, usage(input=1_000_000 * (number + 1)), session=f"s{number}",
            model=name if number % 2 else "claude-sonnet-4-5-20250929", cwd=f"/home/user/{name}", gitBranch=name,
        )  # fmt: skip
        summary = {"type": "summary", "summary": name, "leafUuid": "x", "sessionId": f"s{number}"}
        claude_home.append(summary, row, session=f"s{number}", project=f"-p{number}")
    with Terminal(own_home, width=160, height=50, CLAUDE_CONFIG_DIR=str(claude_home.folder)) as terminal:
        terminal.wait_for(lambda text: "● live" in text and "[red] notes" in text)
        received = len(terminal.received)
        for keys in (
            "2",
            "3",
            "4",
            "5",
            "6",
            "3",
            "\r",
            "\r",
            "i",
            "\x1b",
            "2",
            "\r",
            "\x1b",
            "4",
            "t",
            "/",
            "x",
            "\x1b",
        ):
            terminal.press(keys)
            for _ in range(6):
                terminal.take(0.05)
        terminal.press("1")
        terminal.wait_for(lambda text: "live" in text and "[/x]" in text)
        sent = POINTER.sub(b"", terminal.received[received:])
        # The program itself writes no title and nothing to the clipboard.
        assert [bad for bad in FORBIDDEN if bad in sent] == []
        assert terminal.leave() == 0


def test_no_color_sends_no_colour(logs: ClaudeHome, own_home: Path) -> None:
    with Terminal(own_home, CLAUDE_CONFIG_DIR=str(logs.folder), NO_COLOR="1") as terminal:
        terminal.wait_for(lambda text: "● live" in text)
        for key in "12356":
            terminal.press(key)
            terminal.wait_for(lambda text: "$3.00" in text)
        assert b"38;2;" not in terminal.received
        assert b"48;2;" not in terminal.received
        assert terminal.leave() == 0


@pytest.mark.parametrize("theme", [DARK, COLOUR_BLIND], ids=lambda theme: str(theme.name))
def test_the_theme_colours_what_is_sent_to_the_terminal(theme: Theme, logs: ClaudeHome, own_home: Path) -> None:
    with Terminal(own_home, "--theme", theme.name, CLAUDE_CONFIG_DIR=str(logs.folder)) as terminal:
        terminal.wait_for(lambda text: "live" in text and "$" in text)
        red, green, blue = Color.parse(theme.background or "").rgb
        assert f"48;2;{red};{green};{blue}".encode() in terminal.received
