"""The screen in a browser tab, through textual-serve: its server, behind the same guard as everything else.

textual-serve itself asks nobody who they are; whoever reaches its socket types into the program. Here a page is
served only to who came with the token once, and to no page of another origin.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import Any, Final

from claude_tui.cli import exits, streams
from claude_tui.cli.serve.guard import Guard
from claude_tui.cli.serve.http import Refused
from claude_tui.cli.serve.sockets import listen, stop_on_signals

COOKIE: Final = "claude-top"
MAX_SCREENS: Final = 8
MOST_CELLS: Final = 1000
"""Columns or rows a tab may ask for."""

POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self' {websocket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""textual-serve's page has scripts of its own inside; nothing from anywhere else is loaded."""


def serve_screen(options: Namespace, token: str, arguments: Sequence[str]) -> int:
    """Serve the screen until interrupted; returns the exit code."""
    try:
        # By name, so that types are checked alike where the extra is installed and where it is not.
        web: Any = import_module("aiohttp.web")
        base: Any = import_module("textual_serve.server").Server
    except ImportError:
        message = "serve --web needs the extra: pip install 'claude-top-tui[web]'"
        raise exits.CommandError(message) from None
    return asyncio.run(_serve(web, base, options, token, shlex.join([*_program(), *arguments])))


async def _serve(web: Any, base: Any, options: Namespace, token: str, command: str) -> int:
    listening = listen(options.host, options.port)
    port: int = listening.getsockname()[1]
    guard = Guard(token, port, (options.host, *options.name))
    host = f"[{options.host}]" if ":" in options.host else options.host
    url = f"http://{host}:{port}"

    class Guarded(base):  # type: ignore[misc]
        """textual-serve's server, with the guard before every request and a bound on open screens."""

        screens = 0

        async def on_startup(self, app: Any) -> None:
            """Say nothing: the address is printed when it can be opened."""

        async def handle_websocket(self, request: Any) -> Any:
            """Start the screen for a tab, unless too many are open."""
            if self.screens >= MAX_SCREENS:
                return web.Response(status=503, text="too many screens\n")
            self.screens += 1
            try:
                return await super().handle_websocket(request)
            finally:
                self.screens -= 1

    app = await Guarded(command, options.host, port, "claude-top", public_url=url)._make_app()
    app.middlewares.append(_middleware(web, guard, token, url))
    over = asyncio.Event()
    stop_on_signals(over)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, listening, shutdown_timeout=2).start()
        # With the token, which only who sees this terminal knows.
        streams.write(f"{url}/?token={token}\n" if token else f"{url}/\n")
        streams.finish()
        await over.wait()
    finally:
        await runner.cleanup()
    return exits.OK


def _program() -> list[str]:
    found = shutil.which("claude-top")
    return [found] if found else [sys.executable, "-m", "claude_tui"]


def _middleware(web: Any, guard: Guard, token: str, url: str) -> Any:
    policy = POLICY.format(websocket=url.replace("http", "ws", 1))
    headers = {
        "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
    }  # fmt: skip

    async def check(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            guard.check_place(request.headers)
            answer = _admitted(web, guard, token, request)
        except Refused as refused:
            return web.Response(status=refused.answer.status, body=refused.answer.body, headers=headers)
        answer = answer or await handler(request)
        if not answer.prepared:
            answer.headers.update(headers)
        return answer

    return web.middleware(check)


def _admitted(web: Any, guard: Guard, token: str, request: Any) -> Any:
    """Return None for who may pass, or what sends them on. Raises Refused."""
    if request.method not in ("GET", "HEAD"):
        raise Refused(405, "GET and HEAD only")
    if request.path == "/ws":
        # A browser always says which page opened a socket; whoever does not is none and needs none.
        if request.headers.get("Origin", "").lower() not in guard.origins:
            raise Refused(403, "foreign origin")
        if any(not _is_size(request.query.get(name, "80")) for name in ("width", "height")):
            raise Refused(400, "bad size")
    if request.path.startswith("/static") and request.path.endswith("/"):
        raise Refused(404, "no listings")
    if not token or guard.is_token(request.cookies.get(COOKIE, "")):
        return None
    if request.path == "/" and guard.is_token(request.query.get("token", "")):
        # Without the token in the address bar, in the history and in what is bookmarked.
        sent_on = web.HTTPFound("/")
        sent_on.set_cookie(COOKIE, token, httponly=True, samesite="Strict", path="/")
        return sent_on
    raise Refused(401, "open the address that claude-top serve printed, token included")


def _is_size(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) <= MOST_CELLS
