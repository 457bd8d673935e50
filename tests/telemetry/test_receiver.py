"""What a client sees of the receiver, and what is on the disk after its answer."""

from __future__ import annotations

import asyncio
import errno
import gzip
import http.client
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_tui.paths import state_folder, telemetry_folder
from claude_tui.sources.telemetry.allowed import kept_records
from claude_tui.telemetry import status as kept_status
from claude_tui.telemetry.intake import MAX_BODY_BYTES
from claude_tui.telemetry.receiver import Receiver
from claude_tui.telemetry.spool import Spool, days
from tests.sources.telemetry_posts import MARK, SETS, marked, posts
from tests.telemetry.cost import Costly
from tests.telemetry.posting import files_below, lines, numbered, numbers_in, post, receiving, token


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(("team",)) as found:
        yield found


@pytest.mark.parametrize("name", SETS)
def test_what_real_clients_posted_is_kept_as_they_told_it(receiver: Receiver, name: str) -> None:
    """Each post the way its client sends it: chunked or whole, to its own path, zipped or not."""
    wanted: list[dict[str, Any]] = []
    connection = http.client.HTTPConnection("127.0.0.1", receiver.status.port, timeout=20)  # kept alive
    for number, export in enumerate(posts(name)):
        wanted += kept_records(export)
        body = json.dumps(export).encode()
        headers = {"Content-Type": "application/json"}
        if number % 3 == 1:
            body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
        path = ("/v1/logs", "/", "/any/where")[number % 3]
        if number % 2:
            headers["Authorization"] = f"Bearer {token()}"
            connection.request("POST", path, iter([body[:7], body[7:]]), headers)
        else:
            connection.request("POST", f"/{token()}{path}", body, headers)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"{}")
    connection.close()
    assert lines() == wanted
    assert wanted


@pytest.mark.parametrize("name", SETS)
def test_no_text_of_anybody_is_in_any_file(receiver: Receiver, own_home: Path, name: str) -> None:
    for export in posts(name):
        assert post(receiver.status.port, json.dumps(marked(export)).encode()).status == 200
        assert post(receiver.status.port, json.dumps(export).encode() + MARK.encode()).status == 400
    receiver.stop()
    found = dict(files_below(own_home))
    assert any(path.suffix == ".jsonl" for path in found) or name.startswith("codex")
    for path, content in found.items():
        assert MARK.encode() not in content, path


def test_it_is_on_the_disk_before_it_is_acknowledged(receiver: Receiver) -> None:
    for number in range(20):
        assert post(receiver.status.port, numbered(number)).status == 200
        assert numbers_in(lines()) == list(range(number + 1))


def test_files_are_their_owners_alone(receiver: Receiver) -> None:
    post(receiver.status.port, numbered(1))
    receiver.stop()
    assert stat.S_IMODE(telemetry_folder().stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path, _ in files_below(state_folder())} == {0o600}


def test_a_file_has_what_arrived_on_its_day() -> None:
    midnight = 1_795_996_800
    clock = [midnight - 1.0]
    with receiving(now=lambda: clock[0]) as receiver:
        post(receiver.status.port, numbered(1))
        clock[0] = midnight + 1.0
        post(receiver.status.port, numbered(2))
    assert [path.name for path in days(telemetry_folder())] == ["2026-11-29.jsonl", "2026-11-30.jsonl"]


def refusals(receiver: Receiver) -> dict[str, int]:
    return {why: tally.count for why, tally in receiver.status.refused.items()}


@pytest.mark.parametrize(
    ("status", "why", "given"),
    [
        (401, "without the token", {"secret": ""}),
        (401, "without the token", {"secret": "a-token-of-somebody-else"}),
        (401, "without the token", {"secret": "", "Authorization": "Bearer nothing"}),
        (403, "foreign host or page", {"Host": "evil.example:8378"}),
        (403, "foreign host or page", {"Origin": "http://evil.example"}),
        (403, "foreign host or page", {"Sec_Fetch_Site": "cross-site"}),
        (405, "not a post", {"method": "GET"}),
        (405, "not a post", {"method": "OPTIONS"}),
        (413, "too large", {"Content_Length": str(MAX_BODY_BYTES + 1)}),
        (415, "unknown encoding", {"Content_Encoding": "br"}),
        (400, "malformed", {"Content_Encoding": "gzip"}),
        (400, "malformed", {"Content_Type": "application/x-protobuf"}),
    ],
)
def test_what_is_refused_is_counted_and_nothing_is_written(
    receiver: Receiver, status: int, why: str, given: dict[str, Any]
) -> None:
    reply = post(receiver.status.port, numbered(1), **given)
    assert reply.status == status
    assert json.loads(reply.body) == {"error": why}
    assert not [name for name in reply.headers if name.lower().startswith("access-control")]
    assert refusals(receiver) == {why: 1}
    assert not days(telemetry_folder())
    assert post(receiver.status.port, numbered(1)).status == 200
    receiver.stop()
    assert {name: tally.count for name, tally in kept_status.load(state_folder()).refused.items()} == {why: 1}


