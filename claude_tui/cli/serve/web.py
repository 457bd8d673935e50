"""The screen in a browser tab: the server of textual-serve, behind the same guard as everything else.

textual-serve itself authenticates nobody; whoever reaches its socket can type into the program. Here a page is served
only to a browser that presented the token once, and never to a page of another origin. Must not draw.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shlex
import shutil
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from claude_tui.cli import exits
from claude_tui.cli.serve.door import SAFE, Door
from claude_tui.cli.serve.guard import Guard, Refused
from claude_tui.cli.serve.sockets import address, announce, listen, stop_event
from claude_tui.tokens import is_same

MAX_SCREENS: Final = 8
MOST_CELLS: Final = 1000
"""Most columns or rows a tab may request."""

PAGE: Final = Path(__file__).with_name("page")
"""Our page: its template under the name textual-serve asks for, its style and its script."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self' {websocket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing is loaded from any other host. The terminal in the page makes styles as it draws, but no scripts."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def serve_screen(options: Namespace, token: str, arguments: Sequence[str]) -> int:
    """Serve the screen until told to stop. Returns the exit code."""
    try:
        # By name, so that types are checked alike with and without the extra.
        base: Any = import_module("textual_serve.server").Server
    except ImportError:
        message = "serve --web needs the extra `web`: pip install 'claude-top-tui[web]'"
        raise exits.CommandError(message) from None
    # It logs tracebacks of what a page sends that makes no sense.
    logging.getLogger("textual-serve").setLevel(logging.CRITICAL)
    return asyncio.run(_serve(base, options, token, shlex.join([*_program(), *arguments])))


async def _serve(base: Any, options: Namespace, token: str, command: str) -> int:
    listening = listen(options.host, options.port)
    port: int = listening.getsockname()[1]
    url = address(options.host, port)
    door = Door()

    class Guarded(base):  # type: ignore[misc]
        """The server of textual-serve with a limit on open screens."""

        screens = 0

        async def on_startup(self, app: web.Application) -> None:
            """Print nothing: the address is printed once it can be opened."""

        async def handle_websocket(self, request: web.Request) -> Any:
            """Start the screen for a tab, unless too many are open."""
            if self.screens >= MAX_SCREENS:
                return web.Response(status=503, text="too many screens are open\n")
            self.screens += 1
            try:
                return await super().handle_websocket(request)
            finally:
                self.screens -= 1

    served = Guarded(command, options.host, port, "claude-top", public_url=url, templates_path=PAGE)
    app: web.Application = await served._make_app()
    app.router.add_static("/page", PAGE)
    tickets = Tickets(Guard(token, port, (options.host, *options.name)), token, port)
    app.middlewares.append(_middleware(tickets, door, POLICY.format(websocket=url.replace("http", "ws", 1))))
    over = stop_event()
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=2)
    await runner.setup()
    assert runner.server is not None
    try:
        listener = await door.open(runner.server, listening)
        # With the token, which only who sees this terminal knows.
        announce(f"{url}/?token={token}" if token else f"{url}/")
        await over.wait()
        listener.close()
        door.close()
    finally:
        await runner.cleanup()
    return exits.OK


def _program() -> list[str]:
    found = shutil.which("claude-top")
    return [found] if found else [sys.executable, "-m", "claude_tui"]


class Tickets:
    """Exchanges the token for a cookie, once for each browser.

    A browser sends a cookie to every port of this machine, where other programs may listen. So the cookie is not the
    token but a random value of this run, which is worth nothing anywhere else.
    """

    def __init__(self, guard: Guard, token: str, port: int) -> None:
        self._guard = guard
        self._is_needed = bool(token)
        self.cookie = f"claude-top-{port}"
        self._ticket = secrets.token_urlsafe(24)

    def check(self, request: web.Request) -> web.Response | None:
        """Return None if the request may pass, or a redirect for the browser. Raises Refused."""
        self._guard.check_place(request.headers)
        if request.method not in ("GET", "HEAD"):
            raise Refused(405, "GET and HEAD only")
        if request.path == "/ws":
            # A browser always says which page opened a socket; a program that does not is no browser.
            if request.headers.get("Origin", "").lower() not in self._guard.origins:
                raise Refused(403, "foreign origin")
            if any(not _is_size(request.query.get(name, "80")) for name in ("width", "height")):
                raise Refused(400, "bad size")
        if request.path.startswith(("/static", "/page")) and request.path.endswith("/"):
            raise Refused(404, "folders are not listed")
        if not self._is_needed or is_same(request.cookies.get(self.cookie, ""), self._ticket):
            return None
        if request.path == "/" and self._guard.is_token(request.query.get("token", "")):
            # Without the token in the address bar, in the history and in what is bookmarked.
            sent_on = web.Response(status=302, headers={"Location": "/"})
            sent_on.set_cookie(self.cookie, self._ticket, httponly=True, samesite="Strict", path="/")
            return sent_on
        raise Refused(401, "open the address that claude-top serve printed, with its token")


def _middleware(tickets: Tickets, door: Door, policy: str) -> Any:
    headers = {**SAFE, "Content-Security-Policy": policy}

    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer: web.StreamResponse | None
        try:
            answer = tickets.check(request)
        except Refused as refused:
            answer = web.Response(status=refused.status, text=f"{refused.reason}\n", headers=headers)
            answer.force_close()
            return answer
        door.admit(request)
        if answer is None:
            try:
                with door.at_work(request):
                    answer = await handler(request)
            except web.HTTPException as error:
                error.headers.update(headers)
                raise
        if not answer.prepared:
            answer.headers.update(headers)
        return answer

    return web.middleware(check)


def _is_size(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) <= MOST_CELLS
