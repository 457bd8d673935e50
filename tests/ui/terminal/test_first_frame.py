from __future__ import annotations

import io
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from claude_tui.cli.commands.watching.top import _screen
from claude_tui.cli.dispatch import parse
from claude_tui.ui.terminal import first_frame
from claude_tui.ui.terminal.first_frame import ENTER, LEAVE, FirstFrame
from tests.logs import ClaudeHome, assistant, usage
from tests.ui.terminal import Terminal

NOON = 1_780_000_000_000
NOTE = b"as it was at "
MOUSE = b"\x1b[?1000h"
"""Among the first things the app says to the terminal itself."""


@pytest.fixture
def logs(own_home: Path) -> ClaudeHome:
    home = ClaudeHome(own_home / ".claude")
    home.append(assistant("msg_1", NOON, usage(output=1_000_000), model="claude-opus-4-8", cwd="/home/user/webshop"))
    return home


def seen(home: Path, *arguments: str, width: int = 120) -> bytes:
    """What a start that is left again sends to the terminal."""
    with Terminal(home, *arguments, width=width) as terminal:
        terminal.wait_for(lambda text: "● live" in text)
        assert terminal.leave() == 0
        return terminal.received


def frame(home: Path) -> Path:
    return home / ".state" / "claude-top" / "frame"


def test_a_start_shows_the_last_picture_before_anything_is_loaded(logs: ClaudeHome, own_home: Path) -> None:
    first = seen(own_home)
    assert NOTE not in first
    logs.append(
        assistant("msg_2", NOON + 1, usage(output=1_000_000), model="claude-opus-4-8", cwd="/home/user/webshop")
    )
    with Terminal(own_home) as terminal:
        terminal.wait_for(lambda text: "● live" in text and "$50.00" in text and "as it was at" not in text)
        assert terminal.leave() == 0
    again = terminal.received
    picture, app = again[: again.index(MOUSE)], again[again.index(MOUSE) :]
    assert b"$25.00" in picture and b"$50.00" not in picture
    assert NOTE in picture and b"discovering" in picture and "● live".encode() not in picture
    assert NOTE not in app
    for data in (first, again):
        assert (data.count(ENTER.encode()), data.count(b"\x1b[?1049l")) == (1, 1)


def test_who_leaves_from_another_view_finds_that_one_again_in_the_picture_and_after_it(
    logs: ClaudeHome, own_home: Path
) -> None:
    with Terminal(own_home) as terminal:
        terminal.wait_for(lambda text: "● live" in text)
        terminal.press("2")
        terminal.wait_for(lambda text: "²models" in text)
        assert terminal.leave() == 0
    again = seen(own_home)
    assert NOTE in again and b"Branch" not in again, "a column of the first view alone"
    assert b"models" in again[: again.index(MOUSE)]


def test_the_picture_belongs_to_a_size_and_to_arguments(logs: ClaudeHome, own_home: Path) -> None:
    seen(own_home)
    assert NOTE not in seen(own_home, "--view", "models")
    seen(own_home)
    assert NOTE not in seen(own_home, width=100)
    assert NOTE in seen(own_home, width=100)
    (own_home / ".config" / "claude-top").mkdir(parents=True, exist_ok=True)
    (own_home / ".config" / "claude-top" / "config.toml").write_text("interval_s = 0.5\n")
    assert NOTE not in seen(own_home, width=100)
    assert stat.S_IMODE(frame(own_home).stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"", b"\x1b]52;c;x\x07", b"\x1b[2J", b"\xff", b"\x9b31m", b"x\ny"])
def test_a_picture_with_anything_a_terminal_obeys_is_not_shown(damage: bytes, logs: ClaudeHome, own_home: Path) -> None:
    seen(own_home)
    whole = frame(own_home).read_bytes()
    frame(own_home).write_bytes(whole.replace(b"webshop", damage, 1) if damage else b"")
    received = seen(own_home)
    assert NOTE not in received
    assert not damage or b"\x1b]52" not in received


