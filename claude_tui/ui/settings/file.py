"""What a user has chosen, in a TOML file they can edit: read leniently, changed one value at a time.

Changing a value leaves every comment and the layout as they were. A file that makes no sense is reported and left
alone. Must not know widgets, nor what the keys mean (see `declared`).
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from claude_tui import files
from claude_tui.ui.settings.declared import FILE_NAME, SECTION, Settings, settings_of

__all__ = ["FILE_NAME", "SECTION", "Settings", "load", "parsed", "save", "with_options", "with_value"]


def load(path: Path) -> tuple[Settings, list[str]]:
    """The settings of a file and what was wrong with it; defaults if it is missing or makes no sense."""
    try:
        table = parsed(files.read_text(path))
    except FileNotFoundError:
        return Settings(), []
    except OSError as error:
        return Settings(), [f"{path}: {error.strerror}; the defaults are used"]
    except ValueError as error:
        return Settings(), [f"{path}: {error}; the defaults are used"]
    settings, wrong = settings_of(table)
    return settings, [str(one) for one in wrong]


def parsed(text: str) -> dict[str, Any]:
    """The content of a TOML text. Raises ValueError."""
    if sys.version_info >= (3, 11):  # 2 ms, for those who have such a file
        import tomllib
    else:
        import tomli as tomllib

    try:
        content: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return content


def with_value(text: str, section: str, name: str, value: object) -> str:
    """A TOML text with one value set, the rest as it was. Raises ValueError if that is not possible.

    A list is changed in its place: what stays in it keeps its order and its comments.
    """
    import tomlkit  # 64 ms, for those who change a setting
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import Array

    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if section not in document:
        document[section] = tomlkit.table()
    table = document[section]
    if not isinstance(table, MutableMapping):
        raise ValueError(f"{section} is not a table")
    found = table.get(name)
    if isinstance(found, Array) and isinstance(value, tuple | list):
        for gone in [item for item in found if item not in value]:
            found.remove(gone)
        found.extend(item for item in value if item not in found)
    else:
        table[name] = list(value) if isinstance(value, tuple) else value
    return tomlkit.dumps(document)


def save(path: Path, section: str, name: str, value: object) -> None:
    """Set one value in the file, which is replaced in one step; a link stays a link.

    Raises OSError, or ValueError for a file that makes no sense or cannot be changed, which stays as it is.
    """
    try:
        text = files.read_text(path)
    except FileNotFoundError:
        text = ""
    try:
        wanted = parsed(text)
        changed = with_value(text, section, name, value)
        wanted.setdefault(section, {})[name] = value
        if not _is_same(wanted, parsed(changed)):
            raise ValueError(f"{section}.{name} cannot be set without changing something else")
    except ValueError as error:
        raise ValueError(f"{path} was not changed: {error}") from error
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.replace(path, changed.encode(), files.OWN, is_durable=True)


def _is_same(one: object, other: object) -> bool:
    """Whether two documents say the same; the order in a list says nothing in this file."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return one == other or repr(one) == repr(other)  # nan is not itself


def with_options(settings: Settings, **given: Any) -> Settings:
    """Settings with what the command line says put before what the file says."""
    names = {entry.name for entry in fields(Settings)}
    return replace(settings, **{name: value for name, value in given.items() if name in names and value is not None})
