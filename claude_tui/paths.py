"""Where claude-top keeps its own files: settings, cache, ledger and state, each in the platform's usual place.

XDG_* variables win on every platform. Must not know what is kept in these folders; creates a folder only on request.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

APP_NAME: Final = "claude-top"
"""The folder below each base folder."""

SYSTEM_ZONE: Final = "/etc/localtime"
"""The rules of the system's time zone: a link to a file named after the zone, or a copy of it."""

_XDG_DEFAULTS: Final = {
    "config": (".config",), "cache": (".cache",), "data": (".local", "share"), "state": (".local", "state"),
}  # fmt: skip


def config_folder(env: Mapping[str, str] | None = None) -> Path:
    """The folder for what the user writes: config.toml, prices.toml. `env` replaces the process environment."""
    return _folder("config", env)


def cache_folder(env: Mapping[str, str] | None = None) -> Path:
    """The folder for what can be rebuilt from the logs; it may be deleted at any time."""
    return _folder("cache", env)


def data_folder(env: Mapping[str, str] | None = None) -> Path:
    """The folder for what cannot be rebuilt: the history of deleted logs."""
    return _folder("data", env)


def state_folder(env: Mapping[str, str] | None = None) -> Path:
    """The folder for unimportant data of this machine: last view, log of the program itself."""
    return _folder("state", env)


def ledger_file(env: Mapping[str, str] | None = None) -> Path:
    """The file with the history of deleted logs; it does not exist before something was written."""
    return data_folder(env) / "ledger.db"


def telemetry_folder(env: Mapping[str, str] | None = None) -> Path:
    """The folder of what clients said over OpenTelemetry: a file of OTLP/JSON lines for each day (UTC) it arrived."""
    return state_folder(env) / "telemetry"


def create_private(folder: Path) -> Path | None:
    """Return the folder, created for its owner alone (0700) if it is missing. None if it is not writable.

    Never raises: without its folders claude-top keeps running, in memory.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_writable = os.access(folder, os.W_OK | os.X_OK)
    except (OSError, ValueError):
        return None
    return folder if is_writable else None


def _folder(kind: str, env: Mapping[str, str] | None) -> Path:
    base = (os.environ if env is None else env).get(f"XDG_{kind.upper()}_HOME", "")
    # The XDG specification: a relative path is invalid and to be ignored.
    if os.path.isabs(base):
        return Path(base, APP_NAME)
    if sys.platform == "linux":
        # What the specification says and platformdirs would answer, without its 23 ms on every start.
        return Path.home().joinpath(*_XDG_DEFAULTS[kind], APP_NAME)
    import platformdirs

    folders = platformdirs.PlatformDirs(APP_NAME, appauthor=False)
    path: Path = getattr(folders, f"user_{kind}_path")
    return path
