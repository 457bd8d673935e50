"""Files that change while the native core reads them, and a program that is killed in its call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
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
from claude_tui.native import library
from claude_tui.native.core import Core
from claude_tui.pricing import load_pricer
from claude_tui.sources.claude import ClaudeSource
from claude_tui.sources.codex import CodexSource
from tests.logs import assistant, line, usage
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


class Kept(ABC):
    """A log of some client whose answers are numbered by their output."""

    head = b""
    """What stands before all answers."""
    path: Path
    """Where it is."""
    asked: str
    """How the core is asked for it."""

    @abstractmethod
    def rows(self, first: int, number: int) -> bytes:
        """So many answers, with as much text beside them as is read a while."""

    @abstractmethod
    def tasks(self) -> list[Task]:
        """All that is to be read."""

    def put(self, path: Path, number: int) -> None:
        path.write_bytes(self.head + self.rows(0, number))


class Transcript(Kept):
    asked = "read"

    def __init__(self, home: Path) -> None:
        self.folder = home / ".claude" / "projects"
        self.path = self.folder / "-home-project" / "s1.jsonl"
        self.path.parent.mkdir(parents=True)

    def rows(self, first: int, number: int) -> bytes:
        told = (
            assistant(f"msg_{at}", T + at, usage(1, at, inference_geo="us" if at % 7 == 5 else "not_available"))
            for at in range(first, first + number)
        )
        return b"".join(line({**row, "more": PADDING}) for row in told)

    def tasks(self) -> list[Task]:
        return [Task(file) for file in ClaudeSource().discover(self.folder)]


class Rollout(Kept):
    asked = "rollouts"
    head = line(codex.meta("x")) + line(codex.turn(second=1))

    def __init__(self, home: Path) -> None:
        self.folder = home / ".codex"
        self.path = self.folder / "sessions" / "2026" / "11" / "21" / "rollout-2026-11-21T07-00-00-x.jsonl"
        self.path.parent.mkdir(parents=True)

    def rows(self, first: int, number: int) -> bytes:
        talk = line(codex.event("agent_message", 1, message=PADDING))
        answers = [
            line({**codex.told("x", f"r{at}", codex.usage(100, at), second=2 + at), "more": ""})
            for at in range(first, first + number)
        ]
        # Of every seventh Python must say what it is.
        return b"".join(
            talk + (answer.replace(b'"type"', b'"t\\u0079pe"') if at % 7 == 5 else answer)
            for at, answer in enumerate(answers, first)
        )

    def tasks(self) -> list[Task]:
        return [Task(file) for file in CodexSource().discover(self.folder)]


@pytest.fixture(params=[Transcript, Rollout])
def kept(request: pytest.FixtureRequest, own_home: Path) -> Kept:
    made: Kept = request.param(own_home)
    return made


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
    """Reads a log natively, each time whole, and what the core leaves in Python."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.reader = FileReader(load_pricer(), UTC)

    def outputs(self) -> list[int]:
        """The output of all responses in the order of their instants, as counted in one go."""
        store = Store(self.reader.pricer, UTC, keep_names=False)
        packs, others = read_natively(self.kept.tasks(), self.reader)
        for pack in (*packs, *([self.reader.read_all(others)] if others else [])):
            store.take_in(pack)
        return [output for _, output in sorted((one.time_ms, one.usage.output) for one in list_responses(store))]


def test_a_file_that_grows_is_read_up_to_some_line(kept: Kept) -> None:
    kept.put(kept.path, 5)
    counting = Counting(kept)

    def grow(turn: int) -> None:
        if turn < 400:
            data = kept.rows(5 + turn, 1)
            with kept.path.open("ab", buffering=0) as log:
                log.write(data[: len(data) // 2])
                log.write(data[len(data) // 2 :])

    with meanwhile(grow):
        found = [counting.outputs() for _ in range(TURNS)]
    found.append(counting.outputs())
    for before, after in pairwise(found):
        assert after[: len(before)] == before
    assert found[-1] == list(range(len(found[-1])))
    assert len(found[-1]) == kept.path.read_bytes().count(b'"more"') > 5


@pytest.mark.parametrize("way", ["replaced", "appended"])
def test_a_file_that_is_replaced_or_cut_is_read_as_it_was_or_as_it_is(kept: Kept, way: str) -> None:
    kept.put(kept.path, 3)
    short = kept.path.read_bytes()
    kept.put(kept.path, 12)
    long = kept.path.read_bytes()
    counting = Counting(kept)

    def rewrite(turn: int) -> None:
        data = (short, long)[turn % 2]
        if way == "replaced":
            fresh = kept.path.with_suffix(".new")
            fresh.write_bytes(data)
            fresh.replace(kept.path)
        elif turn % 2:
            with kept.path.open("ab", buffering=0) as log:
                log.write(data[len(short) :])
        else:
            os.truncate(kept.path, len(short))

    with meanwhile(rewrite):
        for _ in range(TURNS):
            found = counting.outputs()
            # Nobody promises that what is appended in one write is there all at once.
            assert found == list(range(len(found))) and (
                len(found) in (3, 12) or (way == "appended" and len(found) > 3)
            )


def test_a_file_that_is_replaced_between_core_and_python_is_read_anew(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.put(kept.path, 12)
    ask = getattr(Core, kept.asked)

    def ask_and_replace(self: Core, request: bytes) -> memoryview:
        answer: memoryview = ask(self, request)
        if b"probe_" not in request:
            fresh = kept.path.with_suffix(".new")
            kept.put(fresh, 3)
            fresh.replace(kept.path)
        return answer

    monkeypatch.setattr(Core, kept.asked, ask_and_replace)
    assert Counting(kept).outputs() == [0, 1, 2]


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


def test_a_program_that_is_killed_in_the_call_leaves_nothing_wrong(own_home: Path) -> None:
    transcript = Transcript(own_home)
    for number in range(40):
        transcript.path.with_stem(f"s{number}").write_bytes(transcript.rows(100 * number, 12))
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
