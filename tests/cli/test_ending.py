from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from claude_tui.engine.count import UNSAVED_BYTES
from claude_tui.fleet.table.meta import LEASE
from tests.cli.program import run
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_780_000_000_000

MERGING = """
import sys, tempfile, threading
import claude_tui.fleet.merge as merging
def merge(*_):
    with tempfile.TemporaryDirectory() as folder:
        print(folder, flush=True)
        threading.Event().wait()
merging.merge = merge
from claude_tui.cli import main
sys.exit(main())
"""
"""The program, which merges until it is told to end."""

IMPORTING = """
from claude_tui.cli.ending import end_when_told
end_when_told()
import slow
while True:
    pass
"""
"""A program that is told to end while it imports a module."""

SLOW = """
import os, signal
os.kill(os.getpid(), signal.SIGTERM)
for _ in range(100_000):
    pass
print("whole", flush=True)
"""


@contextmanager
def merging(table: Path, on_hangup: signal.Handlers = signal.SIG_DFL) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A program in the middle of a merge, and the folder that it keeps for a while."""
    program = subprocess.Popen(
        [sys.executable, "-c", MERGING, "fleet", "merge", str(table)],
        stdout=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGHUP, on_hangup),
    )  # fmt: skip
    try:
        assert program.stdout is not None
        yield program, Path(program.stdout.readline().strip())
    finally:
        program.kill()
        program.communicate()


@pytest.fixture
def table(own_home: Path, claude_home: ClaudeHome, tmp_path: Path) -> Path:
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=9)))
    assert run("ledger", "keep").code == 0
    assert run("fleet", "push", str(tmp_path / "table")).code == 0
    return tmp_path / "table"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_end_puts_away_what_it_began(table: Path, number: signal.Signals) -> None:
    with merging(table) as (program, kept):
        assert kept.is_dir() and (table / LEASE).exists()
        program.send_signal(number)
        assert program.wait(30) == 128 + number
    assert not kept.exists() and not (table / LEASE).exists()


def test_a_command_under_nohup_does_not_hear_that_its_terminal_went(table: Path) -> None:
    with merging(table, signal.SIG_IGN) as (program, kept):
        program.send_signal(signal.SIGHUP)
        program.send_signal(signal.SIGTERM)
        assert program.wait(30) == 128 + signal.SIGTERM
    assert not kept.exists()


TAKING_OVER = """
import signal, sys
from claude_tui.cli.ending import end_when_told
end_when_told()
import slow
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
while True:
    pass
"""
"""A program that is told to end while it imports a module, and then takes the signal over."""


def test_who_takes_the_signals_over_meanwhile_is_told(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    program = subprocess.run([sys.executable, "-c", TAKING_OVER], capture_output=True, timeout=60, env=env)
    assert (program.returncode, program.stdout, program.stderr) == (7, b"whole\n", b"")


def test_a_module_that_is_being_imported_is_whole_before_the_program_ends(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    program = subprocess.run(
        [sys.executable, "-c", IMPORTING],
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (program.returncode, program.stdout, program.stderr) == (128 + signal.SIGTERM, b"whole\n", b"")


LOADING = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == "claude_tui.cli.dispatch":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from claude_tui.cli import main
sys.exit(main())
"""
"""The program, for which Ctrl-C is pressed while its command is being loaded."""

ENDING = """
import os, signal, sys, threading
from claude_tui import runtime
from claude_tui.cli import main
runtime.keep(object())
is_ending, end = threading.Event(), runtime.ending
def press():
    is_ending.wait()
    os.kill(os.getpid(), signal.SIGINT)
def ending(code):
    is_ending.set()
    end(code)
threading.Thread(target=press).start()
runtime.ending = ending
sys.exit(main())
"""
"""The same, pressed when all has been said, and something is still to be written."""


STATUSLINE = LOADING.replace("claude_tui.cli.dispatch", "claude_tui.cli.statusline.line")


