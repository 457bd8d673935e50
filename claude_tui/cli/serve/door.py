"""Decides which connections stay open: authenticated ones, and a few others for a short time.

aiohttp speaks HTTP; this module limits what a connection may cost. A connection is a stranger until `admit` is called.
Must not know tokens or what is requested.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from claude_tui.cli import streams
from claude_tui.waiting import in_time

T = TypeVar("T")

MAX_LINE_BYTES: Final = 8 << 10
MAX_FIELD_BYTES: Final = 16 << 10
"""Differs from the line limit, because an error of aiohttp says which limit was exceeded, not where."""
MAX_FIELDS: Final = 64
MAX_HEAD_BYTES: Final = 32 << 10
"""Most bytes a stranger may send in total."""
MAX_STRANGERS: Final = 64
MAX_OWNERS: Final = 64
BACKLOG: Final = 32
"""How many connections are accepted in one go before the oldest stranger makes room."""
STRANGER_S: Final = 10.0
"""A stranger must send a whole request with the token within this time, however slowly it sends."""
IDLE_S: Final = 60.0
WRITE_S: Final = 20.0
"""A client that does not read for this time is dropped."""

SAFE: Final[Mapping[str, str]] = {
    "Server": "claude-top",  # and not which version of what
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Headers sent with every HTTP response."""

_TOO_MUCH: Final = "\r\n".join([
    "HTTP/1.1 431 Request Header Fields Too Large", *map(": ".join, SAFE.items()), "Content-Type: application/json",
    "Connection: close", "", '{"error": "request header fields too large"}',
]).encode()  # fmt: skip

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
_log.propagate = False  # aiohttp logs tracebacks of what callers did wrong


class HttpConnection(web.RequestHandler):
    """One connection. Tells the door when it opens and closes, and never waits for a client that does not read."""

    __slots__ = ("_door", "_received", "busy", "peer")

    def __init__(self, door: Door, server: web.Server) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_S,
            lingering_time=0,
            auto_decompress=False,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_FIELD_BYTES,
            max_headers=MAX_FIELDS,
            logger=_log,
        )
        self._door = door
        self._received = 0
        self.busy = 0
        self.peer = ""

    @property
    def is_silent(self) -> bool:
        """Whether nothing has been received yet."""
        return not self._received

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start as a stranger."""
        super().connection_made(transport)
        address = self.peername
        self.peer = address[0] if isinstance(address, tuple) else ""
        self._door.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Release the slot."""
        self._door.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on received bytes; from a stranger no more than one request head."""
        self._received += len(data)
        if self._received > MAX_HEAD_BYTES and self._door.is_stranger(self):
            if self.transport is not None:
                self.transport.write(_TOO_MUCH)
            self.force_close()
            return
        super().data_received(data)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an HTTP response, unless the client does not read it."""
        try:
            return await in_time(super().finish_response(request, resp, start_time), WRITE_S)
        except asyncio.TimeoutError:
            self.drop()
            return resp, True

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Return the HTTP response to a malformed request, or to an error of ours, which is reported on stderr."""
        if request.writer.output_size > 0:
            raise ConnectionError("part of another HTTP response was already sent")
        if isinstance(exc, LineTooLong):
            status = 414 if str(MAX_LINE_BYTES) in map(str, exc.args[1:2]) else 431
        elif status >= 500:
            streams.narrate(f"claude-top: a request failed: {exc!r}")
        return refusal(status, HTTPStatus(status).phrase.lower())

    def drop(self) -> None:
        """Close the connection at once."""
        if self.transport is not None:
            self.transport.abort()


class Door:
    """All open connections of one server.

    Room for new connections is made by dropping strangers: first those of the peer that has most of them, then those
    that never sent anything, then the oldest. So nobody without the token keeps the owner out.
    """

    def __init__(self) -> None:
        self._strangers: dict[HttpConnection, asyncio.TimerHandle] = {}
        self._owners: dict[HttpConnection, None] = {}

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._strangers) + len(self._owners)

    async def open(self, server: web.Server, listening: socket.socket) -> asyncio.AbstractServer:
        """Serve the connections of a socket."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: HttpConnection(self, server), sock=listening, backlog=BACKLOG)

    def close(self) -> None:
        """Drop every connection."""
        for connection in [*self._strangers, *self._owners]:
            connection.drop()

    def opened(self, connection: HttpConnection) -> None:
        """Register a new connection."""
        loop = asyncio.get_running_loop()
        self._strangers[connection] = loop.call_later(STRANGER_S, connection.drop)
        if len(self._strangers) > MAX_STRANGERS:
            peers = Counter(one.peer for one in self._strangers)
            others = [one for one in self._strangers if one is not connection]
            min(others, key=lambda one: (-peers[one.peer], not one.is_silent)).drop()

    def closed(self, connection: HttpConnection) -> None:
        """Forget a closed connection."""
        self._owners.pop(connection, None)
        timer = self._strangers.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def is_stranger(self, connection: HttpConnection) -> bool:
        """Whether a connection has not been admitted."""
        return connection in self._strangers

    @contextlib.contextmanager
    def at_work(self, request: web.BaseRequest) -> Iterator[None]:
        """Mark a connection as busy for the duration of the block."""
        connection: Any = request.protocol
        connection.busy += 1
        try:
            yield
        finally:
            connection.busy -= 1

    def admit(self, request: web.BaseRequest) -> None:
        """Keep the connection of a request that came with the token.

        If there are too many, the connection that has been idle longest is dropped.
        """
        connection: Any = request.protocol
        self.closed(connection)
        if connection.transport is None:
            return
        idle = [one for one in self._owners if not one.busy]
        if len(self._owners) >= MAX_OWNERS and idle:
            idle[0].drop()
        self._owners[connection] = None


def refusal(status: int, reason: str) -> web.Response:
    """Return an HTTP response that gives the reason as JSON and closes the connection."""
    response = web.json_response({"error": reason}, status=status, headers={**SAFE, "Connection": "close"})
    response.force_close()
    return response
