"""Everything that can happen to logs and to the program, in any order, on real files, with a real cache and ledger.

`FAULT_EXAMPLES=2000 pytest tests/faults/test_machine.py` is the long form.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from claude_tui.engine.monitor import Monitor
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query
from tests.engine.counting import PRICER, UTC, config_of
from tests.faults.level import Shadowed, expected, picture, row
from tests.logs import line

T = TypeVar("T")
PATHS = st.sampled_from([("s1", "-p"), ("s2", "-p"), ("s1", "-q"), ("s3", "-r")])
CUT = st.floats(0, 1)


class Machine(RuleBasedStateMachine):
    """What is shown equals the reference over everything that was ever shown: nothing is subtracted or counted twice.

    Whatever is about to be taken away is looked at first, for what nobody saw nobody can remember.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._folder = Path(tempfile.mkdtemp(prefix="claude-top-machine-"))
        self._home = Shadowed(self._folder / ".claude")
        self._number = 0
        self._monitor: Monitor
        self._running: asyncio.Task[None]
        self._halves: dict[Path, bytes] = {}
        self._start()

    # -- the program ---------------------------------------------------------------------------------------------

    def _run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(asyncio.wait_for(doing, 60))

    def _start(self) -> None:
        self._monitor = Monitor(
            Setup(
                config_of(self._home.folder),
                PRICER,
                UTC,
                cache_folder=self._folder / "cache",
                ledger_file=self._folder / "data" / "ledger.db",
            )
        )

        async def started() -> None:
            is_live = asyncio.Event()

            def moved() -> None:
                if self._monitor.snapshot(Query(), 0).progress.phase in (Phase.LIVE, Phase.POLLING):
                    self._loop.call_soon_threadsafe(is_live.set)

            self._monitor.subscribe(moved)
            self._running = asyncio.create_task(self._monitor.run())
            await is_live.wait()

        self._run(started())

    def _stop(self) -> None:
        self._running.cancel()
        self._run(asyncio.wait([self._running]))

    def _look(self) -> str:
        assert self._monitor.tail is not None
        self._run(self._monitor.tail.sweep())
        return picture(self._monitor)

    def _check(self) -> None:
        assert self._look() == expected(self._home.shadow)

    @rule()
    def look(self) -> None:
        self._check()

    @rule()
    def restart(self) -> None:
        self._check()
        self._stop()
        self._start()
        self._check()

    @rule(is_kept=st.booleans())
    def kill(self, is_kept: bool) -> None:
        """Go without saving; what the ledger has is there again, and the files are read again."""
        self._check()
        keeper = self._monitor.saver.keeper
        assert keeper is not None
        if is_kept:
            keeper.flush(10)
        elif self._has_lost():
            return  # what only this program knew is gone with it
        self._monitor.saver.save = lambda: None  # type: ignore[method-assign]
        keeper.close = lambda wait_s=0.0: True  # type: ignore[method-assign]
        self._stop()
        with keeper.backlog.condition:
            keeper._closing = True
            keeper.backlog.pending.clear()
            keeper.backlog.condition.notify_all()
        self._start()
        self._check()

    @rule()
    def lose_the_cache(self) -> None:
        self._check()
        self._stop()
        shutil.rmtree(self._folder / "cache", ignore_errors=True)
        self._start()
        self._check()

    def _has_lost(self) -> bool:
        """Whether the shadow knows more than the files."""
        return any(
            not (self._home.folder / path.relative_to(self._home.shadow)).exists()
            or (self._home.folder / path.relative_to(self._home.shadow)).stat().st_size < path.stat().st_size
            for path in self._home.shadow.rglob("*.jsonl")
        )

    # -- the files -----------------------------------------------------------------------------------------------

    def _paths(self) -> list[Path]:
        return sorted(self._home.folder.rglob("*.jsonl"))

    def _some(self, data: st.DataObject) -> Path:
        path = data.draw(st.sampled_from(self._paths()))
        self._look()
        self._halves.pop(path, None)
        return path

    @rule(where=PATHS, output=st.integers(0, 99), again=st.integers(0, 30))
    def append(self, where: tuple[str, str], output: int, again: int) -> None:
        """A new response, or one that is there already under a number of its own: anywhere, with any count."""
        self._number += 1
        number = again if 0 < again < self._number else self._number
        session, project = where
        path = self._home.path(session, project)
        rest = self._halves.pop(path, b"")
        self._home.append(rest, row(number, output, sessionId=session), session=session, project=project)

    @rule(where=PATHS, cut=CUT)
    def append_half(self, where: tuple[str, str], cut: float) -> None:
        session, project = where
        path = self._home.path(session, project)
        if path in self._halves:
            return
        self._number += 1
        text = line(row(self._number, sessionId=session))
        at = int(cut * (len(text) - 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as log:
            log.write(text[:at])
        self._halves[path] = text[at:]
        self._home.remember(path)

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data(), cut=CUT)
    def truncate(self, data: st.DataObject, cut: float) -> None:
        path = self._some(data)
        whole = path.read_bytes()
        os.truncate(path, whole.rfind(b"\n", 0, int(cut * len(whole))) + 1)

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data())
    def regrow(self, data: st.DataObject) -> None:
        """All a file ever held, written anew in place."""
        path = self._some(data)
        os.truncate(path, 0)
        with path.open("ab") as log:
            log.write((self._home.shadow / path.relative_to(self._home.folder)).read_bytes())

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        path = self._some(data)
        lines = [text for text in path.read_bytes().splitlines(keepends=True) if text.endswith(b"\n")]
        other = path.with_name("other.tmp")
        other.write_bytes(b"".join(data.draw(st.permutations(lines))[: len(lines) // 2 + 1]))
        other.replace(path)
        self._home.remember(path)

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self._some(data).unlink()

    @precondition(lambda self: bool(self._paths()))
    @rule(data=st.data(), is_moved=st.booleans())
    def rename_or_fork(self, data: st.DataObject, is_moved: bool) -> None:
        path = self._some(data)
        self._number += 1
        other = path.with_name(f"s{100 + self._number}.jsonl")
        if is_moved:
            path.rename(other)
        else:
            shutil.copyfile(path, other)
        self._home.remember(other)

    def teardown(self) -> None:
        try:
            self._check()
            self._stop()
            # A program that begins with nothing but files and ledger says the same.
            shutil.rmtree(self._folder / "cache", ignore_errors=True)
            self._start()
            self._check()
        finally:
            self._stop()
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
            shutil.rmtree(self._folder)
