"""A receiver of its own for a test, and clients that post to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from claude_tui.paths import state_folder, telemetry_folder
from claude_tui.telemetry.place import TOKEN_FILE
from claude_tui.telemetry.receiver import Receiver
from claude_tui.telemetry.spool import days


class Reply(NamedTuple):
    """What a post was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@contextlib.contextmanager
def receiving(
    resource_keys: Collection[str] = (), now: Callable[[], float] = time.time, role: str = "run", port: int = 0
) -> Iterator[Receiver]:
    """A receiver that has begun to receive, on any free port."""
    changed = threading.Event()
    receiver = Receiver(role, port, resource_keys, now=now, on_change=changed.set)
    receiver.start()
    try:
        wait_for(receiver, changed, "receiving")
        yield receiver
    finally:
        receiver.stop()


def wait_for(receiver: Receiver, changed: threading.Event, state: str) -> None:
    while receiver.state != state:
        assert changed.wait(20), receiver.state
        changed.clear()


def token() -> str:
    return (state_folder() / TOKEN_FILE).read_text().strip()


def post(
    port: int,
    body: bytes | Iterator[bytes],
    path: str = "/v1/logs",
    *,
    method: str = "POST",
    secret: str | None = None,
    **headers: str,
) -> Reply:
    """Post once. A body that is an iterator is sent in chunks, without a length."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    given = {"Content-Type": "application/json", "X-Claude-Top-Token": token() if secret is None else secret}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(connection):
        connection.request(method, path, body, {name: value for name, value in given.items() if value})
        response = connection.getresponse()
        return Reply(response.status, dict(response.headers), response.read())


def lines() -> list[dict[str, Any]]:
    """Every line of the spool, the oldest first."""
    return [json.loads(line) for path in days(telemetry_folder()) for line in path.read_bytes().splitlines()]


def numbered(*numbers: int) -> bytes:
    """An export of Claude Code with one response for each number, told by its request id."""
    records = [
        {
            "timeUnixNano": "1795992124819000000",
            "body": {"stringValue": "claude_code.api_request"},
            "attributes": [
                {"key": "event.name", "value": {"stringValue": "api_request"}},
                {"key": "request_id", "value": {"stringValue": f"req_{number}"}},
                {"key": "input_tokens", "value": {"intValue": number}},
                {"key": "prompt", "value": {"stringValue": "rm -rf / # a secret"}},
            ],
        }
        for number in numbers
    ]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()


def numbers_in(found: list[dict[str, Any]]) -> list[int]:
    """The numbers of the responses that lines of the spool tell."""
    told = []
    for line in found:
        (record,) = line["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
        told += [int(one["value"]["intValue"]) for one in record["attributes"] if one["key"] == "input_tokens"]
    return told


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()
