"""Checks who may send requests: the right host name, no foreign page, the token. Must not know what is requested.

Any web page can make its visitor's browser send requests to this machine. The host name reveals a name that was pointed
here (DNS rebinding), the origin reveals a foreign page, and the token stops everybody else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import ipaddress
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
TOKEN_FILE: Final = "serve-token"
MIN_TOKEN: Final = 16


def is_loopback(host: str) -> bool:
    """Whether a host can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Refused(Exception):
    """Ends a request with a status and a reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Guard:
    """Checks the headers of a request; header names are case-insensitive.

    `hosts` are the accepted host names in addition to the loopback ones.
    """

    def __init__(self, token: str, port: int, hosts: tuple[str, ...] = ()) -> None:
        self._token = token
        names = {*LOOPBACK, *(host for host in hosts if host not in ("0.0.0.0", "::"))}
        own = {f"[{name}]" if ":" in name else name for name in names}
        self.hosts = frozenset({f"{name}:{port}" for name in own} | (own if port == 80 else set()))
        self.origins = frozenset(f"http://{host}" for host in self.hosts)

    def check_place(self, headers: Mapping[str, str]) -> None:
        """Raise Refused if the request uses a host name that is not ours or comes from a page that is not ours."""
        if headers.get("Host", "").lower() not in self.hosts:
            raise Refused(403, "unknown host name")
        if headers.get("Origin", "").lower() not in ("", *self.origins):
            raise Refused(403, "foreign origin")
        if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise Refused(403, "foreign page")

    def has_token(self, headers: Mapping[str, str]) -> bool:
        """Whether a request carries the token, or none is required."""
        kind, _, given = headers.get("Authorization", "").partition(" ")
        return not self._token or (kind.lower() == "bearer" and self.is_token(given.strip()))

    def is_token(self, given: str) -> bool:
        """Whether a text is the token."""
        return is_same(given, self._token)


def is_same(given: str, secret: str) -> bool:
    """Whether a text equals the secret, compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())


def kept_token(folder: Path | None) -> str:
    """Return the token stored in a folder; create it for the owner alone if there is none.

    If the folder is not writable, the token is a new one every time. If two processes start at once, only one creates
    it.
    """
    if folder is None:
        return secrets.token_urlsafe(24)
    path = folder / TOKEN_FILE
    with _alone(folder):
        try:
            text = path.read_text(encoding="ascii").strip()
            if len(text) >= MIN_TOKEN and not path.stat().st_mode & 0o077:
                return text
        except (OSError, ValueError):
            pass
        token = secrets.token_urlsafe(24)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(token + "\n")
    return token


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock against other starts for the duration of the block, if the file system has locks."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
