"""What both servers share: the listening socket, the printed address, and the signals that stop them.

Must not know what is served.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
import sys

from claude_tui.cli import streams
from claude_tui.cli.exits import CommandError


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises CommandError if that is not possible."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    except ValueError:  # no such name can be written for the network, or it holds a NUL
        raise CommandError(f"cannot listen on {host}:{port}: this is no name of a host") from None


def address(host: str, port: int) -> str:
    """Return the address of a server as a URL."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def announce(url: str) -> None:
    """Print the URL on stdout, if there is a stdout. Raises BrokenPipeError."""
    if sys.stdout is not None:
        streams.write(f"{url}\n")
        streams.finish()


def stop_event() -> asyncio.Event:
    """Return an event that is set by SIGINT, SIGTERM and SIGHUP, and when the reader of our stdout goes away.

    From here on, the running loop also reports its own errors in one line.
    """
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: streams.narrate(f"claude-top: {_error_text(context)}"))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Under nohup a hang-up is ignored, and shall be.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, over.set)
    with contextlib.suppress(OSError, ValueError, AttributeError):  # no stdout
        descriptor = sys.stdout.fileno()
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            # Nothing is ever read there. A pipe without a reader is an error, which wakes the loop.
            loop.add_reader(descriptor, _stop, loop, descriptor, over)
    return over


def _stop(loop: asyncio.AbstractEventLoop, descriptor: int, over: asyncio.Event) -> None:
    loop.remove_reader(descriptor)
    over.set()


def _error_text(context: dict[str, object]) -> str:
    error = context.get("exception")
    return f"{context.get('message')}: {error!r}" if error is not None else str(context.get("message"))
