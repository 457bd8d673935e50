"""What is answered: the report, changes as they come, metrics, health. All of it from the live store.

Must not read logs, nor know connections and tokens.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import date
from typing import Any, Final

from claude_tui.cli.serve.http import Answer, Refused, Request
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.recent import load_recent
from claude_tui.model import Phase, Query, Snapshot
from claude_tui.reports.metrics import metrics
from claude_tui.reports.report import SECTIONS, report
from claude_tui.reports.state import state

MAX_FOLLOWERS: Final = 16
INTERVAL_S: Final = 0.5
"""Changes are told at most this often."""
KEEPALIVE_S: Final = 15.0

JSON: Final = "application/json"
METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
NARROWED_BY: Final = ("source", "project", "session", "model")


class Routes:
    """Answers requests. Made on the event loop that serves them; the monitor may change things on any thread."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Condition()
        self._revision = 0
        self._followers = 0
        self._paths: Mapping[str, Callable[[Request], Any]] = {
            "/api/stats": self._stats, "/api/events": self._events, "/metrics": self._metrics,
        }  # fmt: skip
        monitor.subscribe(self._note)

    def is_open(self, path: str) -> bool:
        """Whether a path may be asked for without a token: it tells nothing of what was counted."""
        return path == "/healthz"

    async def answer(self, request: Request) -> Answer:
        """Return the answer to a request."""
        if request.path == "/healthz":
            return await self._health()
        handler = self._paths.get(request.path)
        if handler is None:
            raise Refused(404, f"no such path; there are /healthz, {', '.join(self._paths)}")
        answer: Answer = await handler(request)
        return answer

    async def snapshot(self, query: Query | None = None) -> Snapshot:
        """Return the present state, made off the event loop."""
        return await asyncio.to_thread(self._take, query or Query(), time.time_ns() // 1_000_000)

    def _take(self, query: Query, now_ms: int) -> Snapshot:
        load_recent(self._monitor.store, now_ms)
        return self._monitor.snapshot(query, now_ms)

    async def wait_for_change(self, known: int, timeout_s: float) -> int:
        """Return when something has changed since `known`, or after a time; the number to give next time."""
        async with self._changed:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait_for(lambda: self._revision != known), timeout_s)
            return self._revision

    def _note(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._tell()))

    async def _tell(self) -> None:
        async with self._changed:
            self._revision += 1
            self._changed.notify_all()

    async def _health(self) -> Answer:
        phase = (await self.snapshot()).progress.phase
        is_ready = phase in (Phase.LIVE, Phase.POLLING)
        body = json.dumps({"status": "ok" if is_ready else "starting", "phase": phase.value}) + "\n"
        return Answer(200 if is_ready else 503, body.encode(), JSON)

    async def _stats(self, request: Request) -> Answer:
        query, sections = _asked(request.query)
        snapshot = await self.snapshot(query)
        tag = f'"{snapshot.revision}-{snapshot.timezone}"'
        if request.headers.get("if-none-match") == tag:
            return Answer(304, headers=(("ETag", tag),))
        document = await asyncio.to_thread(_dump, report(snapshot, sections))
        return Answer(200, document, JSON, (("ETag", tag),))

    async def _metrics(self, request: Request) -> Answer:
        return Answer(200, metrics(await self.snapshot()).encode(), METRICS)

    async def _events(self, request: Request) -> Answer:
        if self._followers >= MAX_FOLLOWERS:
            raise Refused(503, "too many followers")
        return Answer(200, content_type="text/event-stream", stream=self._changes())

    async def _changes(self) -> AsyncGenerator[bytes, None]:
        """Yield the state now and after every change, as server-sent events; comments while nothing happens."""
        self._followers += 1
        try:
            seen, known = -1, 0
            while True:
                snapshot = await self.snapshot()
                if snapshot.revision != seen or seen < 0:
                    seen = snapshot.revision
                    yield b"event: stats\nid: %d\ndata: %s\n\n" % (seen, _dump(state(snapshot)).rstrip())
                    await asyncio.sleep(INTERVAL_S)
                before, known = known, await self.wait_for_change(known, KEEPALIVE_S)
                if known == before:
                    yield b": nothing new\n\n"
        finally:
            self._followers -= 1


def _asked(query: Mapping[str, str]) -> tuple[Query, tuple[str, ...]]:
    """Return what a query string asks for. Raises Refused for what it does not mean."""
    allowed = {"since", "until", "by", *NARROWED_BY}
    unknown = sorted(query.keys() - allowed)
    if unknown:
        raise Refused(400, f"unknown parameter; there are {', '.join(sorted(allowed))}")
    try:
        days = {name: date.fromisoformat(query[name]) for name in ("since", "until") if name in query}
    except ValueError:
        raise Refused(400, "days are written YYYY-MM-DD") from None
    by = query.get("by", "all")
    if by != "all" and by not in SECTIONS:
        raise Refused(400, f"by is all or one of {', '.join(SECTIONS)}")
    sections = tuple(SECTIONS.values()) if by == "all" else (SECTIONS[by],)
    source, project, session, model = (query.get(name, "") for name in NARROWED_BY)
    return Query(days.get("since"), days.get("until"), model, project, session, source), sections


def _dump(document: Any) -> bytes:
    import orjson

    try:
        return orjson.dumps(document) + b"\n"
    except (TypeError, ValueError):
        return json.dumps(document).encode() + b"\n"
