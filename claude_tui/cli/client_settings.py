"""Claude Code's settings.json, for commands that add something of ours to it and nothing else.

Must not know what is added.
"""

from __future__ import annotations

import difflib
import json
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from claude_tui import files
from claude_tui.cli import exits
from claude_tui.cli.environment import home


def settings_path() -> Path:
    """Return where the settings are that Claude Code uses."""
    named = os.environ.get("CLAUDE_CONFIG_DIR", "").split(",")[0].strip()
    return (Path(named).expanduser() if named else home() / ".claude") / "settings.json"


def read_settings(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the text of a settings file and what it says; nothing if there is none. Raises CommandError."""
    try:
        text = files.read_text(path)
    except FileNotFoundError:
        return "", {}
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise exits.CommandError(f"{path}: {error}") from None
    try:
        settings = json.loads(text)
    except ValueError as error:
        raise exits.CommandError(f"{path} is not JSON, nothing changed: {error}") from None
    except RecursionError:
        raise exits.CommandError(f"{path} is nested too deeply, nothing changed") from None
    if not isinstance(settings, dict):
        raise exits.CommandError(f"{path} is not a JSON object, nothing changed")
    return text, settings


def settings_text(settings: dict[str, Any]) -> str:
    """Return settings as the text of a file."""
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"


def difference(path: Path, before: str, after: str) -> str:
    """Return what would change in a file, as a unified diff."""
    names = (str(path), f"{path} (changed)")
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), *names))


def own_program() -> list[str]:
    """Return the words that start this program, wherever they are run."""
    found = shutil.which("claude-top")
    return [os.path.abspath(found)] if found else [sys.executable, "-m", "claude_tui"]


def write_settings(path: Path, text: str) -> None:
    """Replace a file in one step. Raises CommandError where that is not possible."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(path, text.encode("utf-8", "surrogatepass"), files.OWN, is_durable=True)
    except OSError as error:
        raise exits.CommandError(f"{path}: {error.strerror}") from None


def own_words(setting: object) -> list[str]:
    """Return the words of the command of a setting if it runs claude-top, else none."""
    command = setting.get("command") if isinstance(setting, dict) else None
    try:
        words = shlex.split(command) if isinstance(command, str) else []
    except ValueError:
        return []
    return words if any("claude-top" in word or word == "claude_tui" for word in words[:3]) else []
