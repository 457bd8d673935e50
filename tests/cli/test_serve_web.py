"""The screen in a real browser, and everybody else kept out of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from claude_tui.cli import main
from tests.cli.browser import PROGRAM, Browser
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
        self.token = parts.query.removeprefix("token=")


@pytest.fixture
def web(claude_home: ClaudeHome) -> Iterator[Web]:
    pytest.importorskip("textual_serve")
    claude_home.append(assistant("msg_1", NOON, usage(input=100, output=20), cwd="/home/user/[/red]"))
    process = subprocess.Popen(
        [sys.executable, "-m", "claude_tui", "serve", "--web", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, process.stderr.read() if process.stderr else ""
    yield Web(address, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors, errors


async def ask(web: Web, path: str, *, cookie: str = "", method: str = "GET", **headers: str) -> Any:
    aiohttp = pytest.importorskip("aiohttp")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie:
        sent["Cookie"] = f"claude-top={cookie}"
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
        await browser.click(600, 300)
        for _ in range(200):
            if b"sonnet" in b"".join(browser.frames):
                break
            await browser.press("2")
            await browser.evaluate("new Promise(done => setTimeout(done, 100))")
        assert b"sonnet" in b"".join(browser.frames)
        own = (web.origin, web.origin.replace("http", "ws", 1), "data:", "about:", "blob:")
        foreign = {address for address in browser.requested if not address.startswith(own)}
        # The page wants a font of somebody else's; it is asked for in vain, and nothing else is.
        assert foreign <= {"https://fonts.googleapis.com/css?family=Roboto%20Mono"}
        assert len(browser.refused) >= len(foreign)
        await browser.press("q")
        await browser.wait_for("document.body.classList.contains('-closed')")


async def test_nobody_without_the_token_gets_in(web: Web) -> None:
    for path in ("/", "/?token=wrong", "/static/js/textual.js", "/download/x", "/nothing"):
        assert (await ask(web, path)).status == 401
        assert (await ask(web, path, cookie="wrong")).status == 401
    socket_headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
                      "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    assert (await ask(web, "/ws", Origin=web.origin, **socket_headers)).status == 401
    assert (await ask(web, "/ws", cookie=web.token, **socket_headers)).status == 403
    assert (await ask(web, "/ws", cookie=web.token, Origin="http://evil.example", **socket_headers)).status == 403
    assert (await ask(web, "/ws?width=99999", cookie=web.token, Origin=web.origin, **socket_headers)).status == 400


async def test_the_token_is_exchanged_for_a_cookie(web: Web) -> None:
    answer = await ask(web, f"/?token={web.token}")
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    page = await ask(web, "/", cookie=web.token)
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"


async def test_other_names_and_pages_are_refused(web: Web) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        assert (await ask(web, "/", cookie=web.token, **headers)).status == 403
    assert (await ask(web, "/", cookie=web.token, method="POST")).status == 405
    assert (await ask(web, "/static/", cookie=web.token)).status == 404
