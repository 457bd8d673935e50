"""The screen in a real browser, and everybody else kept out of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from claude_tui.cli import main
from claude_tui.cli.serve.door import MAX_STRANGERS
from tests.cli.serve.browser import PROGRAM, Browser
from tests.cli.serve.test_serve import environment
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    assert main(["serve", "--web"]) == 1
    assert "claude-top-tui[web]" in capsys.readouterr().err


class Web:
    def __init__(self, address: str, process: subprocess.Popen[str]) -> None:
        self.address, self.process = address, process
        parts = urlsplit(address)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.port = parts.port or 80
        self.cookie = f"claude-top-{self.port}"
        self.token = parts.query.removeprefix("token=")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    env = environment(tmp_path_factory.mktemp("web"))
    logs = ClaudeHome(Path(env["CLAUDE_CONFIG_DIR"]))
    logs.append(assistant("msg_1", NOON, usage(input=100, output=20), cwd="/home/user/[/red]"))
    process = subprocess.Popen(
        [sys.executable, "-m", "claude_tui", "serve", "--web", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**env, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, process.stderr.read() if process.stderr else ""
    yield Web(address, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors, errors


async def ticket(web: Web) -> str:
    """Return the value of the cookie that a browser gets for the token."""
    answer = await ask(web, f"/?token={web.token}")
    return str(answer.cookies[web.cookie].value)


async def ask(web: Web, path: str, *, cookie: str = "", method: str = "GET", **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie:
        sent["Cookie"] = f"{web.cookie}={cookie}"
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, web.origin + path, headers=sent, allow_redirects=False) as answer,
    ):
        await answer.read()
        return answer


@pytest.mark.skipif(not PROGRAM, reason="needs Chromium")
async def test_the_screen_in_a_browser(web: Web, tmp_path: Path) -> None:
    async with Browser(tmp_path / "profile") as browser:
        await browser.open(web.address)
        await browser.wait_for("document.body && document.body.classList.contains('-first-byte')")
        assert await browser.evaluate("location.href") == web.origin + "/", "the token stays out of the address bar"
        assert "claude-top" not in await browser.evaluate("document.cookie"), "scripts cannot read it"
        for _ in range(200):
            if b"sonnet" in b"".join(browser.frames):
                break
            await browser.press("2")
            await browser.evaluate("new Promise(done => setTimeout(done, 100))")
        assert b"sonnet" in b"".join(browser.frames)
        own = (web.origin, web.origin.replace("http", "ws", 1), "data:", "about:", "blob:")
        foreign = {address for address in browser.requested if not address.startswith(own)}
        assert foreign == set() and browser.refused == []
        assert await browser.evaluate("document.title") == "claude-top"
        await browser.press("q")
        await browser.wait_for("document.body.classList.contains('-closed')")
        assert "claude-top has ended" in await browser.evaluate("document.querySelector('#over').innerText")
        await browser.press("Enter")
        await browser.wait_for("document.body && document.body.className.includes('-first-byte')"
                               " && !document.body.className.includes('-closed')")  # fmt: skip


async def test_nobody_without_the_token_gets_in(web: Web) -> None:
    for path in ("/", "/?token=wrong", "/static/js/textual.js", "/download/x", "/nothing"):
        assert (await ask(web, path)).status == 401
        assert (await ask(web, path, cookie="wrong")).status == 401
    socket_headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
                      "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    cookie = await ticket(web)
    assert (await ask(web, "/ws", Origin=web.origin, **socket_headers)).status == 401
    assert (await ask(web, "/ws", cookie=cookie, **socket_headers)).status == 403
    assert (await ask(web, "/ws", cookie=cookie, Origin="http://evil.example", **socket_headers)).status == 403
    assert (await ask(web, "/ws?width=99999", cookie=cookie, Origin=web.origin, **socket_headers)).status == 400


async def test_the_token_is_exchanged_for_a_cookie(web: Web) -> None:
    answer = await ask(web, f"/?token={web.token}")
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    # It goes to every port of this machine, so it is not the token, and no other server's.
    assert web.token not in cookie and cookie.startswith(f"claude-top-{web.port}=")
    assert (await ask(web, "/", cookie=web.token)).status == 401
    page = await ask(web, "/", cookie=await ticket(web))
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"


async def test_other_names_and_pages_are_refused(web: Web) -> None:
    cookie = await ticket(web)
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        assert (await ask(web, "/", cookie=cookie, **headers)).status == 403
        assert (await ask(web, f"/?token={web.token}", **headers)).status == 403
    assert (await ask(web, "/", cookie=cookie, method="POST")).status == 405
    assert (await ask(web, "/static/", cookie=cookie)).status == 404


async def test_idle_strangers_do_not_keep_the_owner_out(web: Web) -> None:
    address = ("127.0.0.1", web.port)
    held = [socket.create_connection(address) for _ in range(2 * MAX_STRANGERS)]
    cookie = await ticket(web)
    assert (await ask(web, "/", cookie=cookie)).status == 200
    for one in held:
        one.close()


def page_of(web: Web, cookie: str) -> tuple[Any, Any]:
    """Return a session, and a page's socket that it opens, on which the screen comes in."""
    headers = {"Cookie": f"{web.cookie}={cookie}", "Origin": web.origin}
    session = aiohttp.ClientSession(headers=headers)
    return session, session.ws_connect(web.origin.replace("http", "ws", 1) + "/ws?width=120&height=30")


async def test_the_screen_comes_through_the_socket(web: Web) -> None:
    session, opened = page_of(web, await ticket(web))
    drawn = b""
    async with session, opened as page:
        async for message in page:
            drawn += message.data if message.type is aiohttp.WSMsgType.BINARY else b""
            if b"sonnet" in drawn:
                break
            await page.send_str('["stdin", "2"]')


async def test_what_a_page_sends_is_not_shown_here(web: Web) -> None:
    """The fixture looks for a traceback."""
    session, opened = page_of(web, await ticket(web))
    async with session, opened as page:
        await page.send_str('{"no": "list"}')
        async for _ in page:
            pass
