"""A headless Chromium, driven over its own debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)


class Browser:
    """One tab. `requested` are the addresses it asked for, `refused` what its page was not allowed to load."""

    def __init__(self, folder: Path) -> None:
        self.requested: list[str] = []
        self.refused: list[str] = []
        self.frames: list[bytes] = []
        self._folder = folder
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}

    async def __aenter__(self) -> Browser:
        self._process = await asyncio.to_thread(
            subprocess.Popen,
            [
                PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={self._folder}",
                "--window-size=1200,800", "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self._process.stderr is not None
        address = ""
        while not address:
            line = await asyncio.to_thread(self._process.stderr.readline)
            assert line, "the browser did not start"
            address = line.partition("DevTools listening on ")[2].strip()
        self._session = import_module("aiohttp").ClientSession()
        port = address.split(":")[2].split("/")[0]
        async with self._session.get(f"http://127.0.0.1:{port}/json") as answer:
            tabs = await answer.json()
        tab = next(tab for tab in tabs if tab["type"] == "page")
        self._socket = await self._session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.send(f"{domain}.enable")
        return self

    async def __aexit__(self, *error: object) -> None:
        self._reader.cancel()
        await self._socket.close()
        await self._session.close()
        self._process.terminate()
        await asyncio.to_thread(self._process.wait, 30)
        if self._process.stderr is not None:
            self._process.stderr.close()

    async def send(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(json.dumps({"id": number, "method": method, "params": parameters}))
        return await asyncio.wait_for(self._answers[number], 30)

    async def _read(self) -> None:
        async for message in self._socket:
            event = json.loads(message.data)
            if "id" in event:
                self._answers.pop(event["id"]).set_result(event.get("result", event.get("error")))
            elif event["method"] == "Network.requestWillBeSent":
                self.requested.append(event["params"]["request"]["url"])
            elif event["method"] == "Network.webSocketCreated":
                self.requested.append(event["params"]["url"])
            elif event["method"] == "Network.webSocketFrameReceived":
                response = event["params"]["response"]
                data = response["payloadData"]
                self.frames.append(base64.b64decode(data) if response["opcode"] == 2 else data.encode())
            elif event["method"] == "Log.entryAdded" and event["params"]["entry"]["source"] == "security":
                self.refused.append(event["params"]["entry"]["text"])

    async def open(self, address: str) -> None:
        await self.send("Page.navigate", url=address)

    async def evaluate(self, script: str) -> Any:
        found = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return found["result"].get("value")

    async def wait_for(self, script: str) -> None:
        """Wait until a script is true on the page."""
        deadline_s = time.monotonic() + 60
        while not await self.evaluate(script):
            assert time.monotonic() < deadline_s, script
            await self.evaluate("new Promise(done => setTimeout(done, 50))")

    async def click(self, x: int, y: int) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            await self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            text = "\r" if key == "Enter" else key
            given = {"text": text} if kind == "keyDown" and len(text) == 1 else {}
            code = {"windowsVirtualKeyCode": 13} if key == "Enter" else {}
            await self.send("Input.dispatchKeyEvent", type=kind, key=key, **given, **code)

    async def picture(self) -> bytes:
        return base64.b64decode((await self.send("Page.captureScreenshot"))["data"])
