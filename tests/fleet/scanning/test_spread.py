"""Logs read by workers that die, by drivers that die, and by two drivers at once: the same table, byte for byte."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import dask
import pytest
from distributed import Client, LocalCluster
from distributed.security import Security

from claude_tui.fleet.lake import Lake
from claude_tui.fleet.scanning.scan import Batch, Read, layout_pattern, look, read_batch
from claude_tui.fleet.scanning.spread import SchedulerError, spread
from tests.fleet.machine import SAME, Machine, objects, three
from tests.logs import assistant, usage

GOLDEN = Path(__file__).parents[2] / "golden"
LAYOUT = layout_pattern("{user}/{host}")
POISON = "poison"


@pytest.fixture
def machine(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return three(tmp_path, monkeypatch)[0]


@pytest.fixture
def store(machine: Machine, tmp_path: Path) -> Path:
    folder = tmp_path / "logs" / "ann" / "desk" / ".claude" / "projects"
    shutil.copytree(machine.logs.folder / "projects", folder)
    for golden in sorted(GOLDEN.glob("claude/*/projects")):
        shutil.copytree(golden, folder, dirs_exist_ok=True)
    return tmp_path / "logs"


@pytest.fixture
def expected(machine: Machine, store: Path, tmp_path: Path) -> dict[str, bytes]:
    """The table that one process makes."""
    table = tmp_path / "expected"
    assert machine.run("fleet", "scan", str(store), "--into", str(table), *SAME) == 0
    return tables(table)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Two workers that speak TLS, whose certificates are found as dask's settings say."""
    folder = tmp_path_factory.mktemp("tls")
    made = Security.temporary()  # type: ignore[no-untyped-call]
    for name, text in (("cert", made.tls_client_cert), ("key", made.tls_client_key)):
        (folder / f"{name}.pem").write_text(text)
        (folder / f"{name}.pem").chmod(0o600)
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    settings = {"distributed.comm.tls.ca-file": cert}
    for role in ("client", "scheduler", "worker"):
        settings |= {f"distributed.comm.tls.{role}.cert": cert, f"distributed.comm.tls.{role}.key": key}
    with (
        dask.config.set(settings),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, protocol="tls://", security=Security(require_encryption=True),  # type: ignore[no-untyped-call]

            dashboard_address="127.0.0.1:0", host="127.0.0.1", silence_logs=50,
        ) as cluster,
    ):  # fmt: skip
        yield cluster


def tables(table: Path) -> dict[str, bytes]:
    return {name: data for name, data in objects(table).items() if name.startswith(("daily/", "responses/"))}


def batches(store: Path, table: Path, size: int = 20_000) -> list[Batch]:
    logs = Lake(str(store)), Lake(str(table))
    return look(*logs, LAYOUT, "name", b"", size, is_everything=False).batches


def merged(machine: Machine, store: Path, table: Path) -> dict[str, bytes]:
    """What the table is once what is left has been read here."""
    assert machine.run("fleet", "scan", str(store), "--into", str(table), *SAME) in (0, 4)
    return tables(table)


def deadly(batch: Batch) -> Read:
    """Read a batch, unless a log in it is such that its reader dies."""
    if any(POISON in log.path for log in batch.logs):
        os._exit(1)
    return read_batch(batch)


@pytest.mark.parametrize("kills", [0, 1, 2])
def test_workers_that_die_change_nothing(
    machine: Machine, store: Path, expected: dict[str, bytes], tmp_path: Path, cluster: LocalCluster, kills: int
) -> None:
    table = tmp_path / "table"
    found = batches(store, table)
    with Client(cluster) as client:  # type: ignore[no-untyped-call]
        pids = list(client.run(os.getpid).values())

    def kill() -> None:
        for pid in pids[:kills]:
            before = len(list(table.rglob("*.parquet")))
            while len(list(table.rglob("*.parquet"))) == before:
                pass
            os.kill(pid, signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    done = spread(found, cluster.scheduler_address)
    killer.join(60)
    assert done.logs == sum(len(batch.logs) for batch in found) and not done.problems
    assert not batches(store, table), "all of it has been read"
    assert merged(machine, store, table) == expected


def test_a_log_that_kills_its_reader_is_found_and_left_out(
    store: Path, tmp_path: Path, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = store / "ann" / "desk" / ".claude" / "projects" / "-x" / f"{POISON}.jsonl"
    log.parent.mkdir()
    log.write_text("{}\n")
    found = batches(store, tmp_path / "table", 1 << 19)
    scheduler: Any = cluster.scheduler
    monkeypatch.setattr(scheduler, "allowed_failures", 0)
    done = spread(found, cluster.scheduler_address, read=deadly)
    assert [problem.partition(": ")[0].rpartition("/")[2] for problem in done.problems] == [f"{POISON}.jsonl"]
    assert done.logs == sum(len(batch.logs) for batch in found) - 1


def test_two_drivers_at_once_write_the_same(
    machine: Machine, store: Path, expected: dict[str, bytes], tmp_path: Path, cluster: LocalCluster
) -> None:
    table = tmp_path / "table"
    found = batches(store, table)
    drivers = [Thread(target=spread, args=(some, cluster.scheduler_address)) for some in (found, found[::-1])]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join(120)
    assert not any(driver.is_alive() for driver in drivers)
    assert not batches(store, table)
    assert merged(machine, store, table) == expected


def test_a_driver_that_is_killed_is_run_again(
    machine: Machine, store: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    table = tmp_path / "table"
    big = store / "ann" / "desk" / ".claude" / "projects" / "-big"
    big.mkdir()
    row = assistant("msg_big", 1_795_176_000_000, usage(output=1))
    for number in range(6):
        (big / f"{number}.jsonl").write_text(f"{json.dumps(row)}\n" * 6000)
    expected = merged(machine, store, tmp_path / "expected")
    command = ("fleet", "scan", str(store), "--into", str(table), "--scheduler", "local", "--batch-mb", "1", *SAME)
    driver = subprocess.Popen([sys.executable, "-m", "claude_tui", *command], stderr=subprocess.DEVNULL)
    while not list(table.rglob("*.parquet")) and driver.poll() is None:
        pass
    driver.kill()
    driver.wait(30)
    assert machine.run(*command) in (0, 4)
    assert tables(table) == expected


def test_only_schedulers_that_can_be_trusted_are_spoken_to(
    machine: Machine, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SchedulerError, match="run code"):
        spread([], "tcp://127.0.0.1:1")
    scan = ("fleet", "scan", str(store), "--into", str(tmp_path / "t"), *SAME)
    assert machine.run(*scan, "--scheduler", "tcp://127.0.0.1:8786") == 1
    assert "--insecure-scheduler" in capsys.readouterr().err


def test_a_client_without_tls_is_refused(cluster: LocalCluster) -> None:
    plain = cluster.scheduler_address.replace("tls://", "tcp://")
    with pytest.raises(OSError), dask.config.set({"distributed.comm.retry.count": 0}):
        Client(plain, timeout="3s")  # type: ignore[no-untyped-call]
