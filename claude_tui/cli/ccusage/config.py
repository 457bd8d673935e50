"""Defaults from a ccusage.json, between the command line and the built-in ones. Must not know what a default is for."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claude_tui import files
from claude_tui.cli import streams
from claude_tui.cli.environment import home
from claude_tui.cli.exits import USAGE, CommandError
from claude_tui.cli.options.days import day
from claude_tui.cli.statusline.settings import found_file, merged_sections

PARSED = {"since": day, "until": day}
NOT_THERE = ("config", "drop_in", "shape")
"""Options no config file can set."""


def with_config(options: Namespace, defaults: Mapping[str, Any], client: str, kind: str) -> Namespace:
    """Return the options with what was not given taken from a config file, else from `defaults`.

    In the file `defaults` holds for every report, `commands.<report>` for one; below `claude` (or another
    client) both hold for that client's reports. The more special wins. A file that was found and not asked for
    is left out where it makes no sense, with a line on stderr.
    """
    given = vars(options)
    asked = given.get("config")
    path = Path(asked) if asked else _found()
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = _values(path, defaults, client, kind)
        except (OSError, ValueError, RecursionError) as error:
            deep = "nested too deeply" if isinstance(error, RecursionError) else ""
            reason = deep or getattr(error, "strerror", None) or error
            if asked and not given.get("drop_in"):
                raise CommandError(f"{path}: {reason}", USAGE) from None
            streams.narrate(f"{path} left out: {reason}")
    return Namespace(**{**defaults, **values, **given})


def _found() -> Path | None:
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home() / ".config")
    found = found_file(config, home())
    return Path(found) if found else None


def _values(path: Path, defaults: Mapping[str, Any], client: str, kind: str) -> dict[str, Any]:
    document = json.loads(files.read(path))
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    merged = merged_sections(document, client, kind)
    if isinstance(aliases := document.get("projectAliases"), str):
        merged.setdefault("projectAliases", aliases)
    return {name: _checked(name, merged[key], defaults[name]) for name, key in _keys(defaults) if key in merged} | (
        {"timezone": merged["timezone"]} if isinstance(merged.get("timezone"), str) else {}
    )


def _keys(defaults: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pair option names with their keys: no_cost and noCost."""
    words = {name: name.split("_") for name in defaults if name not in NOT_THERE}
    return [(name, first + "".join(word.title() for word in rest)) for name, (first, *rest) in words.items()]


def _checked(name: str, value: Any, default: Any) -> Any:
    if name in PARSED:
        try:
            return PARSED[name](str(value))
        except Exception as error:  # argparse's own kind of error, which is none of its public ones
            raise ValueError(str(error)) from None
    if name == "last":
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"last: {value!r} is not a number of periods")
        return value
    if name == "session_length":
        return float(value)
    if name == "sections":
        return tuple(value.split(",")) if isinstance(value, str) else tuple(value)
    if isinstance(default, bool) and not isinstance(value, bool):
        raise ValueError(f"{name}: {value!r} is neither true nor false")
    return value
