"""Where a ccusage.json is, which of its sections hold, and what they say about the statusline.

Imported by a program that has 60 ms: standard library only. What makes no sense is left out: a line must come.
"""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Mapping
from typing import Any, Final

from claude_tui import files

DEFAULTS: Final[dict[str, Any]] = {
    "burn": "off", "cost_source": "auto", "low": 50, "medium": 80, "refresh_interval": 1.0, "timezone": "",
}  # fmt: skip
KEYS: Final = {
    "burn": "visualBurnRate", "cost_source": "costSource", "low": "contextLowThreshold",
    "medium": "contextMediumThreshold", "refresh_interval": "refreshInterval", "timezone": "timezone",
}  # fmt: skip
CHOICES: Final = {
    "burn": ("off", "emoji", "text", "emoji-text"), "cost_source": ("auto", "ccusage", "cc", "both"),
}  # fmt: skip


def with_settings(options: Namespace) -> dict[str, str]:
    """Give the options that were not given the value of a config file, else their default. Returns names of models."""
    try:
        found = _settings(options.config or _file())
    except (OSError, ValueError, RecursionError):
        found = {}
    for name, default in DEFAULTS.items():
        if getattr(options, name) is None:
            value = found.get(KEYS[name])
            setattr(options, name, value if _is_sound(name, value, default) else default)
    aliases = found.get("modelLabelAliases")
    return aliases if isinstance(aliases, dict) else {}


def renamed(given: dict[str, Any], aliases: dict[str, str]) -> dict[str, Any]:
    """Return the client's JSON with the model under the name the user has for its id, or for its name."""
    model = given.get("model") if aliases else None
    if not isinstance(model, dict):
        return given
    names = [aliases.get(known) for known in (model.get("id"), model.get("display_name")) if isinstance(known, str)]
    alias = next((name for name in names if isinstance(name, str) and name), None)
    return {**given, "model": {**model, "display_name": alias}} if alias else given


def _is_sound(name: str, value: Any, default: Any) -> bool:
    if isinstance(default, str):
        return isinstance(value, str) and value in CHOICES.get(name, (value,))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e6


def _file() -> str:
    home = os.environ.get("HOME") or os.path.expanduser("~")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return found_file(config, home)


def _settings(path: str) -> dict[str, Any]:
    document = json.loads(files.read(path)) if path else {}
    return merged_sections(document, "claude", "statusline") if isinstance(document, dict) else {}


def found_file(config: str | os.PathLike[str], home: str | os.PathLike[str]) -> str:
    """Return the first ccusage.json in the places ccusage looks in, "" if there is none."""
    folders = (".ccusage", os.path.join(config, "claude"), os.path.join(home, ".claude"))
    paths = [os.path.join(folder, "ccusage.json") for folder in folders]
    return next((path for path in paths if os.path.isfile(path)), "")


def merged_sections(document: Mapping[str, Any], client: str, command: str) -> dict[str, Any]:
    """Return what holds for a command: `defaults`, below `commands.<command>`, below the same of a client, if any."""
    merged: dict[str, Any] = {}
    for section in (document, document.get(client) if client else None):
        if isinstance(section, Mapping):
            commands = section.get("commands")
            own = commands.get(command) if isinstance(commands, dict) else None
            for part in (section.get("defaults"), own):
                merged.update(part if isinstance(part, dict) else {})
    return merged
