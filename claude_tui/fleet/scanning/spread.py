"""Reads batches on many workers, with dask.distributed: the same objects, whichever worker reads them, however often.

Nothing of it is needed for the numbers: a batch is named by its content, and what is written is written whole. Whoever
reaches a scheduler runs code there, so only one that speaks TLS is spoken to, or one of our own on the loopback, or
another that is asked for by name. Must not know what is in a batch.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from distributed import Client, LocalCluster, as_completed
from distributed.scheduler import KilledWorker

from claude_tui.fleet.lake import LakeError
from claude_tui.fleet.scanning.scan import Batch, Read, halves, read_batch, together

LOCAL: Final = "local"
TLS: Final = "tls://"


class SchedulerError(Exception):
    """A scheduler cannot be used. The text says why in one line."""


def spread(
    batches: Sequence[Batch],
    scheduler: str,
    *,
    retries: int = 5,
    is_insecure_allowed: bool = False,
    read: Callable[[Batch], Read] = read_batch,
) -> Read:
    """Read batches on the workers of a scheduler: "local", or an address. Raises SchedulerError and LakeError.

    A batch whose workers die again and again is divided until the one log is found, which is a problem of its own.
    """
    if scheduler != LOCAL and not scheduler.startswith(TLS) and not is_insecure_allowed:
        raise SchedulerError(
            f"{scheduler}: anyone who reaches it can run code there; use {TLS} or --insecure-scheduler"
        )
    if not batches:
        return Read()
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it has to say is said here, in a line
    if scheduler == LOCAL:
        workers = min(len(batches), os.cpu_count() or 1)
        with (
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False}, silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):  # fmt: skip
            return _gathered(client, batches, retries, read)
    try:
        client = Client(scheduler, timeout="20s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        raise SchedulerError(f"{scheduler}: {' '.join(str(error).split())[:200]}") from None
    with client:
        return _gathered(client, batches, retries, read)


def _gathered(client: Any, batches: Sequence[Batch], retries: int, read: Callable[[Batch], Read]) -> Read:
    reads: list[Read] = []
    suspects: list[Batch] = []
    waiting: dict[str, Batch] = {}

    def submit(batch: Batch, mark: str = "") -> Any:
        future = client.submit(read, batch, key=f"claude-top-{batch.name}{mark}", retries=retries)
        waiting[future.key] = batch
        return future

    done: Any = as_completed([submit(batch) for batch in batches])  # type: ignore[no-untyped-call]
    for future in done:
        batch = waiting.pop(future.key)
        found = _result(future)
        if found is not None:
            reads.append(found)
        elif len(batch.logs) == 1:
            suspects.append(batch)
        else:
            for half in halves(batch):
                done.add(submit(half))
    # One that only waited at a worker that died is blamed as well, so each is read once more with nothing beside it.
    for batch in suspects:
        name = batch.logs[0].name
        alone = _result(submit(batch, "-alone"))
        reads.append(alone or Read(problems=(f"{name}: unreadable, every worker that read it died",)))
    return together(reads)


def _result(future: Any) -> Read | None:
    """Return what reading gave; None if it killed too many workers. Raises LakeError and SchedulerError."""
    try:
        found: Read = future.result()
    except KilledWorker:
        return None
    except LakeError:
        raise
    except Exception as error:  # a worker without our packages, or of another version
        raise SchedulerError(f"a worker failed: {' '.join(str(error).split())[:200]}") from None
    return found