@pytest.mark.parametrize(
    ("program", "command"), [(LOADING, "--version"), (ENDING, "--version"), (STATUSLINE, "statusline")]
)
def test_ctrl_c_ends_without_a_traceback_before_and_after_a_command(program: str, command: str, own_home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", program, command], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, b"")


LEFT_ALONE = """
import sys
from claude_tui.cli import main
from claude_tui.engine.cache import place
place.is_anything_saved = lambda caches: False
sys.exit(main())
"""
"""The program, for which another saves all there is to count just after it has begun to read."""

POOLED = """
import sys
from concurrent.futures import ThreadPoolExecutor
from claude_tui import runtime
from claude_tui.cli import main
pool = ThreadPoolExecutor(1)
pool.submit(int).result()
runtime.keep(pool)
sys.exit(main())
"""
"""The program, with a thread that waits for something to do."""


@pytest.mark.parametrize("program", [LEFT_ALONE, POOLED])
def test_a_report_ends_though_nobody_asked_for_what_it_began_to_read(
    program: str, own_home: Path, claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_TOP_NATIVE", "1")
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=9)))
    claude_home.append({"type": "user", "message": {"content": "x" * (UNSAVED_BYTES + 1)}})
    saved = run("report", "--json").stdout
    again = subprocess.run([sys.executable, "-c", program, "report", "--json"], capture_output=True, timeout=60)
    assert (again.returncode, again.stdout) == (0, saved)


FORKING = """
import os, signal, sys
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.scan.workers import Workers
from claude_tui.pricing import load_pricer
from claude_tui.sources.protocol import LogFile
from zoneinfo import ZoneInfo
number = int(sys.argv[1])
def told(*_):
    raise KeyboardInterrupt
signal.signal(number, told)
def interrupt():
    os.kill(os.getpid(), number)
os.register_at_fork(after_in_parent=interrupt)
try:
    Workers(1, FileReader(load_pricer(), ZoneInfo("UTC"))).submit([Task(LogFile("claude", "/", "/", 0, 0, 0, 0), None)])
except KeyboardInterrupt:
    os._exit(7)
os._exit(0)
"""
"""The program is told to end while it forks, when Python drops what is raised."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_heard_though_processes_are_being_started(number: signal.Signals) -> None:
    done = subprocess.run([sys.executable, "-c", FORKING, str(int(number))], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (7, b"")


LATE = """
import time
from claude_tui.cli.ending import end_when_told
class Last:
    def __del__(self, sleep=time.sleep):
        sleep(0.1)
last = Last()
end_when_told()
import slow
"""
"""A program that is told to end while it imports its last module, and takes its time to end by itself."""


def test_a_program_that_ends_by_itself_is_not_ended_by_what_should_have_told_it_again(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW.replace("100_000", "1"))
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, timeout=60, env=env)
    assert done.returncode in (0, 128 + signal.SIGTERM)
    assert (done.stdout, done.stderr) == (b"whole\n", b"")


TWICE = """
import os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from claude_tui.cli import dispatch, main
from claude_tui.cli.exits import INTERRUPTED
pool = ThreadPoolExecutor(1)
def run(arguments):
    pool.submit(press)
    return INTERRUPTED
def press():
    while threading.main_thread().is_alive() and not any(
        frame.f_code.co_name == "_shutdown" for frame in frames_of(threading.main_thread())
    ):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
def frames_of(thread):
    frame = sys._current_frames().get(thread.ident)
    while frame is not None:
        yield frame
        frame = frame.f_back
dispatch.run = run
sys.exit(main())
"""
"""The program, which was interrupted, is so again while a thread of a pool has something left to do."""


def test_ctrl_c_twice_ends_without_a_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE, "report"], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, b"")


LOADING_C = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        frame = sys._getframe(1)
        while frame is not None:
            loader = frame.f_locals.get("self")
            if type(loader).__name__ == "ExtensionFileLoader" and loader.name == "orjson.orjson":
                sys.meta_path.remove(self)
                print("pressed", file=sys.stderr)
                os.kill(os.getpid(), signal.SIGINT)
                return
            frame = frame.f_back
sys.meta_path.insert(0, Finder())
from claude_tui.cli import main
sys.exit(main())
"""
"""The program, for which Ctrl-C is pressed while a module written in C loads one that it needs."""


def test_ctrl_c_while_a_module_in_c_is_being_loaded_does_not_crash(own_home: Path, claude_home: ClaudeHome) -> None:
    for number in range(40):
        claude_home.append(
            *(assistant(f"m{number}-{at}", NOON, usage(output=9)) for at in range(200)), session=f"s{number}"
        )
    done = subprocess.run([sys.executable, "-c", LOADING_C, "report", "--json"], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, b"pressed\n")