@pytest.mark.parametrize(
    "body",
    [b"", b"nothing", b"[]", b"7", b'{"messages": []}', b'{"resourceLogs": 7}', b'{"resourceLogs": [', b"\xff{}"],
)
def test_what_is_no_export_is_malformed(receiver: Receiver, body: bytes) -> None:
    assert post(receiver.status.port, body).status == 400
    assert refusals(receiver) == {"malformed": 1}
    assert not days(telemetry_folder())


def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_large(receiver: Receiver) -> None:
    with pytest.raises((ConnectionError, http.client.HTTPException)) as refused:
        reply = post(receiver.status.port, (b" " * (1 << 20) for _ in range(64)))
        raise http.client.HTTPException(reply.status)
    assert refused.value.args[0] == 413 or isinstance(refused.value, ConnectionError)
    assert refusals(receiver) == {"too large": 1}


def test_a_small_body_that_becomes_a_large_one_is_refused(receiver: Receiver) -> None:
    bomb = gzip.compress(b" " * (64 << 20))
    assert post(receiver.status.port, bomb, Content_Encoding="gzip").status == 413
    assert refusals(receiver) == {"too large": 1}


def test_as_much_as_is_allowed_is_taken(receiver: Receiver) -> None:
    body = numbered(7)
    assert post(receiver.status.port, body + b" " * (MAX_BODY_BYTES - len(body))).status == 200
    assert numbers_in(lines()) == [7]


def test_metrics_and_foreign_spans_are_accepted_and_nothing_of_them_is_written(receiver: Receiver) -> None:
    for body in (b"{}", b'{"resourceMetrics": [{"resource": {}}]}', b'{"resourceSpans": []}'):
        assert post(receiver.status.port, body, "/v1/metrics").status == 200
    assert not days(telemetry_folder())
    assert receiver.status.posts.count == 3


def test_an_export_that_is_sent_again_is_acknowledged_and_written_once(receiver: Receiver) -> None:
    for _ in range(3):
        assert post(receiver.status.port, numbered(1, 2)).status == 200
    assert numbers_in(lines()) == [1, 2]
    assert receiver.status.repeated.count == 4
    receiver.stop()
    with receiving() as after:
        assert post(after.status.port, numbered(2, 3)).status == 200
    assert numbers_in(lines()) == [1, 2, 3]
    assert after.status.kept["claude"].count == 3


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(receiver: Receiver) -> None:
    body = numbered(5)
    head = (
        f"POST /v1/logs HTTP/1.1\r\nHost: 127.0.0.1:{receiver.status.port}\r\nExpect: 100-continue\r\n"
        f"X-Claude-Top-Token: {token()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", receiver.status.port), timeout=20) as caller:
        caller.sendall(head.encode())
        assert caller.recv(100).startswith(b"HTTP/1.1 100")
        caller.sendall(body)
        assert caller.recv(100).startswith(b"HTTP/1.1 200")


