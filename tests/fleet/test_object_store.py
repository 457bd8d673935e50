"""The same table in an object store: a real S3 server on the loopback, spoken to over HTTP."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import boto3
import pytest

from claude_tui.fleet.lake import Lake, LakeError
from tests.fleet.machine import SAME, Machine, objects, printed, three

BUCKET = "lake"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    address = ""
    while not address:
        line = process.stderr.readline()
        assert line, "the server did not start"
        address = line.partition("Running on ")[2].strip()
    # What it says of each request is read, or it would stop.
    reading = Thread(target=process.stderr.read, daemon=True)
    reading.start()
    yield address
    process.terminate()
    process.wait(30)
    reading.join(30)
    process.stderr.close()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch, own_home: Path) -> str:
    """The URL of an empty bucket, which everything here finds by its environment, as with a real store."""
    for name, value in {
        "AWS_ENDPOINT_URL": server, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with urlopen(f"{server}/moto-api/reset", data=b"") as answer:
        assert answer.status == 200
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    return f"s3://{BUCKET}/claude"


@pytest.fixture
def machines(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    return three(tmp_path, monkeypatch)


def test_a_table_in_a_store_is_the_table_in_a_folder(
    s3: str, machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "table"
    for url in (str(folder), s3):
        for machine in machines:
            assert machine.run("fleet", "push", url, "--user", "ann", *SAME) == 0
        assert machines[0].run("fleet", "merge", url) == 0
    found = [printed(capsys, machines[0], "report", "--json", "--from", url) for url in (str(folder), s3)]
    assert found[0] == found[1]
    there = boto3.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert {one["Key"].removeprefix("claude/") for one in there} == objects(folder).keys()
    for one in there:
        name = one["Key"].removeprefix("claude/")
        if "=" in name:
            assert boto3.client("s3").get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() == objects(folder)[name]
    assert machines[0].run("fleet", "status", s3) == 0


def test_of_two_that_create_an_object_one_does(s3: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda number: Lake(s3).create("one.json", b"%d" % number), range(4)))
    assert sum(made) == 1


def test_a_bucket_that_is_not_there_is_one_clear_line(s3: str, machines: list[Machine]) -> None:
    lake = Lake("s3://nobody-has-this/x")
    with pytest.raises(LakeError, match="nobody-has-this"):
        lake.write("a.json", b"{}")


def test_logs_in_a_store_are_scanned_as_those_in_a_folder(
    s3: str, machines: list[Machine], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, client = tmp_path / "logs", boto3.client("s3")
    for machine in machines:
        shutil.copytree(machine.logs.folder / "projects", folder / "ann" / machine.name / ".claude" / "projects")
    for log in folder.rglob("*.jsonl"):
        client.upload_file(str(log), BUCKET, f"raw/{log.relative_to(folder)}")
    tables = {str(folder): tmp_path / "table", f"s3://{BUCKET}/raw": s3}
    for url, table in tables.items():
        assert machines[0].run("fleet", "scan", url, "--into", str(table), *SAME) == 0
    found = [printed(capsys, machines[0], "report", "--json", "--from", str(table)) for table in tables.values()]
    assert found[0] == found[1]
    assert machines[0].run("fleet", "scan", f"s3://{BUCKET}/raw", "--into", s3, *SAME) == 0
    assert "read: 0 logs" in capsys.readouterr().err, "their tags are known"
    client.upload_file(str(log), BUCKET, "raw/ann/desk/.claude/projects/-x/copy.jsonl")
    assert machines[0].run("fleet", "scan", f"s3://{BUCKET}/raw", "--into", s3, *SAME) == 0
    assert "read: 1 log " in capsys.readouterr().err
