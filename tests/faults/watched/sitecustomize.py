"""Loaded by every Python below a test: writes down each file that is opened, and forbids the network.

With AUDIT_LOOPBACK a socket may be bound to this machine's own address; nothing may be connected to even there.
"""

from __future__ import annotations

import os
import sys

_OUT = os.environ.get("AUDIT_FILE", "")
_NETWORK = (
    "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg", "socket.bind",
)  # fmt: skip
_IS_SERVER = bool(os.environ.get("AUDIT_LOOPBACK"))


def _see(event: str, given: tuple[object, ...]) -> None:
    if event in _NETWORK and not (event == "socket.sendmsg" and given[1] is None):  # connected, and that was seen
        if _IS_SERVER and _is_own(event, given):
            _write(f"own\t{event}")
            return
        _write(f"network\t{event} {given[1:]!r}")
        raise PermissionError("the network is forbidden here")
    if event == "open" and isinstance(given[0], (str, bytes)):
        flags = given[2] if isinstance(given[2], int) else 0
        is_write = bool(flags & (os.O_WRONLY | os.O_RDWR))
        _write(f"{'write' if is_write else 'read'}\t{os.path.abspath(os.fsdecode(given[0]))}")
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
        _write(f"run\t{given[0]}")


def _is_own(event: str, given: tuple[object, ...]) -> bool:
    """Whether a server on this machine's own address asks for no more than it must."""
    if event == "socket.bind":
        address = given[1]
        return isinstance(address, tuple) and address[0] == "127.0.0.1"
    return event == "socket.getaddrinfo" and given[0] == "127.0.0.1"


def _write(text: str) -> None:
    os.write(_FD, text.encode("utf-8", "surrogateescape") + b"\n")


if _OUT:
    _FD = os.open(_OUT, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    sys.addaudithook(_see)
