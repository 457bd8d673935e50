"""The receiver: a thread with an event loop of its own, so that a busy screen never keeps an exporter waiting.

It waits until no other process receives, listens on the loopback address, and gives what comes to the intake. While
nothing comes it does nothing. Must not know what is kept of a post.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

from claude_tui.paths import create_private, state_folder, telemetry_folder
from claude_tui.telemetry import status as kept_status
from claude_tui.telemetry.connection import Connections, ReceiverConnection
from claude_tui.telemetry.intake import Intake
from claude_tui.telemetry.ownership import owned
from claude_tui.telemetry.place import TOKEN_FILE
from claude_tui.telemetry.spool import Spool
from claude_tui.telemetry.status import ReceiverStatus
from claude_tui.tokens import kept_token
from claude_tui.waiting import is_set_in_time

HOST: Final = "127.0.0.1"
BACKLOG: Final = 512
RETRY_S: Final = 5.0
"""How often a port that another program has is tried again."""

STOP_S: Final = 5.0
"""So long is waited for a receiver to end."""

SAVE_S: Final = 0.1
"""The counters are saved at most this often."""


class Receiver:
    """Receives from `start` to `stop`, as soon as it is the only one. `role` says of which program it is a part.

    `state` may be read from any thread: "waiting" for another process to end, "receiving", or "troubled" as
    `status.trouble` says. `on_change` is called from the receiver's thread when `state` changes.
    """

    def __init__(
        self,
        role: str,
        port: int,
        resource_keys: Collection[str] = (),
        *,
        now: Callable[[], float] = time.time,
        on_change: Callable[[], object] = lambda: None,
    ) -> None:
        self._role, self._port, self._resource_keys = role, port, tuple(resource_keys)
        self._now, self._on_change = now, on_change
        self.state = "waiting"
        self.status = ReceiverStatus()
        self._stopped = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="telemetry", daemon=True)

    def start(self) -> None:
        """Receive from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and have the counters saved. One that still waits for another process is left to the end of this."""
        with self._lock:
            self._stopped.set()
            if self._loop is None or self._over is None:
                return
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(STOP_S)

    def _work(self) -> None:
        while not self._stopped.is_set():
            folder = create_private(state_folder())
            if folder is None:
                self._trouble(f"cannot write to {state_folder()}")
            else:
                try:
                    with owned(folder):
                        asyncio.run(self._receive(folder))
                except OSError as error:
                    self._trouble(f"{folder}: {error.strerror}")
            self._stopped.wait(RETRY_S)

    async def _receive(self, folder: Path) -> None:
        with self._lock:
            if self._stopped.is_set():
                return
            self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        over = self._over
        self.status = status = kept_status.load(folder)
        status.pid, status.role, status.port = os.getpid(), self._role, self._port
        status.since_ms, status.trouble = int(self._now() * 1000), ""
        saver = _Saver(folder, status)

        def failed(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            """A mistake of ours has ended a connection: what it had posted is not kept, and that is said."""
            status.lose(repr(context.get("exception") or context["message"]), int(self._now() * 1000))
            saver.changed()

        self._loop.set_exception_handler(failed)
        try:
            listening = await self._listen(over, saver)
            if listening is None:
                return
            status.port = listening.getsockname()[1]
            spool = Spool(telemetry_folder(), self._now)
            token = kept_token(folder, TOKEN_FILE)
            intake = Intake(spool, status, token, status.port, self._resource_keys, self._now, saver.changed)
            connections = Connections(intake)
            server = await asyncio.get_running_loop().create_server(
                lambda: ReceiverConnection(connections), sock=listening, backlog=BACKLOG
            )
            self._enter("receiving")
            saver.save()
            await over.wait()
            server.close()
            connections.drop_all()
        finally:
            with self._lock:
                self._loop = None
            saver.save()

    async def _listen(self, over: asyncio.Event, saver: _Saver) -> socket.socket | None:
        """Return a listening socket, as soon as no other program has the port; None if it is over before."""
        while not over.is_set():
            try:
                listening = socket.create_server((HOST, self._port), backlog=BACKLOG)
            except OSError as error:
                is_taken = error.errno == errno.EADDRINUSE
                why = "another program has it" if is_taken else error.strerror or str(error)
                self._trouble(f"cannot listen on port {self._port}: {why}")
                saver.save()
            else:
                self.status.trouble = ""
                return listening
            await is_set_in_time(over, RETRY_S)
        return None

    def _trouble(self, why: str) -> None:
        self.status.trouble = why
        self._enter("troubled")

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self._on_change()


class _Saver:
    """Saves the counters soon after they changed."""

    def __init__(self, folder: Path, status: ReceiverStatus) -> None:
        self._folder, self._status = folder, status
        self._timer: asyncio.TimerHandle | None = None
        self._saved_s = -SAVE_S

    def changed(self) -> None:
        """Save them now, or soon if they were saved just now."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._saved_s + SAVE_S), self.save)

    def save(self) -> None:
        """Save them now. Where that is not possible they are saved with the next change."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._saved_s = asyncio.get_running_loop().time()
        with contextlib.suppress(OSError):
            kept_status.save(self._folder, self._status)
