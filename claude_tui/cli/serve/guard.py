"""Checks who may send requests: the right host name, no foreign page, the token. Must not know what is requested.

Any web page can make its visitor's browser send requests to this machine. The host name reveals a name that was pointed
here (DNS rebinding), the origin reveals a foreign page, and the token stops everybody else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final

from claude_tui.tokens import is_same

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
TOKEN_FILE: Final = "serve-token"


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
