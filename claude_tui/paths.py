"""Where claude-top keeps its own files: settings, cache, history and state, each in the place the platform gives it.

XDG_* variables win on every platform. Must not know what is kept in these folders; creates one only when asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

APP_NAME: Final = "claude-top"
"""The folder below each base folder."""

_XDG_DEFAULTS: Final = {
    "config": (".config",), "cache": (".cache",), "data": (".local", "share"), "state": (".local", "state"),
}  # fmt: skip


def config_folder(env: Mapping[str, str] | None = None) -> Path:
    """What the user writes: config.toml, prices.toml. `env` stands in for the process environment."""
    return _folder("config", env)


def cache_folder(env: Mapping[str, str] | None = None) -> Path:
    """What can be rebuilt from the logs and may be deleted at any time."""
    return _folder("cache", env)


def data_folder(env: Mapping[str, str] | None = None) -> Path:
    """What cannot be rebuilt: the history of logs that are gone."""
    return _folder("data", env)


def state_folder(env: Mapping[str, str] | None = None) -> Path:
    """What belongs to this machine and matters little: last view, log of the program itself."""
    return _folder("state", env)


def ledger_file(env: Mapping[str, str] | None = None) -> Path:
    """The history of logs that are gone; there is none before something was written."""
    return data_folder(env) / "ledger.db"


def create_private(folder: Path) -> Path | None:
    """The folder, created for its owner alone (0700) where it is missing. None if nothing can be written there.

    Never raises: without its folders claude-top runs on, in memory.
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