def test_bytes_that_are_no_http_are_refused(receiver: Receiver) -> None:
    for nonsense in (
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"X" * 40_000,
        b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", receiver.status.port), timeout=20) as caller:
            caller.sendall(nonsense)
            assert caller.recv(100).startswith(b"HTTP/1.1 4")
    assert sum(refusals(receiver).values()) == 3


def test_a_full_disk_is_said_to_the_client_and_loses_nothing_that_was_acknowledged(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post(receiver.status.port, numbered(1)).status == 200
    real, room = os.write, [40]

    def little(descriptor: int, data: bytes) -> int:
        """A disk with room for a few bytes more, and then none."""
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        part, room[0] = room[0], 0
        return real(descriptor, data[:part])

    with monkeypatch.context() as full:
        full.setattr(os, "write", little)
        assert post(receiver.status.port, numbered(2, 3)).status == 503
        assert receiver.status.failing == "No space left on device"
    assert numbers_in(lines()) == [1]
    assert post(receiver.status.port, numbered(2, 3)).status == 200
    assert numbers_in(lines()) == [1, 2, 3]
    assert (receiver.status.failing, receiver.status.lost.count) == ("", 1)


def test_on_a_disk_that_is_full_the_client_the_header_and_the_status_are_told_by_whichever_process(
    own_home: Path,
) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("needs a disk of its own")
    ran = subprocess.run(
        ["unshare", "-rm", sys.executable, "-m", "tests.telemetry.full_disk"], capture_output=True, text=True
    )
    said = json.loads(ran.stdout or "null")
    assert said is not None, ran.stderr
    assert (said["before"], said["full"], said["after"]) == (200, 503, 200)
    assert said["header"] == "telemetry not kept: No space left on device"
    assert "No space left on device" in said["status"]
    assert said["kept"] == [1]
    assert (said["header after"], said["kept after"]) == ("", [1, *range(2, 40)])


def test_a_line_that_a_kill_has_torn_takes_no_other_with_it(receiver: Receiver) -> None:
    post(receiver.status.port, numbered(1))
    (path,) = days(telemetry_folder())
    with path.open("ab") as file:
        file.write(b'{"resourceLogs": [{"sco')
    post(receiver.status.port, numbered(2))
    first, torn, last = path.read_bytes().splitlines()
    assert numbers_in([json.loads(first), json.loads(last)]) == [1, 2]
    assert not torn.endswith(b"}")


def test_a_file_that_was_deleted_meanwhile_is_made_again(receiver: Receiver) -> None:
    post(receiver.status.port, numbered(1))
    (path,) = days(telemetry_folder())
    path.unlink()
    post(receiver.status.port, numbered(2))
    assert numbers_in(lines()) == [2]


def test_many_clients_at_once_lose_nothing(receiver: Receiver) -> None:
    async def client(first: int) -> None:
        for number in range(first, first + 20):
            assert (await asyncio.to_thread(post, receiver.status.port, numbered(number))).status == 200

    async def together() -> None:
        await asyncio.gather(*(client(first) for first in range(0, 200, 20)))

    asyncio.run(together())
    assert sorted(numbers_in(lines())) == list(range(200))


def test_strangers_make_room_for_those_with_the_token(receiver: Receiver) -> None:
    strangers = [socket.create_connection(("127.0.0.1", receiver.status.port)) for _ in range(200)]
    assert post(receiver.status.port, numbered(1)).status == 200
    for stranger in strangers:
        stranger.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how often a thread was woken")
def test_while_nothing_comes_nothing_is_done(receiver: Receiver) -> None:
    post(receiver.status.port, numbered(1))
    wait_until_saved(receiver)
    before = switches()
    with socket.create_connection(("127.0.0.1", receiver.status.port)):  # an idle one, too
        time.sleep(1.5)
    assert switches() - before <= 12  # the connection comes and goes


def switches() -> int:
    """How often the receiver's thread was woken."""
    (thread,) = (one for one in threading.enumerate() if one.name == "telemetry" and one.is_alive())
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
    return int(status.split("voluntary_ctxt_switches:")[1].split()[0])


def wait_until_saved(receiver: Receiver) -> None:
    for _ in range(200):
        if kept_status.load(state_folder()).posts.count == receiver.status.posts.count:
            return
        time.sleep(0.05)
    raise AssertionError("the counters were never saved")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process takes")
def test_a_receiver_beside_the_screen_takes_little() -> None:
    costly = Costly()
    for number in range(100):
        assert post(costly.port, numbered(number)).status == 200
    memory_kib, _ = costly.measured()
    costly.end()
    assert memory_kib <= 5 << 10


def test_a_mistake_of_ours_is_told_and_the_next_post_is_kept(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Spool, "append", lambda *_: 1 / 0)
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            post(receiver.status.port, numbered(1))
        assert "ZeroDivisionError" in receiver.status.failing
    assert post(receiver.status.port, numbered(1)).status == 200
    assert receiver.status.failing == ""
    assert numbers_in(lines()) == [1]
