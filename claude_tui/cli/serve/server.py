"""The server of the live numbers: one event loop for the engine, the connections and the state file.

Must not know what an answer holds.
"""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from aiohttp import HttpVersion10, HttpVersion11, web

from claude_tui.cli import exits, streams
from claude_tui.cli.serve.door import Door, refusal
from claude_tui.cli.serve.guard import TOKEN_FILE, Guard, Refused
from claude_tui.cli.serve.routes import Routes
from claude_tui.cli.serve.sockets import address, announce, listen, stop_event
from claude_tui.engine.monitor import Monitor
from claude_tui.paths import config_folder, state_folder

if TYPE_CHECKING:
    from claude_tui.telemetry.receiver import Receiver

MAX_PARAMETERS: Final = 16
SINGLE: Final = ("Host", "Authorization", "Origin", "Content-Length")
"""Headers that are ambiguous if they occur twice."""


async def serve(options: Namespace, token: str, monitor: Monitor) -> int:
    """Serve until told to stop. Returns the exit code."""
    routes = Routes(monitor)
    listening = listen(options.host, options.port)
    port: int = listening.getsockname()[1]
    door = Door()
    server = answering(Guard(token, port, (options.host, *options.name)), door, routes)
    over = stop_event()
    listener = await door.open(server, listening)
    url = address(options.host, port)
    announce(url)
    if token:
        where = options.token_file or os.fspath(state_folder() / TOKEN_FILE)
        streams.narrate(f'{url}/api/stats needs the header "Authorization: Bearer <token>"; the token is in {where}')
    receiver = _receiver()
    work: list[asyncio.Task[Any]] = [asyncio.create_task(monitor.run()), asyncio.create_task(over.wait())]
    if options.state_file:
        # aiofiles, 34 ms to import, for those who want that file.
        from claude_tui.cli.serve.state_file import keep_state

        work.append(asyncio.create_task(keep_state(Path(options.state_file), routes)))
    done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
    listener.close()
    door.close()
    if receiver is not None:
        receiver.stop()
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    for task in done:
        if task.exception() is not None:
            raise exits.CommandError(f"stopped: {task.exception()!r}")
    return exits.OK


def _receiver() -> Receiver | None:
    """Start receiving telemetry, if the settings want it."""
    from claude_tui.ui.settings.file import FILE_NAME, load

    wanted = load(config_folder() / FILE_NAME)[0].telemetry
    if not wanted.on:
        return None
    from claude_tui.telemetry.receiver import Receiver

    receiver = Receiver("serve", wanted.port, wanted.resource)
    receiver.start()
    return receiver


def answering(guard: Guard, door: Door, routes: Routes) -> web.Server:
    """Return the HTTP server that handles the requests the guard accepts."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        is_owner = False
        try:
            path, query = asked(request)
            guard.check_place(request.headers)
            is_owner = guard.has_token(request.headers)
            if is_owner:
                door.admit(request)
            elif not routes.is_open(path):
                raise Refused(401, "a bearer token is required")
            with door.at_work(request):
                response = await routes.answer(request, path, query)
        except Refused as refused:
            response = refusal(refused.status, refused.reason)
        if not is_owner:
            # A place among strangers is kept for one question.
            response.force_close()
        return response

    # A follower that leaves ends its stream at once.
    return web.Server(answer, handler_cancellation=True)


def asked(request: web.BaseRequest) -> tuple[str, Mapping[str, str]]:
    """Return the path of a request as it was sent, and its parameters. Raises Refused if they are malformed."""
    headers = request.headers
    for name in SINGLE:
        if len(headers.getall(name, ())) > 1:
            raise Refused(400, f"more than one {name}")
    if request.version not in (HttpVersion10, HttpVersion11):
        raise Refused(505, "unsupported HTTP version")
    if "Transfer-Encoding" in headers or headers.get("Content-Length", "0").strip() != "0":
        raise Refused(413, "requests must not have a body")
    if request.method not in ("GET", "HEAD"):
        raise Refused(405, "GET and HEAD only")
    target = request.raw_path
    if not target.startswith("/") or target.startswith("//") or not target.isascii() or not target.isprintable():
        raise Refused(400, "bad target")
    path, _, text = target.partition("#")[0].partition("?")
    try:
        return path, dict(parse_qsl(text, max_num_fields=MAX_PARAMETERS, errors="strict"))
    except ValueError:
        raise Refused(400, "bad query") from None
