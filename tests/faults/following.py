"""A program of its own that follows logs the way the screen does, to be killed, starved and lied to.

`kill_followers` starts two of them on one cache and one ledger, over and over:
`FAULT_KILLS=1000 pytest -s tests/faults/test_kills.py` is the long form.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

from claude_tui import paths
from claude_tui.engine import monitor, saver
from claude_tui.engine.follow import tail
from claude_tui.engine.ledger.sync import keeper
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query
from tests.engine.counting import PRICER, UTC, config_of, counted
from tests.faults.level import Shadowed, expected, fresh, row

PATIENCE_S = 60.0
OURS = ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TZ")


class Outcome(NamedTuple):
    kills: int
    responses: int
    pictures: int
    """How many killed programs had shown everything before they went."""
    divergences: int


def follow(folder: Path, env: dict[str, str], told: Connection) -> None:
    """Follow until killed. Tells how many responses are shown, each time it changes."""
    os.environ.update(env)
    tail.SWEEP_S = 0.05  # type: ignore[misc]
    saver.SAVE_INTERVAL_S = 0.02  # type: ignore[misc]
    keeper.COMMIT_S = 0.02  # type: ignore[misc]
    following = monitor.Monitor(
        Setup(config_of(folder), PRICER, UTC, cache_folder=paths.cache_folder(), ledger_file=paths.ledger_file())
    )
    last = -1

    def tell() -> None:
        nonlocal last
        snapshot = following.snapshot(Query(), 0)
        if snapshot.progress.phase in (Phase.LIVE, Phase.POLLING) and snapshot.totals.responses != last:
            last = snapshot.totals.responses
            told.send(last)

    following.subscribe(tell)
    asyncio.run(following.run())


@contextmanager
def follower(folder: Path) -> Iterator[tuple[BaseProcess, Connection]]:
    """A following process, and what it tells; killed on the way out."""
    processes = get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    env = {name: os.environ[name] for name in OURS}
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=follow, args=(folder, env, sender))
    process.start()
    sender.close()
    try:
        yield process, receiver
    finally:
        process.kill()
        process.join()
        receiver.close()
        process.close()


def kill_followers(home: Shadowed, rounds: int, seed: int = 1, check_every: int = 5) -> Outcome:
    """Start two, change the logs under them, kill both at some moment, `rounds` times."""
    chosen = random.Random(seed)
    number = shown = divergences = 0
    for turn in range(rounds):
        with follower(home.folder) as first, follower(home.folder) as second:
            for _ in range(chosen.randrange(1, 6)):
                number += 1
                new = number if chosen.random() < 0.8 else chosen.randrange(1, number + 1)
                where = {"session": f"s{chosen.randrange(9)}", "project": f"-p{chosen.randrange(3)}"}
                home.append(row(new, chosen.randrange(99)), **where)
            is_calm = turn % 2 == 1  # every other time they may come to show everything
            settled = responses_of(home) if is_calm else 0
            for process, receiver in (first, second):
                if is_calm:
                    shown += until_shown(receiver, settled)
                else:
                    time.sleep(chosen.uniform(0, 0.3))
                process.kill()
        if (is_calm and turn % check_every == 0) or turn == rounds - 1:
            whole = expected(home.folder)
            divergences += fresh(home.folder) != whole
            divergences += fresh(home.folder, Path(os.environ["XDG_CACHE_HOME"])) != whole
    return Outcome(2 * rounds, responses_of(home), shown, divergences)


def until_shown(receiver: Connection, responses: int) -> bool:
    """Wait until a follower shows so many."""
    end = time.monotonic() + PATIENCE_S
    with suppress(EOFError):
        while receiver.poll(max(0.0, end - time.monotonic())):
            if receiver.recv() == responses:
                return True
    return False


def responses_of(home: Shadowed) -> int:
    return len(list_responses(counted(home.folder)))
