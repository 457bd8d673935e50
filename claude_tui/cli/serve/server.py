"""The server of the live numbers: one event loop with the engine, the connections and the state file."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from pathlib import Path
from typing import Any, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.serve.guard import TOKEN_FILE, Guard
from claude_tui.cli.serve.http import MAX_LINE_BYTES, Answer, Listener, Request
from claude_tui.cli.serve.routes import Routes
from claude_tui.cli.serve.sockets import listen, stop_on_signals
from claude_tui.engine.monitor import Monitor
from claude_tui.paths import state_folder

STATE_INTERVAL_S: Final = 1.0


async def serve(options: Namespace, token: str, monitor: Monitor) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code."""
    routes = Routes(monitor)
    listening = listen(options.host, options.port)
    port: int = listening.getsockname()[1]
    guard = Guard(token, port, (options.host, *options.name))

    async def answer(request: Request) -> Answer:
        guard.check_place(request.headers)
        if token and not routes.is_open(request.path):
            guard.check_token(request.headers)
        return await routes.answer(request)

    listener = Listener(answer)
    host = f"[{options.host}]" if ":" in options.host else options.host
    over = asyncio.Event()
    stop_on_signals(over)
    server = await asyncio.start_server(listener.connected, sock=listening, limit=MAX_LINE_BYTES)
    _announce(f"http://{host}:{port}", token, options)
    work: list[asyncio.Task[Any]] = [asyncio.create_task(monitor.run())]
    if options.state_file:
        work.append(asyncio.create_task(_keep_state(Path(options.state_file), routes)))
    work.append(asyncio.create_task(over.wait()))
    done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
    server.close()
    await listener.close()
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    for task in done:
        if task.exception() is not None:
            raise exits.CommandError(f"stopped: {task.exception()!r}")
    return exits.OK


def _announce(url: str, token: str, options: Namespace) -> None:
    """Print the address for whoever started us, and say where the token is."""
    streams.write(f"{url}\n")
    streams.finish()
    if token:
        where = options.token_file or os.fspath(state_folder() / TOKEN_FILE)
        streams.narrate(f'{url}/api/stats needs the header "Authorization: Bearer <token>"; the token is in {where}')


async def _keep_state(path: Path, routes: Routes) -> None:
    """Write the headline figures after every change, at most once a second, each time a whole file."""
    # 34 ms to import, and only this option needs it.
    import aiofiles
    import orjson

    from claude_tui.reports.state import state

    part = path.with_name(f".{path.name}.{os.getpid()}")
    known = -1
    try:
        while True:
            document = orjson.dumps(state(await routes.snapshot()), option=orjson.OPT_INDENT_2) + b"\n"
            try:
                async with aiofiles.open(part, "wb", opener=_private) as file:
                    await file.write(document)
                await asyncio.to_thread(os.replace, part, path)
            except OSError as error:
                streams.narrate(f"{path}: {error.strerror}")
                await asyncio.sleep(10)
            await asyncio.sleep(STATE_INTERVAL_S)
            known = await routes.wait_for_change(known, 60)
    finally:
        part.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
