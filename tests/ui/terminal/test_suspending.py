"""Ctrl+Z gives the terminal to the shell, and the shell's `fg` brings the whole screen back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.logs import ClaudeHome, assistant, usage
from tests.ui.terminal import Terminal

NOON = 1_780_000_000_000
LEAVE = b"\x1b[?1049l"

SHELL = """
import os, signal, sys, termios

for number in (signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN):
    signal.signal(number, signal.SIG_IGN)
own = termios.tcgetattr(0)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    for number in (signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN):
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    os.tcsetpgrp(0, os.getpgrp())
    termios.tcsetattr(0, termios.TCSADRAIN, own)
    print("STOPPED", flush=True)
    said = input()
    print(f"HEARD<{said}>", flush=True)
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
"""
"""What a shell does for the job in its foreground."""

LAUNCHER = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))"
"""Who starts the program and waits for it, as scripts and `uvx` do."""

PROGRAM = ("-m", "claude_tui", "--view", "sessions")


LANDMARKS = ("claude-top", "● live", "tokens/min · 60 min", "no input yet", "Session ", "26w", " 1 · age ▲ ")
"""Something of every part of the screen that no dialog covers."""


def is_whole(text: str) -> bool:
    """Whether every line is drawn, and nothing of the shell's is left."""
    is_ours = "STOPPED" not in text and "HEARD" not in text
    return is_ours and all(mark in text for mark in LANDMARKS) and all(line.strip() for line in text.split("\n"))


@pytest.fixture
def logs(claude_home: ClaudeHome) -> ClaudeHome:
    claude_home.append(assistant("m1", NOON, usage(output=200_000), cwd="/home/user/webshop"))
    return claude_home


@pytest.mark.parametrize("command", [PROGRAM, ("-c", LAUNCHER, *PROGRAM)], ids=["itself", "launched"])
@pytest.mark.parametrize(
    ("before", "typed"), [("", ""), ("p", "2026-11-01..2026-11-30"), ("/web", "/web")], ids=["view", "dialog", "filter"]
)
def test_the_shell_gets_the_terminal_and_gives_it_back(
    before: str, typed: str, command: Sequence[str], own_home: Path, logs: ClaudeHome
) -> None:
    with Terminal(own_home, command=["-c", SHELL, *command]) as terminal:
        terminal.wait_for(lambda text: "● live" in text and text.count("$3.00") == 2, "the first picture")
        terminal.press(before)
        terminal.wait_for(lambda text: typed in text, "what was typed")
        for _ in range(2):
            terminal.press("\x1a")
            terminal.wait_for(lambda text: "STOPPED" in text, "the shell")
            assert terminal.received.rstrip().endswith(b"STOPPED") and LEAVE in terminal.received
            terminal.press("echo 2 q\r")
            terminal.wait_for(lambda text: is_whole(text) and typed in text, "the whole screen again")
            assert b"HEARD<echo 2 q>" in terminal.received
        terminal.press("\x1b" if before else "")
        logs.append(assistant("m2", NOON + 1, usage(output=200_000), cwd="/home/user/webshop"))
        terminal.wait_for(lambda text: "$6.00" in text and not (typed and typed in text), "what is new")
        assert terminal.leave() == 0


def test_who_has_no_shell_to_go_back_to_is_not_stopped_for_ever(own_home: Path, logs: ClaudeHome) -> None:
    with Terminal(own_home, *PROGRAM[2:]) as terminal:
        terminal.wait_for(lambda text: "● live" in text and "$3.00" in text, "the first picture")
        terminal.press("\x1a")
        terminal.press("2")
        terminal.wait_for(lambda text: "²models" in text and "$3.00" in text, "another view")
        assert terminal.leave() == 0
