"""The server against clients that do what clients should not, over raw sockets."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from claude_tui.cli.serve import door as doors
from claude_tui.cli.serve.door import Door
from claude_tui.cli.serve.guard import Guard
from claude_tui.cli.serve.routes import Routes
from claude_tui.cli.serve.server import answering
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.setup import Setup
from claude_tui.pricing import load_pricer
from claude_tui.sources.protocol import SourceConfig
from tests.logs import ClaudeHome, assistant, usage

TOKEN = "a-token-of-the-tests"
HOST = b"Host: 127.0.0.1:8377\r\n"
OWN = HOST + b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
LAST = b"Connection: close\r\n\r\n"
GOOD = b"GET /path?a=1&b=%20 HTTP/1.1\r\n" + OWN + b"\r\n"
STRANGE = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"

Sockets = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Recorded(Routes):
    """Routes that answer everything, and what they were asked and how often that came to an end."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Mapping[str, str]]] = []
        self.ended = 0
        self.is_held = asyncio.Event()
        self.is_held.set()

    async def answer(self, request: web.BaseRequest, path: str, query: Mapping[str, str]) -> web.StreamResponse:
        self.requests.append((request.method, path, query))
        try:
            await self.is_held.wait()
        finally:
            self.ended += 1
        return web.Response(body=b"answer" if path != "/big" else bytes(64 << 20))


class Bench:
    """A server on a free port that takes itself to be on 8377."""

    def __init__(self, routes: Routes) -> None:
        self.routes = routes
        self.door = Door()
        self.port = 0
        self._open: list[asyncio.StreamWriter] = []

    async def connect(self, sent: bytes = b"") -> Sockets:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._open.append(writer)
        if sent:
            writer.write(sent)
            await writer.drain()
        return reader, writer

    async def ask(self, *parts: bytes) -> bytes:
        """Send the parts and return everything that comes back until the connection ends."""
        reader, writer = await self.connect()
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
        return await ended(reader)

    async def close(self) -> None:
        for writer in self._open:
            writer.close()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the other side ends the connection."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while part := await asyncio.wait_for(reader.read(1 << 20), 30):
            found += part
    return found


async def until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110 - what is waited for happens in the server, which tells nobody
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def serving(routes: Routes) -> AsyncIterator[Bench]:
    bench = Bench(routes)
    server = answering(Guard(TOKEN, 8377), bench.door, routes)
    listening = socket.create_server(("127.0.0.1", 0))
    bench.port = listening.getsockname()[1]
    listener = await bench.door.open(server, listening)
    yield bench
    listener.close()
    bench.door.close()
    await bench.close()


@pytest.fixture
def routes() -> Recorded:
    return Recorded()


@pytest.fixture
async def bench(routes: Recorded) -> AsyncIterator[Bench]:
    async with serving(routes) as bench:
        yield bench


async def test_a_request_and_its_answer(bench: Bench, routes: Recorded) -> None:
    answer = await bench.ask(GOOD[:-2] + LAST)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nanswer")
    assert routes.requests == [("GET", "/path", {"a": "1", "b": " "})]


async def test_several_requests_on_one_connection(bench: Bench) -> None:
    answer = await bench.ask(GOOD + GOOD + b"HEAD / HTTP/1.1\r\n" + OWN + LAST)
    assert answer.count(b"HTTP/1.1 200 OK") == 3 and answer.count(b"answer") == 2


