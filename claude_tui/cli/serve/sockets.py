"""What both servers begin and end with: a listening socket, and the signals that mean stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket

from claude_tui.cli.exits import CommandError


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Ends the command where that cannot be."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None


def stop_on_signals(over: asyncio.Event) -> None:
    """Set an event on SIGINT and SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, over.set)
