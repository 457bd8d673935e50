"""What happens to one post: who may send it, what of it is kept, and the answer. Must not know sockets or threads.

Only programs of this machine may post: the host name reveals a name that was pointed here, an origin reveals a web
page, and the token stops everybody else. All this is judged by the head, so nobody else's body is ever read.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Final

import orjson

from claude_tui import runtime
from claude_tui.records import NamedTuple
from claude_tui.sources.telemetry.allowed import client_of, kept_records
from claude_tui.telemetry.otlp import otlp_json, protobuf
from claude_tui.telemetry.place import TOKEN_HEADER
from claude_tui.telemetry.spool import Spool
from claude_tui.telemetry.status import ReceiverStatus, Refusal
from claude_tui.tokens import is_same

MAX_BODY_BYTES: Final = 8 << 20
"""Most bytes of a post, as sent and after decompression. Codex sends 1.2 MB at once."""

LARGE_BYTES: Final = 256 << 10
"""A post of more than this took memory that is given back."""

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")

STATUS: Final = {
    Refusal.METHOD: HTTPStatus.METHOD_NOT_ALLOWED,
    Refusal.HOST: HTTPStatus.FORBIDDEN,
    Refusal.TOKEN: HTTPStatus.UNAUTHORIZED,
    Refusal.SIZE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Refusal.ENCODING: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Refusal.MALFORMED: HTTPStatus.BAD_REQUEST,
}


class Head(NamedTuple):
    """The head of a request; the names of headers are in lower case, and of several with one name the last counts."""

    method: str
    target: str
    headers: Mapping[str, str]


class IntakeAnswer(NamedTuple):
    """What is answered: a status, a body and its type."""

    status: HTTPStatus
    body: bytes = b"{}"
    content_type: str = "application/json"


class Intake:
    """Judges posts and keeps what is kept of them. Everything is counted in `status`; `on_change` follows a change."""

    def __init__(
        self,
        spool: Spool,
        status: ReceiverStatus,
        token: str,
        port: int,
        resource_keys: Collection[str],
        now: Callable[[], float],
        on_change: Callable[[], object],
    ) -> None:
        self._spool, self.status, self._token, self._now = spool, status, token, now
        self._hosts = frozenset({f"{name}:{port}" for name in LOOPBACK} | (set(LOOPBACK) if port == 80 else set()))
        self._resource_keys = resource_keys
        self._on_change = on_change

    def refused(self, why: Refusal) -> IntakeAnswer:
        """Count a refusal and return its answer."""
        self.status.refuse(why, self._now_ms())
        self._on_change()
        return IntakeAnswer(STATUS[why], orjson.dumps({"error": why.value}))

    def admit(self, head: Head) -> IntakeAnswer | None:
        """Return None if the body of a post may be read, and the answer to it if not."""
        headers = head.headers
        if headers.get("host", "").lower() not in self._hosts:
            return self.refused(Refusal.HOST)
        if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
            return self.refused(Refusal.HOST)
        if not self._has_token(head):
            return self.refused(Refusal.TOKEN)
        if head.method != "POST":
            return self.refused(Refusal.METHOD)
        size = headers.get("content-length", "0")
        if not size.isdecimal() or int(size[:20]) > MAX_BODY_BYTES:
            return self.refused(Refusal.SIZE)
        return None

    def take(self, head: Head, body: bytes) -> IntakeAnswer:
        """Keep what is kept of a post, and answer it: 200 once it is on the disk, 503 if it cannot be written.

        Most exporters send again after a 503. Codex does not, but it has no better answer: what cannot be written is
        lost whatever is said.
        """
        is_protobuf = "protobuf" in head.headers.get("content-type", "").lower()
        try:
            inflated = _inflated(body, head.headers.get("content-encoding", ""))
            written = self._spool.append(self._lines(inflated, is_protobuf=is_protobuf))
        except _RefusedError as refused:
            return self.refused(refused.why)
        except OSError as error:
            self.status.lose(error.strerror or os.strerror(error.errno or 0), self._now_ms())
            self._on_change()
            return IntakeAnswer(HTTPStatus.SERVICE_UNAVAILABLE, orjson.dumps({"error": "it cannot be written"}))
        self.status.add(written.kept, written.repeated, self._now_ms())
        self._on_change()
        if len(body) > LARGE_BYTES:
            runtime.trim()
        return (
            IntakeAnswer(HTTPStatus.OK, b"", "application/x-protobuf") if is_protobuf else IntakeAnswer(HTTPStatus.OK)
        )

    def _lines(self, body: bytes, *, is_protobuf: bool) -> Iterator[tuple[str, bytes]]:
        """What is kept of a body, each with the client that told it. Raises _RefusedError."""
        try:
            for export in protobuf.exports_of(body) if is_protobuf else otlp_json.exports_of(body):
                for record in kept_records(export, self._resource_keys):
                    yield client_of(record), orjson.dumps(record) + b"\n"
        except (ValueError, RecursionError):  # what decoders raise is one
            raise _RefusedError(Refusal.MALFORMED) from None

    def _has_token(self, head: Head) -> bool:
        kind, _, bearer = head.headers.get("authorization", "").partition(" ")
        given = [head.headers.get(TOKEN_HEADER, ""), *head.target.partition("?")[0].split("/")]
        if kind.lower() == "bearer":
            given.append(bearer.strip())
        return any([is_same(one, self._token) for one in given if one])

    def _now_ms(self) -> int:
        return int(self._now() * 1000)


class _RefusedError(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


def _inflated(body: bytes, encoding: str) -> bytes:
    if encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise _RefusedError(Refusal.ENCODING)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either header
    try:
        made = unpacker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise _RefusedError(Refusal.MALFORMED) from None
    if len(made) > MAX_BODY_BYTES:
        raise _RefusedError(Refusal.SIZE)
    if not unpacker.eof:
        raise _RefusedError(Refusal.MALFORMED)
    return made