async def test_a_request_in_single_bytes(bench: Bench) -> None:
    raw = GOOD[:-2] + LAST
    answer = await bench.ask(*(raw[at : at + 1] for at in range(len(raw))))
    assert b"200 OK" in answer


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + OWN + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + OWN + b"X: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + OWN + b"".join(b"X%d: 1\r\n" % number for number in range(100)) + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + (b"X: " + b"a" * 7_000 + b"\r\n") * 6 + OWN + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\n" + OWN + b"Content-Length: 5\r\n\r\nhello", 413),
        (b"GET / HTTP/1.1\r\n" + OWN + b"Transfer-Encoding: chunked\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\n" + OWN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + OWN + b"Transfer-Encoding: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + OWN + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + OWN + b"Content-Length: -0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + OWN + b"Content-Length: 0, 0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + OWN + b"X: a\rTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + OWN + b"X: a\0b\r\n\r\n", 400),
        (b"DELETE / HTTP/1.1\r\n" + OWN + b"\r\n", 405),
        (b"GET / HTTP/2.0\r\n" + OWN + b"\r\n", 505),
        (b"GET / HTTP/3.7\r\n" + OWN + b"\r\n", 400),
        (b"GET /\r\n" + OWN + b"\r\n", 505),
        (b"GET http://127.0.0.1:8377/ HTTP/1.1\r\n" + OWN + b"\r\n", 400),
        (b"GET //other/ HTTP/1.1\r\n" + OWN + b"\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\n" + OWN + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + OWN + b"no colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : h\r\n" + OWN + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: h\r\n" + OWN + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + OWN + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + OWN + b"Authorization: Bearer other\r\n\r\n", 400),
        (b"GET /?" + b"&".join(b"a%d=1" % number for number in range(50)) + b" HTTP/1.1\r\n" + OWN + b"\r\n", 400),
        (b"GET /?a=%ff HTTP/1.1\r\n" + OWN + b"\r\n", 400),
        ("GET /ä HTTP/1.1\r\n".encode() + OWN + b"\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /path HTTP/1.1\r\n\r\n", 400),
        (b"GET /path HTTP/1.1\r\nHost: evil.example, 127.0.0.1:8377\r\n\r\n", 403),
        (b"GET /path HTTP/1.1\r\n" + HOST + b"\r\n", 401),
        (b"GET /path HTTP/1.1\r\n" + HOST + b"Authorization: Bearer \xff\xfe\r\n\r\n", 401),
        (b"GET /healthz/../path HTTP/1.1\r\n" + HOST + b"\r\n", 401),
        (b"GET /%68ealthz HTTP/1.1\r\n" + HOST + b"\r\n", 401),
        (b"GET /path#/healthz HTTP/1.1\r\n" + HOST + b"\r\n", 401),
    ],
)
async def test_what_is_refused(
    bench: Bench,
    routes: Recorded,
    raw: bytes,
    status: int,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await bench.ask(raw)
    # What cannot be read at all is answered by HTTP/1.0, where every answer is the last.
    assert re.match(rb"HTTP/\d\.\d %d " % status, answer), answer[:80]
    assert answer.count(b"HTTP/") == 1 and (b"Connection: close" in answer or answer[:8] < b"HTTP/1.1")
    assert b'{"error": "' in answer and b"X-Content-Type-Options: nosniff" in answer and b"aiohttp" not in answer
    assert routes.requests == []
    assert capsys.readouterr().err == "" and not caplog.records, "callers do not write to our terminal"


async def test_a_stranger_gets_one_answer(bench: Bench) -> None:
    answer = await bench.ask(STRANGE + STRANGE)
    assert answer.count(b"HTTP/1.1 200 OK") == 1 and b"Connection: close" in answer


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n" + HOST, GOOD[:-2]])
async def test_a_slow_client_is_cut_off(
    bench: Bench, routes: Recorded, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(doors, "STRANGER_S", 0.05)
    reader, _ = await bench.connect(sent)
    assert await ended(reader) == b""
    assert routes.requests == []


async def test_dripping_does_not_help(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "STRANGER_S", 0.2)
    reader, writer = await bench.connect(b"GET / HTTP/1.1\r\n")

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"X: 1\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)

    dripping = asyncio.create_task(drip())
    assert await ended(reader) == b""
    dripping.cancel()


async def test_a_client_that_does_not_read_is_let_go(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "WRITE_S", 0.2)
    reader, writer = await bench.connect(b"GET /big HTTP/1.1\r\n" + OWN + b"\r\n")
    await until(lambda: not bench.door.connections)
    assert len(await ended(reader)) < 64 << 20
    writer.close()


async def test_idle_strangers_do_not_keep_the_owner_out(bench: Bench) -> None:
    first, _ = await bench.connect(b"GET /")
    silent = [await bench.connect() for _ in range(doors.MAX_STRANGERS + 20)]
    assert (await bench.ask(GOOD[:-2] + LAST)).startswith(b"HTTP/1.1 200 ")
    assert await ended(silent[0][0]) == b"", "the oldest went"
    assert not first.at_eof() and bench.door.connections <= doors.MAX_STRANGERS, "one that speaks went later"


async def test_strangers_that_speak_do_not_keep_the_owner_out(bench: Bench) -> None:
    held = [await bench.connect(b"GET /") for _ in range(2 * doors.MAX_STRANGERS)]
    assert (await bench.ask(GOOD[:-2] + LAST)).startswith(b"HTTP/1.1 200 ")
    assert await ended(held[0][0]) == b""


async def test_an_owner_with_many_idle_connections_gets_in(bench: Bench) -> None:
    held = []
    for _ in range(doors.MAX_OWNERS):
        held.append(await bench.connect(GOOD))
        await held[-1][0].readuntil(b"answer")
    reader, _ = await bench.connect(GOOD)
    await reader.readuntil(b"answer")
    assert await ended(held[0][0]) == b"", "the one that was idle longest made room"
    held[1][1].write(GOOD)
    await held[1][0].readuntil(b"answer")
    assert bench.door.connections == doors.MAX_OWNERS


async def test_a_place_is_given_back_at_once(bench: Bench, routes: Recorded) -> None:
    routes.is_held.clear()
    _, writer = await bench.connect(GOOD)
    await until(lambda: bool(routes.requests))
    writer.close()
    await until(lambda: not bench.door.connections)
    await until(lambda: routes.ended == 1)


async def test_closing_ends_open_connections(bench: Bench) -> None:
    reader, _ = await bench.connect(GOOD)
    await reader.readuntil(b"answer")
    silent, _ = await bench.connect()
    await until(lambda: bench.door.connections == 2)
    bench.door.close()
    assert (await ended(reader), await ended(silent)) == (b"", b"")


async def test_half_a_count_is_not_served(claude_home: ClaudeHome, own_home: Path) -> None:
    claude_home.append(assistant("msg_1", 1_795_176_000_000, usage(output=25)))
    config = SourceConfig(home=own_home, env={}, explicit={"claude": (claude_home.folder,)}, sources=("claude",))

    async def ask(server: Bench, path: bytes) -> bytes:
        return await server.ask(b"GET " + path + b" HTTP/1.1\r\n" + OWN + LAST)

    for _ in range(2):  # the second time the saved numbers are known at once, and may be old
        monitor = Monitor(Setup(config, load_pricer(), ZoneInfo("UTC"), cache_folder=own_home / "cache"))
        async with serving(Routes(monitor)) as server:
            for path in (b"/api/stats", b"/api/events", b"/metrics", b"/healthz"):
                answer = await ask(server, path)
                assert answer.startswith(b"HTTP/1.1 503 ") and b"claude_top" not in answer
            counting = asyncio.create_task(monitor.run())
            while (await ask(server, b"/healthz")).startswith(b"HTTP/1.1 503 "):
                pass
            assert b'"output":25' in await ask(server, b"/api/stats")
            assert b"claude_top_tokens_total" in await ask(server, b"/metrics")
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)
