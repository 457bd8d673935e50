"""Just enough of HTTP/1.1 for a few small GET endpoints: strict, bounded, and nothing of what they answer.

Every limit is a constant below; whoever passes one gets an answer and a closed connection. No bodies are read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

MAX_LINE_BYTES: Final = 8 << 10
MAX_HEADERS: Final = 64
MAX_HEAD_BYTES: Final = 32 << 10
MAX_CONNECTIONS: Final = 64
MAX_REQUESTS: Final = 1000
"""On one connection."""
HEAD_TIMEOUT_S: Final = 10.0
"""A whole head must arrive in this time, however slowly it drips."""
IDLE_TIMEOUT_S: Final = 60.0
WRITE_TIMEOUT_S: Final = 20.0
"""A client that does not read is let go."""

REASONS: Final = {
    200: "OK", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 408: "Request Timeout", 413: "Content Too Large", 414: "URI Too Long",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    503: "Service Unavailable", 505: "HTTP Version Not Supported",
}  # fmt: skip
SAFE: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
"""Sent with every answer."""


class Request(NamedTuple):
    """A request without a body. Header names are in lower case, values of repeated ones joined by commas."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send: a body, or a stream that goes on until the client leaves."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    stream: AsyncGenerator[bytes, None] | None = field(default=None, compare=False)


class Refused(Exception):
    """Ends a request with an answer and its connection with it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.answer = Answer(status, f"{reason}\n".encode())


Handler = Callable[[Request], Awaitable[Answer]]


class Listener:
    """Serves connections with a handler, never more than a few at once."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._open: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends. Raises nothing."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if len(self._open) > MAX_CONNECTIONS:
                await _send(writer, Answer(503, b"too many connections\n"), is_last=True)
            else:
                await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            pass
        except asyncio.CancelledError:
            # Only `close` cancels. The stream's own callback would call a cancelled task an error.
            pass
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(writer.wait_closed(), 1)

    async def close(self) -> None:
        """End every connection."""
        while self._open:
            for task in self._open:
                task.cancel()
            # Until Python 3.12 `wait_for` may swallow a cancellation that comes with its result, so once is not enough.
            await asyncio.wait(set(self._open), timeout=0.1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(MAX_REQUESTS):
            try:
                request = await _read(reader, IDLE_TIMEOUT_S if number else HEAD_TIMEOUT_S)
                if request is None:
                    return
                answer = await self._handler(request)
            except Refused as refused:
                await _send(writer, refused.answer, is_last=True)
                return
            is_last = request.headers.get("connection", "").lower() == "close" or answer.stream is not None
            await _send(writer, answer, is_last=is_last, is_head=request.method == "HEAD")
            if is_last:
                return


async def _read(reader: asyncio.StreamReader, first_timeout_s: float) -> Request | None:
    """Read a head. Returns None where the client has no more requests."""
    try:
        line = await asyncio.wait_for(reader.readuntil(b"\n"), first_timeout_s)
    except (asyncio.IncompleteReadError, asyncio.TimeoutError):
        return None
    except asyncio.LimitOverrunError:
        raise Refused(414, "request line too long") from None
    try:
        headers = await asyncio.wait_for(_headers(reader), HEAD_TIMEOUT_S)
    except asyncio.TimeoutError:
        raise Refused(408, "too slow") from None
    method, target, version = _request_line(line)
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refused(505, "HTTP/1.1 only")
    if "transfer-encoding" in headers or headers.get("content-length", "0").strip() != "0":
        raise Refused(413, "no bodies here")
    if method not in ("GET", "HEAD"):
        raise Refused(405, "GET and HEAD only")
    parts = urlsplit(target)
    try:
        query = dict(parse_qsl(parts.query, max_num_fields=16, errors="strict"))
    except ValueError:
        raise Refused(400, "bad query") from None
    if version == "HTTP/1.0":
        headers["connection"] = "close"
    return Request(method, parts.path, query, headers)


def _request_line(line: bytes) -> tuple[str, str, str]:
    if len(line) > MAX_LINE_BYTES:
        raise Refused(414, "request line too long")
    try:
        method, target, version = line.decode("ascii").rstrip("\r\n").split(" ")
    except ValueError:
        raise Refused(400, "bad request line") from None
    if not target.startswith("/") or target.startswith("//") or not target.isprintable():
        raise Refused(400, "bad target")
    return method, target, version


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    size = 0
    for _ in range(MAX_HEADERS + 1):
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise Refused(431, "header too long") from None
        size += len(line)
        if len(line) > MAX_LINE_BYTES or size > MAX_HEAD_BYTES:
            raise Refused(431, "headers too long")
        text = line.decode("latin-1").rstrip("\r\n")
        if not text:
            return headers
        name, colon, value = text.partition(":")
        if not colon or not name or name != name.strip() or not name.isascii() or not name.isprintable():
            raise Refused(400, "bad header")
        name = name.lower()
        if name in headers and name in ("host", "authorization", "origin", "content-length"):
            raise Refused(400, f"more than one {name}")
        headers[name] = f"{headers[name]},{value.strip()}" if name in headers else value.strip()
    raise Refused(431, "too many headers")


async def _send(writer: asyncio.StreamWriter, answer: Answer, *, is_last: bool, is_head: bool = False) -> None:
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Error')}"]
    lines += [f"{name}: {value}" for name, value in (*SAFE, *answer.headers)]
    if answer.status != 304:
        lines.append(f"Content-Type: {answer.content_type}")
    if answer.stream is None:
        lines.append(f"Content-Length: {len(answer.body)}")
    lines.append(f"Connection: {'close' if is_last else 'keep-alive'}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    writer.write(head if is_head or answer.stream is not None else head + answer.body)
    await asyncio.wait_for(writer.drain(), WRITE_TIMEOUT_S)
    if answer.stream is not None and not is_head:
        async with contextlib.aclosing(answer.stream) as parts:
            async for part in parts:
                writer.write(part)
                await asyncio.wait_for(writer.drain(), WRITE_TIMEOUT_S)
