"""Secrets that callers on this machine show: kept in a file that only its owner can read, compared in constant time.

Must not know what they open.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MIN_TOKEN: Final = 16
"""Fewest characters of a token."""


def is_same(given: str, secret: str) -> bool:
    """Whether a text equals the secret, compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())


def kept_token(folder: Path | None, name: str) -> str:
    """Return the token stored in a folder under a name; create it for the owner alone if there is none.

    If the folder is not writable, the token is a new one every time. If two processes start at once, only one creates
    it.
    """
    if folder is None:
        return secrets.token_urlsafe(24)
    path = folder / name
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
