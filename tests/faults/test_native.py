"""Files that change while the native core reads them, and a program that is killed in its call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan.native import read_natively
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from claude_tui.native import library
from claude_tui.native.core import Core
from claude_tui.pricing import load_pricer
from claude_tui.sources.claude import ClaudeSource
from tests.logs import ClaudeHome, assistant, line, usage
from tests.sources.codex import logs as codex

UTC = ZoneInfo("UTC")
T = 1_780_000_000_000
PADDING = "x" * 20_000
TURNS = 150


@pytest.fixture(autouse=True)
def core() -> None:
    found = library.found()
    if found.core is None:
        pytest.skip(f"the native core is {found.reason}: `pip install -e .` where cargo is builds it")


def rows(first: int, number: int) -> bytes:
    told = (
        assistant(f"msg_{at}", T + at, usage(1, at, inference_geo="us" if at % 7 == 5 else "not_available"))
        for at in range(first, first + number)
    )
    return b"".join(line({**row, "more": PADDING}) for row in told)


@contextmanager
def meanwhile(change: Callable[[int], None]) -> Iterator[None]:
    """Change something again and again, in a thread."""
    is_over = threading.Event()

    def run() -> None:
        turn = 0
        while not is_over.is_set():
            change(turn)
            turn += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


class Counting:
    """Reads the transcripts below a folder natively, each time whole, and what the core leaves in Python."""

    def __init__(self, home: ClaudeHome) -> None:
        self.folder = home.folder / "projects"
        self.reader = FileReader(load_pricer(), UTC)

    def responses(self) -> list[tuple[int, int]]:
        """Instants and output of all responses, as counted in one go."""
        store = Store(self.reader.pricer, UTC, keep_names=False)
        packs, others = read_natively([Task(file) for file in ClaudeSource().discover(self.folder)], self.reader)
        for pack in (*packs, *([self.reader.read_all(others)] if others else [])):
            store.take_in(pack)
        return sorted((one.time_ms, one.usage.output) for one in list_responses(store, Query()))


def test_a_file_that_grows_is_read_up_to_some_line(claude_home: ClaudeHome) -> None:
    path = claude_home.append(rows(0, 5))
    counting = Counting(claude_home)

    def grow(turn: int) -> None:
        if turn < 400:
            data = rows(5 + turn, 1)
            with path.open("ab", buffering=0) as log:
                log.write(data[: len(data) // 2])
                log.write(data[len(data) // 2 :])

    with meanwhile(grow):
        found = [counting.responses() for _ in range(TURNS)]
    found.append(counting.responses())
    for before, after in pairwise(found):
        assert after[: len(before)] == before
    assert [output for _, output in found[-1]] == list(range(len(found[-1])))
    assert len(found[-1]) == path.read_bytes().count(b"\n") > 5


@pytest.mark.parametrize("way", ["replaced", "appended"])
def test_a_file_that_is_replaced_or_cut_is_read_as_it_was_or_as_it_is(claude_home: ClaudeHome, way: str) -> None:
    long, short = rows(0, 12), rows(0, 3)
    path = claude_home.append(long)
    counting = Counting(claude_home)

    def rewrite(turn: int) -> None:
        data = (short, long)[turn % 2]
        if way == "replaced":
            fresh = path.with_suffix(".new")
            fresh.write_bytes(data)
            fresh.replace(path)
        elif turn % 2:
            with path.open("ab", buffering=0) as log:
                log.write(data[len(short) :])
        else:
            os.truncate(path, len(short))

    with meanwhile(rewrite):
        for _ in range(TURNS):
            found = [output for _, output in counting.responses()]
            # Nobody promises that what is appended in one write is there all at once.
            assert found == list(range(len(found))) and (
                len(found) in (3, 12) or (way == "appended" and len(found) > 3)
            )


def test_a_file_that_is_replaced_between_core_and_python_is_read_anew(
    claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = claude_home.append(rows(0, 12))
    read = Core.read

    def read_and_replace(self: Core, request: bytes) -> memoryview:
        answer = read(self, request)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(rows(0, 3))
        fresh.replace(path)
        return answer

    monkeypatch.setattr(Core, "read", read_and_replace)
    assert [output for _, output in Counting(claude_home).responses()] == [0, 1, 2]


KILLED = """
import os, signal, sys, threading
from claude_tui.native.core import Core
asked = sys.argv[1]
ask = getattr(Core, asked)
def ask_and_die(self, request):
    if b"/probe" not in request:
        threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGKILL)).start()
    return ask(self, request)
setattr(Core, asked, ask_and_die)
from claude_tui.cli import main
main(["report", "--json"])
"""


def total_after_a_kill(asked: str, home: Path) -> int:
    """Kill a report in a call of the core, look that later ones say what one without the core says, and return how many
    responses that are."""
    env = {**os.environ, "CLAUDE_TOP_NATIVE": "1"}
    report = [sys.executable, "-m", "claude_tui", "report", "--json"]
    killed = subprocess.run([sys.executable, "-c", KILLED, asked], env=env, capture_output=True)
    assert killed.returncode == -9 and not killed.stdout
    after = subprocess.run(report, env=env, capture_output=True, check=True).stdout
    again = subprocess.run(report, env=env, capture_output=True, check=True).stdout
    fresh = {**env, "CLAUDE_TOP_NATIVE": "0", "XDG_CACHE_HOME": str(home / "other")}
    assert after == again == subprocess.run(report, env=fresh, capture_output=True, check=True).stdout
    total: int = json.loads(after)["totals"]["responses"]
    return total


def test_a_program_that_is_killed_in_the_call_leaves_nothing_wrong(claude_home: ClaudeHome, own_home: Path) -> None:
    for number in range(40):
        claude_home.append(rows(100 * number, 12), session=f"s{number}")
    assert total_after_a_kill("read", own_home) == 480


def test_a_program_that_is_killed_in_the_call_for_rollouts_leaves_nothing_wrong(own_home: Path) -> None:
    talk = codex.event("agent_message", 1, message=PADDING)
    for number in range(40):
        lines = [codex.meta(f"t{number}"), codex.turn(second=1)]
        for turn in range(1, 13):
            told = codex.usage(100 * turn, 10 * turn), codex.usage(100, 10)
            lines += [talk, codex.count(*told, second=100 * number + turn)]
        codex.write(own_home / ".codex", f"t{number}", lines)
    assert total_after_a_kill("rollouts", own_home) == 480