def test_where_the_app_cannot_start_the_terminal_is_given_back(logs: ClaudeHome, own_home: Path) -> None:
    seen(own_home)
    (own_home / ".config" / "claude-top").mkdir(parents=True, exist_ok=True)
    with Terminal(own_home, "--timezone", "Nowhere/Nothing") as terminal:
        assert terminal.ended() != 0
    assert ENTER.encode() not in terminal.received
    code = "import claude_tui.cli as c, claude_tui.ui as u; u.run = lambda *a, **k: 1 / 0; c.main()"
    with Terminal(own_home, command=["-c", code]) as terminal:
        assert terminal.ended() != 0
    assert terminal.received.count(ENTER.encode()) <= terminal.received.count(LEAVE.encode())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_means_to_end_ends_it_as_its_key_does(
    number: signal.Signals, logs: ClaudeHome, own_home: Path
) -> None:
    with Terminal(own_home) as terminal:
        terminal.wait_for(lambda text: "● live" in text)
        logs.append(assistant("msg_2", NOON + 1, usage(output=1_000_000), model="claude-opus-4-8"))
        terminal.wait_for(lambda text: "$50.00" in text)
        assert terminal.ended(number) == 128 + number
    assert terminal.received.endswith(b"\x1b[?1006l") and b"\x1b[?1049l" in terminal.received
    assert b"$50.00" in frame(own_home).read_bytes()  # it was left in order, not torn down
    logs.path().unlink()
    assert b"$50.00" in seen(own_home)


STARTED = """
import os, signal, sys
from textual.drivers._writer_thread import WriterThread
start = WriterThread.start
WriterThread.start = lambda thread: (os.kill(os.getpid(), signal.SIGTERM), start(thread))
from claude_tui.cli import main
sys.exit(main())
"""
"""The program, told to end while it takes the terminal over."""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_while_the_terminal_is_taken_over_gives_it_back_in_order(
    name: str, logs: ClaudeHome, own_home: Path
) -> None:
    with Terminal(own_home, command=["-c", STARTED.replace("SIGTERM", name)]) as terminal:
        assert terminal.ended() == 128 + signal.Signals[name]
    assert b"Traceback" not in terminal.received
    assert terminal.received.endswith(b"\x1b[?1006l") and b"\x1b[?1049l" in terminal.received


def test_a_picture_that_is_kept_already_is_not_written_again(tmp_path: Path) -> None:
    file, lines = tmp_path / "frame", ["$1.00"] * 10
    kept = FirstFrame(file, ())
    for wanted, if_new, is_written in (
        (lines, True, True),
        ([*lines], True, False),
        ([*lines], False, True),  # who leaves says when that was
        (["$2.00", *lines[1:]], True, True),
    ):
        before = file.stat().st_ino if file.exists() else 0
        kept.keep(wanted, 80, if_new=if_new)
        assert (file.stat().st_ino != before) is is_written
        assert wanted[0] in file.read_text()


class Interrupted(io.StringIO):
    """A terminal that takes the beginning of a picture when Ctrl-C is pressed."""

    is_pressed = False

    def fileno(self) -> int:
        return 1

    def write(self, text: str) -> int:
        if self.is_pressed:
            return super().write(text)
        self.is_pressed = True
        super().write(text[:40])
        raise KeyboardInterrupt


def test_a_picture_that_is_interrupted_half_way_is_taken_away(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FirstFrame(tmp_path / "frame", []).keep(["text"] * 10, 40)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((40, 10)))
    monkeypatch.setattr(sys, "argv", ["claude-top"])
    monkeypatch.setattr(first_frame, "FirstFrame", lambda *_: FirstFrame(tmp_path / "frame", []))
    terminal = Interrupted()
    monkeypatch.setattr(sys, "stdout", terminal)
    with pytest.raises(KeyboardInterrupt):
        _screen(parse([]))
    assert terminal.getvalue().startswith(ENTER) and terminal.getvalue().endswith(LEAVE)


def test_the_picture_needs_nothing_that_takes_time_to_load() -> None:
    modules = "claude_tui.cli.commands.watching.top, claude_tui.ui.terminal.first_frame"
    code = f"import sys, {modules}; print([n for n in sys.modules if n in %r])"
    slow = ("textual", "rich", "asyncio", "orjson", "claude_tui.engine.monitor", "multiprocessing")
    done = subprocess.run([sys.executable, "-c", code % (slow,)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
