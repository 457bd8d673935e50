"""What the server serves: the report, changes as they happen, metrics, health. All of it comes from the live store.

Must not read logs, nor know connections and tokens.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import date
from typing import Any, Final

from aiohttp import web

from claude_tui.cli.serve.door import SAFE, WRITE_S
from claude_tui.cli.serve.guard import Refused
from claude_tui.cli.streams import in_full
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.snapshots.recent import load_recent
from claude_tui.model import Phase, Query, Snapshot
from claude_tui.records import NamedTuple
from claude_tui.reports.gauges.metrics import Ratchet, families_of, metrics
from claude_tui.reports.gauges.state import state
from claude_tui.reports.report import ALL, SECTIONS, json_row, report
from claude_tui.waiting import in_time

MAX_FOLLOWERS: Final = 16
INTERVAL_S: Final = 0.5
"""Least time between two events about changes."""
KEEPALIVE_S: Final = 15.0
RECONNECT_MS: Final = 2000
"""A client whose event stream ended reconnects after this time."""
KEPT_DOCUMENTS: Final = 4
MIN_PACKED_BYTES: Final = 1024

JSON: Final = "application/json"
METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
NARROWED_BY: Final = ("source", "project", "session", "model")

Parameters = Mapping[str, str]
Handler = Callable[[web.BaseRequest, Parameters], Awaitable[web.StreamResponse]]


class ServedDocument(NamedTuple):
    """A body and its entity tag."""

    tag: str
    body: bytes


class Routes:
    """Handles requests. Must be created on the event loop that serves them; the monitor may change things on any
    thread."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._loop = asyncio.get_running_loop()
        self._changed = self._loop.create_future()
        self._revision = 0
        self._followers = 0
        # Revisions begin anew with every process, so what names one must say of which process it is.
        self._run = secrets.token_hex(8)
        self._counters = Ratchet()
        self._documents: OrderedDict[tuple[object, ...], ServedDocument] = OrderedDict()
        self._paths: Mapping[str, Handler] = {
            "/api/stats": self._stats, "/api/events": self._events, "/metrics": self._metrics,
        }  # fmt: skip
        monitor.subscribe(self._note)

    def is_open(self, path: str) -> bool:
        """Whether a path may be requested without a token, because it reveals nothing of what was counted."""
        return path == "/healthz"

    async def answer(self, request: web.BaseRequest, path: str, query: Parameters) -> web.StreamResponse:
        """Return the HTTP response to a request. Raises Refused."""
        if path == "/healthz":
            return await self._health()
        handler = self._paths.get(path)
        if handler is None:
            raise Refused(404, f"no such path; the paths are /healthz, {', '.join(self._paths)}")
        return await handler(request, query)

    async def snapshot(self, query: Query | None = None) -> Snapshot:
        """Return the current snapshot, made off the event loop."""
        return await asyncio.to_thread(self._take, query or Query(), time.time_ns() // 1_000_000)

    def _take(self, query: Query, now_ms: int) -> Snapshot:
        load_recent(self._monitor.store, now_ms)
        return self._monitor.snapshot(query, now_ms)

    async def wait_for_change(self, known: int, timeout_s: float) -> int:
        """Wait until something has changed since `known`, or for a time. Returns the revision to pass next time."""
        if self._revision == known:
            await asyncio.wait([self._changed], timeout=timeout_s)
        return self._revision

    async def wait_until_counted(self) -> None:
        """Wait until the first count is complete."""
        known = -1
        while not _is_counted(await self.snapshot()):
            known = await self.wait_for_change(known, KEEPALIVE_S)

    def _note(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        changed, self._changed = self._changed, self._loop.create_future()
        self._revision += 1
        changed.set_result(None)

    async def _health(self) -> web.Response:
        snapshot = await self.snapshot()
        is_ready = _is_counted(snapshot)
        body = json.dumps({"status": "ok" if is_ready else "starting", "phase": snapshot.progress.phase.value}) + "\n"
        return _answer(body.encode(), JSON, status=200 if is_ready else 503)

    async def _counted(self, query: Query | None = None) -> Snapshot:
        """Return the current snapshot. Raises Refused while the first count is incomplete, because a part looks like
        the whole."""
        snapshot = await self.snapshot(query)
        if not _is_counted(snapshot):
            raise Refused(503, "the first count is still running; /healthz says when it is complete")
        return snapshot

    async def _stats(self, request: web.BaseRequest, query: Parameters) -> web.Response:
        wanted, sections = _asked(query)
        snapshot = await self._counted(wanted)
        key = (wanted, sections, snapshot.revision, *snapshot.problems.items())
        found = self._documents.get(key)
        if found is None:
            body = await asyncio.to_thread(_dump, report(snapshot, sections), json_row)
            found = ServedDocument(f'"{self._run}-{hashlib.sha256(body).hexdigest()[:16]}"', body)
            self._documents[key] = found
            while len(self._documents) > KEPT_DOCUMENTS:
                self._documents.popitem(last=False)
        if found.tag in [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]:
            return web.Response(status=304, headers={**SAFE, "ETag": found.tag})
        return await _packed(request, _answer(found.body, JSON, ETag=found.tag))

    async def _metrics(self, request: web.BaseRequest, query: Parameters) -> web.Response:
        snapshot = await self._counted()
        limits = await asyncio.to_thread(self._monitor.limits, time.time_ns() // 1_000_000)
        families = self._counters.raised(families_of(snapshot, limits.windows))
        return await _packed(request, _answer(metrics(families).encode(), METRICS))

    async def _events(self, request: web.BaseRequest, query: Parameters) -> web.StreamResponse:
        await self._counted()
        if self._followers >= MAX_FOLLOWERS:
            raise Refused(503, "too many followers")
        response = web.StreamResponse(headers={**SAFE, "Content-Type": "text/event-stream"})
        response.force_close()
        self._followers += 1
        try:
            await response.prepare(request)
            if request.method != "HEAD":
                async with contextlib.aclosing(self._changes()) as changes:
                    async for part in changes:
                        await in_time(response.write(part), WRITE_S)
        except asyncio.TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._followers -= 1
        return response

    async def _changes(self) -> AsyncGenerator[bytes, None]:
        """Yield the state now and after every change as server-sent events, and comments while nothing happens."""
        yield b"retry: %d\n\n" % RECONNECT_MS
        seen, known = -1, 0
        while True:
            snapshot = await self.snapshot()
            if snapshot.revision != seen:
                seen = snapshot.revision
                data = _dump(state(snapshot)).rstrip()
                yield b"event: stats\nid: %s-%d\ndata: %s\n\n" % (self._run.encode(), seen, data)
                await asyncio.sleep(INTERVAL_S)
            before, known = known, await self.wait_for_change(known, KEEPALIVE_S)
            if known == before:
                yield b": nothing new\n\n"


def _is_counted(snapshot: Snapshot) -> bool:
    return snapshot.progress.phase in (Phase.LIVE, Phase.POLLING)


def _asked(query: Parameters) -> tuple[Query, tuple[str, ...]]:
    """Return the query that a query string describes. Raises Refused if it is not valid."""
    allowed = {"since", "until", "by", *NARROWED_BY}
    unknown = sorted(query.keys() - allowed)
    if unknown:
        raise Refused(400, f"unknown parameter; the parameters are {', '.join(sorted(allowed))}")
    try:
        days = {name: date.fromisoformat(query[name]) for name in ("since", "until") if name in query}
    except ValueError:
        raise Refused(400, "write days as YYYY-MM-DD") from None
    by = query.get("by", "all")
    names = [name for name in SECTIONS if name not in ("hour", "account")]  # which a snapshot does not have
    if by != "all" and by not in names:
        raise Refused(400, f"by is all or one of {', '.join(names)}")
    sections = ALL if by == "all" else (SECTIONS[by],)
    source, project, session, model = (query.get(name, "") for name in NARROWED_BY)
    return Query(days.get("since"), days.get("until"), model, project, session, source), sections


def _answer(body: bytes, content_type: str, *, status: int = 200, **headers: str) -> web.Response:
    return web.Response(status=status, body=body, headers={**SAFE, "Content-Type": content_type, **headers})


async def _packed(request: web.BaseRequest, response: web.Response) -> web.Response:
    """Compress a body for clients that accept that."""
    body = response.body
    response.headers["Vary"] = "Accept-Encoding"
    if isinstance(body, bytes) and len(body) >= MIN_PACKED_BYTES and _takes_gzip(request):
        response.body = await asyncio.to_thread(gzip.compress, body, 1)
        response.headers["Content-Encoding"] = "gzip"
    return response


def _takes_gzip(request: web.BaseRequest) -> bool:
    for part in request.headers.get("Accept-Encoding", "").lower().replace(" ", "").split(","):
        name, *parameters = part.split(";")
        if name == "gzip":
            return not any(one.startswith("q=") and not one[2:].strip("0.") for one in parameters)
    return False


def _dump(document: Any, default: Callable[[Any], dict[str, Any]] | None = None) -> bytes:
    import orjson

    try:
        return orjson.dumps(document, default) + b"\n"
    except (TypeError, ValueError):
        return json.dumps(document if default is None else in_full(document, default)).encode() + b"\n"
