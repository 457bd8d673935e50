"""One connection of an exporter: HTTP/1.1 by h11, bodies with limits, answers at once. Must not know what is posted.

A connection without a good request is a stranger and has a few seconds. After one it may stay open and idle: exporters
keep theirs for a session, and one that is closed while they send costs what they send.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Final

import h11

from claude_tui.telemetry.intake import MAX_BODY_BYTES, Head, Intake, IntakeAnswer
from claude_tui.telemetry.status import Refusal

STRANGER_S: Final = 10.0
"""How long a connection may take to its first whole head."""

BODY_S: Final = 30.0
"""How long the rest of a post may take."""

LINGER_S: Final = 1.0
"""How long what is still sent is taken from a connection that was refused, so that its sender reads the answer."""

MAX_CONNECTIONS: Final = 128
MAX_HEAD_BYTES: Final = 16 << 10


class Connections:
    """All open connections. The one to give way is a stranger, else the one that was quiet longest."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self._open: dict[ReceiverConnection, None] = {}

    def opened(self, connection: ReceiverConnection) -> None:
        """Add a connection, and drop another one if there are too many."""
        self._open[connection] = None
        if len(self._open) > MAX_CONNECTIONS:
            others = [one for one in self._open if one is not connection]
            next((one for one in others if not one.is_known), others[0]).drop()

    def heard(self, connection: ReceiverConnection) -> None:
        """It is the last to have said something."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def closed(self, connection: ReceiverConnection) -> None:
        """Forget a connection."""
        self._open.pop(connection, None)

    def drop_all(self) -> None:
        """Close every connection. What was acknowledged is written; what was not is sent again."""
        for connection in [*self._open]:
            connection.drop()


class ReceiverConnection(asyncio.Protocol):
    """One connection, from its first byte to its last."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._intake = connections.intake
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._head: Head | None = None
        self._body = bytearray()
        self._is_over = False
        self.is_known = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start as a stranger."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.opened(self)
        self._within(STRANGER_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what has come so far."""
        self._connections.closed(self)
        self._within(None)
        self._transport, self._is_over = None, True
        self._body.clear()

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self._is_over:
            return
        self._connections.heard(self)
        self._http.receive_data(data)
        self._go_on()

    def eof_received(self) -> bool:
        """The other side sends no more; what it still wants to read is sent before the end."""
        if not self._is_over:
            self._http.receive_data(b"")
            self._go_on()
        return False

    def drop(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    def _go_on(self) -> None:
        while not self._is_over:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                is_large = error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                self._refuse(self._intake.refused(Refusal.SIZE if is_large else Refusal.MALFORMED))
                return
            if isinstance(event, h11.Request):
                self._begin(event)
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_BODY_BYTES:
                    self._refuse(self._intake.refused(Refusal.SIZE))
            elif isinstance(event, h11.EndOfMessage):
                self._end()
            elif event is h11.NEED_DATA:
                self._encourage()
                return
            else:  # the other side is done
                self._close()

    def _begin(self, request: h11.Request) -> None:
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in request.headers}
        self._head = Head(request.method.decode("ascii"), request.target.decode("latin-1"), headers)
        refused = self._intake.admit(self._head)
        if refused is not None:
            self._refuse(refused)
            return
        self.is_known = True
        self._within(BODY_S)

    def _end(self) -> None:
        assert self._head is not None
        body = bytes(self._body)
        self._body.clear()
        self._send(self._intake.take(self._head, body))
        if self._http.our_state is h11.MUST_CLOSE:
            self._close()
        elif not self._is_over:
            self._within(None)
            self._http.start_next_cycle()

    def _encourage(self) -> None:
        """Tell an exporter that waits for it to send its body."""
        if self._http.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))

    def _refuse(self, answer: IntakeAnswer) -> None:
        """Answer, and take what the other side still sends for a moment."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(answer, is_last=True)
        self._is_over = True
        self._body.clear()
        if self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()
        self._within(LINGER_S)

    def _send(self, answer: IntakeAnswer, *, is_last: bool = False) -> None:
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body)))]
        if is_last:
            headers.append(("Connection", "close"))
        status = answer.status
        head = h11.Response(status_code=status.value, headers=headers, reason=status.phrase)
        self._write(head, h11.Data(data=answer.body), h11.EndOfMessage())

    def _write(self, *events: Any) -> None:
        """Send all in one piece: the second of two small ones would wait until the first is acknowledged, 40 ms."""
        data = b"".join(self._http.send(event) or b"" for event in events)
        if self._transport is not None:
            self._transport.write(data)

    def _close(self) -> None:
        self._is_over = True
        if self._transport is not None:
            self._transport.close()

    def _within(self, seconds: float | None) -> None:
        """Drop the connection unless something good happens within that time; None for no limit."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if seconds is None else loop.call_later(seconds, self.drop)
