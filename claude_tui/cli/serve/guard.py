"""Who may ask: the right host name, no foreign page, the token. Must not know what is asked for.

A web page anywhere can make its visitor's browser send requests to this machine. The host name tells a name that
was pointed here (DNS rebinding), the origin a foreign page, and the token everybody else.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from claude_tui.cli.serve.http import Refused

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


class Guard:
    """Checks the headers of a request. `hosts` are the names it may be asked by, beside the loopback ones."""

    def __init__(self, token: str, port: int, hosts: tuple[str, ...] = ()) -> None:
        self._token = token.encode()
        names = {*LOOPBACK, *(host for host in hosts if host not in ("0.0.0.0", "::"))}
        own = {f"[{name}]" if ":" in name else name for name in names}
        self.hosts = frozenset({f"{name}:{port}" for name in own} | (own if port == 80 else set()))
        self.origins = frozenset(f"http://{host}" for host in self.hosts)

    def check_place(self, headers: Mapping[str, str]) -> None:
        """Refuse a request by another name than ours or from a page that is not ours."""
        if headers.get("host", "").lower() not in self.hosts:
            raise Refused(403, "unknown host name")
        if headers.get("origin", "").lower() not in ("", *self.origins):
            raise Refused(403, "foreign origin")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refused(403, "foreign page")

    def check_token(self, headers: Mapping[str, str]) -> None:
        """Refuse a request without the token, in a time that tells nothing about it."""
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not self.is_token(given.strip()):
            refused = Refused(401, "a bearer token is needed")
            raise refused

    def is_token(self, given: str) -> bool:
        """Whether a text is the token."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token)


def kept_token(folder: Path | None) -> str:
    """Return the token kept in a folder, made and kept for its owner alone where there is none.

    Without a folder that can be written to it is a new one every time.
    """
    if folder is None:
        return secrets.token_urlsafe(24)
    path = folder / TOKEN_FILE
    try:
        text = path.read_text(encoding="ascii").strip()
        if len(text) >= MIN_TOKEN and not path.stat().st_mode & 0o077:
            return text
    except (OSError, ValueError):
        pass
    token = secrets.token_urlsafe(24)
    try:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
    except OSError:
        pass
    return token
