"""What a program that runs for weeks must not do: keep a little more for every thread it ever looked and saved in."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Barrier, Lock

import pytest

from tests.faults.following import OURS
from tests.faults.level import Shadowed, kept, write_many
from tests.soak.soak import usage_of

THREADS = 12
FILES = 10_000


def work_in_every_thread(folder: Path, env: dict[str, str], told: Connection) -> None:
    """Tell the resident memory before and after, in MiB."""
    os.environ.update(env)

    async def run() -> None:
        async with kept(folder) as live:
            saver = live.monitor.saver
            all_there, one_by_one = Barrier(THREADS), Lock()
            while saver.saved_revision < 0:  # noqa: ASYNC110 - until what follows the first count is over
                await asyncio.sleep(0.01)

            def work(number: int) -> None:
                all_there.wait()  # so that each has a thread of its own
                with one_by_one:
                    live.tail._look()
                    saver.saved_revision = -1
                    saver.save()

            saver.save()  # the first one also brings in what it needs
            told.send(usage_of(os.getpid())[0])
            with ThreadPoolExecutor(THREADS) as threads:
                list(threads.map(work, range(THREADS)))
                told.send(usage_of(os.getpid())[0])

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_thread_keeps_the_memory_that_a_look_or_a_save_took(own_home: Path) -> None:
    home = Shadowed(own_home / ".claude")
    write_many(home, FILES, 1)
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=work_in_every_thread, args=(home.folder, {name: os.environ[name] for name in OURS}, sender)
    )
    process.start()
    sender.close()
    before, after = receiver.recv(), receiver.recv()
    process.join()
    print(f"{before:.1f} MiB, {after:.1f} MiB after work in each of {THREADS} threads")
    assert process.exitcode == 0
    assert after - before < 20
