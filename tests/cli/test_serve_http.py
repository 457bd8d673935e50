"""The listener against clients that do what clients should not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from claude_tui.cli.serve import http
from claude_tui.cli.serve.http import Answer, Listener, Request

GOOD = b"GET /path?a=1&b=%20 HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nX-Two: 2\r\n\r\n"


class Bench:
    """A listener on a free port, and what its handler was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.listener = Listener(self.handle)
        self.port = 0

    async def handle(self, request: Request) -> Answer:
        self.requests.append(request)
        return Answer(200, b"answer")

    async def ask(self, *parts: bytes) -> bytes:
        """Send the parts and return everything that comes back until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            if b"close" not in parts[-1]:
                writer.write_eof()
            return await asyncio.wait_for(reader.read(), 30)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    server = await asyncio.start_server(bench.listener.connected, "127.0.0.1", 0, limit=http.MAX_LINE_BYTES)
    bench.port = server.sockets[0].getsockname()[1]
    yield bench
    server.close()
    await bench.listener.close()


async def test_a_request_and_its_answer(bench: Bench) -> None:
    answer = await bench.ask(GOOD)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nanswer")
    assert b"X-Content-Type-Options: nosniff\r\n" in answer
    (request,) = bench.requests
    assert (request.method, request.path, dict(request.query)) == ("GET", "/path", {"a": "1", "b": " "})
    assert request.headers["x-two"] == "1,2"


async def test_several_requests_on_one_connection(bench: Bench) -> None:
    answer = await bench.ask(GOOD + GOOD + b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 3 and answer.count(b"answer") == 2


async def test_a_request_in_single_bytes(bench: Bench) -> None:
    answer = await bench.ask(*(GOOD[at : at + 1] for at in range(len(GOOD))))
    assert b"200 OK" in answer


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: 1\r\n" % number for number in range(100)) + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + (b"X: " + b"a" * 7_000 + b"\r\n") * 6 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", 413),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
        (b"DELETE / HTTP/1.1\r\nHost: h\r\n\r\n", 405),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 400),
        (b"GET http://other/ HTTP/1.1\r\n\r\n", 400),
        (b"GET //other/ HTTP/1.1\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /?" + b"&".join(b"a%d=1" % number for number in range(50)) + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET /?a=%ff HTTP/1.1\r\n\r\n", 400),
        ("GET /ä HTTP/1.1\r\n\r\n".encode(), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\r\n", 400),
    ],
)
async def test_what_is_refused(bench: Bench, raw: bytes, status: int) -> None:
    answer = await bench.ask(raw)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:80]
    assert b"Connection: close" in answer
    assert bench.requests == []


async def test_a_slow_head_is_cut_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HEAD_TIMEOUT_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n")
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_silent_client_is_cut_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HEAD_TIMEOUT_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()


async def test_too_many_connections_are_turned_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_CONNECTIONS", 2)
    held = [await asyncio.open_connection("127.0.0.1", bench.port) for _ in range(2)]
    for _, writer in held:
        writer.write(b"GET /")
    assert (await bench.ask(GOOD)).startswith(b"HTTP/1.1 503 ")
    for _, writer in held:
        writer.close()


async def test_closing_ends_open_connections(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "IDLE_TIMEOUT_S", 3600.0)  # nothing else than closing ends one that waits
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    writer.write(GOOD)
    await reader.readuntil(b"answer")
    await bench.listener.close()
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()
