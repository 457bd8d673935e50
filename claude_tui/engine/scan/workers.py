"""Worker processes that read files. Start them before threads run and before the screen's code is loaded.

Must not know what is done with what they read.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Final

from claude_tui import runtime
from claude_tui.engine.scan.handing import without_files
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.state.batch import Packed, fields_of, records_of
from claude_tui.sources.protocol import Checkpoint, LogFile

GUARD_S: Final = 0.5
"""How often workers are looked at, and how long the pool has to notice a dead one by itself."""

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_reader: FileReader | None = None


class Workers:
    """A pool of processes with a reader each. Raises OSError if no process can be started."""

    def __init__(self, count: int, reader: FileReader, niceness: int = 0) -> None:
        # A process with threads must not be forked: a lock held by one of them would stay held for ever.
        can_fork = threading.active_count() == 1
        runtime.forking()
        if not can_fork:
            _start_tracker()
        self._pool = ProcessPoolExecutor(
            count,
            mp_context=get_context("fork" if can_fork else "spawn"),
            initializer=_start,
            initargs=(reader, os.getpid(), niceness),
        )
        _widen(getattr(self._pool, "_result_queue", None))
        self._guard: threading.Thread | None = None
        self._stopped = threading.Event()

    def submit(self, tasks: list[Task]) -> Future[Packed] | None:
        """Read files in a worker; None if there is none that could. What comes of it `with_files` makes whole."""
        files, since = zip(*tasks, strict=True)
        try:
            with _undisturbed():
                future = self._pool.submit(_read, fields_of(files), since)
        except (BrokenExecutor, RuntimeError, OSError, ValueError):  # ValueError: file descriptors are odd here
            return None
        if self._guard is None:  # after the first processes: a fork must not find a thread
            self._guard = threading.Thread(target=self._watch, name="workers", daemon=True)
            self._guard.start()
        return future

    def stop(self) -> None:
        """Let the workers end; what has not begun is dropped."""
        self._stopped.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _watch(self) -> None:
        """Break the pool off when a worker was killed in the middle of handing over a result.

        The pool's own thread would wait for the rest for ever: nobody writes it, but others, this process among
        them, still could. With every writer gone it sees the end and gives up all that is under way.
        """
        while not self._stopped.wait(GUARD_S):
            workers = list((self._pool._processes or {}).values())
            if all(worker.exitcode is None for worker in workers) or self._stopped.wait(GUARD_S):
                continue
            for worker in workers:
                worker.kill()
            writer = getattr(getattr(self._pool, "_result_queue", None), "_writer", None)
            with contextlib.suppress(OSError, AttributeError):
                if writer is not None:
                    writer.close()
            return


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let signals wait while processes are being started: Python drops what a handler raises within a fork."""
    waiting: list[int] = []
    before: dict[int, Any] = {}
    with contextlib.suppress(ValueError):  # beside the main thread no handler is called
        for number in _ENDING:
            before[number] = signal.signal(number, lambda ending, _: waiting.append(ending)) or signal.SIG_DFL
    try:
        yield
    finally:
        for own, handler in before.items():
            signal.signal(own, handler)
        for told in waiting:
            signal.raise_signal(told)


def _widen(results: object) -> None:
    """Let workers hand over a whole result though this process is at something else."""
    with contextlib.suppress(ImportError, AttributeError, OSError):  # only Linux can
        import fcntl

        fcntl.fcntl(results._writer, fcntl.F_SETPIPE_SZ, 1 << 20)  # type: ignore[attr-defined]


def started(count: int, reader: FileReader, niceness: int = 0) -> Workers | None:
    """Return workers; None if no process can be started."""
    try:
        return Workers(count, reader, niceness)
    except OSError:
        return None


def _start_tracker() -> None:
    """Start the process that multiprocessing has beside every pool, where it has one.

    It is passed stderr on, which has no file number to pass while Textual runs: "bad value(s) in fds_to_keep".
    """
    try:
        from multiprocessing.resource_tracker import ensure_running
    except ImportError:
        return
    told, sys.stderr = sys.stderr, sys.__stderr__
    try:
        ensure_running()
    finally:
        sys.stderr = told


def _start(reader: FileReader, parent: int, niceness: int) -> None:
    global _reader
    _reader = reader
    runtime.worker()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):  # a forked worker has what the screen does on them
        signal.signal(number, signal.SIG_DFL)
    os.nice(niceness)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _read(files: list[tuple[object, ...]], since: tuple[Checkpoint | None, ...]) -> Packed:
    if _reader is None:
        raise RuntimeError("the worker was not started")
    tasks = list(map(Task, records_of(LogFile, files), since))
    return without_files(_reader.read_all(tasks), [task.file for task in tasks])
