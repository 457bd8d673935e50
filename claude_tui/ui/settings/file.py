"""What a user has chosen, in a TOML file they can edit: read with mercy, changed line by line.

Changing a value leaves every comment and every other line as it was. A file that makes no sense is told and
left alone. Must not know widgets.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from claude_tui import files
from claude_tui.engine.queries.budgets import Budget, budgets_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_NAME: Final = "config.toml"
SECTION: Final = "screen"

DEFAULT_INTERVAL_S: Final = 0.25
"""At most so often the screen changes, unless a person wants it slower."""


@dataclass(frozen=True)
class Settings:
    """How the app looks and starts. `columns` maps a view to the columns it hides; `keys` an id to its keys.

    `budgets` are those of the file, by the rule of `engine.budgets`.
    """

    theme: str = "claude-dark"
    period: str = "all"
    view: str = "live"
    interval_s: float = DEFAULT_INTERVAL_S
    ascii: bool = False
    tree: bool = False
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()


_SIMPLE: Final[dict[str, type]] = {
    "theme": str,
    "period": str,
    "view": str,
    "interval_s": float,
    "ascii": bool,
    "tree": bool,
}


def load(path: Path) -> tuple[Settings, list[str]]:
    """The settings of a file and what was wrong with it; defaults where it is missing or senseless."""
    try:
        table = tomllib.loads(files.read_text(path))
    except FileNotFoundError:
        return Settings(), []
    except OSError as error:
        return Settings(), [f"{path}: {error.strerror}; the defaults are used"]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Settings(), [f"{path}: {error}; the defaults are used"]
    except RecursionError:
        return Settings(), [f"{path}: nested too deeply; the defaults are used"]
    return _from_table(table)


def _from_table(table: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    wrong: list[str] = []
    chosen: dict[str, Any] = {}

    def section(name: str) -> Mapping[str, Any]:
        found = table.get(name, {})
        if isinstance(found, dict):
            return found
        wrong.append(f"[{name}] is not a table")
        return {}

    for name, value in section(SECTION).items():
        kind = _SIMPLE.get(name)
        if kind is None:
            wrong.append(f"{SECTION}.{name} is not known")
        elif kind is float and isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            chosen[name] = float(value)
        elif kind is not float and isinstance(value, kind):
            chosen[name] = value
        else:
            wrong.append(f"{SECTION}.{name} = {value!r} makes no sense")
    chosen["keys"] = {name: value for name, value in section("keys").items() if isinstance(value, str)}
    chosen["columns"] = {
        view: tuple(str(name) for name in names)
        for view, names in section("columns").items()
        if isinstance(names, list)
    }
    chosen["budgets"], complaints = budgets_of(section("budgets"))
    return Settings(**chosen), [*wrong, *complaints]


def literal(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'


def with_value(text: str, section: str, name: str, value: object) -> str:
    """A TOML text with one value set, every other line as it was."""
    lines = text.splitlines()
    line = f"{name} = {literal(value)}"
    begin = next((at for at, found in enumerate(lines) if found.split("#")[0].strip() == f"[{section}]"), None)
    if begin is None:
        return "\n".join([*lines, *([""] if lines else []), f"[{section}]", line]) + "\n"
    end = next((at for at in range(begin + 1, len(lines)) if lines[at].lstrip().startswith("[")), len(lines))
    own = re.compile(rf"\s*{re.escape(name)}\s*=")
    for at in range(begin + 1, end):
        if own.match(lines[at]):
            lines[at] = line
            return "\n".join(lines) + "\n"
    while end > begin + 1 and not lines[end - 1].strip():
        end -= 1
    return "\n".join([*lines[:end], line, *lines[end:]]) + "\n"


def save(path: Path, section: str, name: str, value: object) -> None:
    """Set one value in the file, which is replaced in one step and stays a link where it is one.

    Raises OSError, or ValueError for a file that makes no sense, which stays as it is.
    """
    try:
        text = files.read_text(path)
    except FileNotFoundError:
        text = ""
    changed = with_value(text, section, name, value)
    try:
        tomllib.loads(text)
        tomllib.loads(changed)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is left alone: {error}") from error
    except RecursionError:
        raise ValueError(f"{path} is left alone: nested too deeply") from None
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.replace(path, changed.encode(), files.OWN, is_durable=True)


def with_options(settings: Settings, **given: Any) -> Settings:
    """Settings with what the command line says put before what the file says."""
    names = {entry.name for entry in fields(Settings)}
    return replace(settings, **{name: value for name, value in given.items() if name in names and value is not None})
