"""Whether the answer to a command is known from the last time it was asked. Must not count or print."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import claude_tui
from claude_tui.cli.options.places import LOCAL, source_config

if TYPE_CHECKING:
    from claude_tui.engine.unchanged import Unchanged
    from claude_tui.model import Query

PRICES: Final = ("claude.json", "others.json")
"""The bundled prices, which come with the program."""

NO_MODULES: Final = ("__pycache__", "src", "target")
"""Folders that no module is loaded from."""


def unchanged_of(options: Namespace, asked: Query, *question: object) -> Unchanged:
    """Return what knows the answer to a command if nothing has changed. `question` is all that was asked beside places
    and days, and must be told apart by its text."""
    from claude_tui.cli.counting.setup import refreshed_prices
    from claude_tui.cli.options.zone import what_says_the_zone
    from claude_tui.engine.unchanged import Question, Unchanged
    from claude_tui.paths import cache_folder, config_folder, ledger_file

    zone = getattr(options, "timezone", None) or LOCAL
    settings = (config_folder() / "config.toml", config_folder() / "prices.toml", refreshed_prices())
    text = repr((question, tuple(asked), what_says_the_zone("" if zone == LOCAL else zone)))
    return Unchanged(cache_folder(), Question(text, source_config(options), ledger_file(), settings, program()))


def program() -> tuple[Path, ...]:
    """Return what looks different where another program of the same version would answer.

    That is the folder of the package, which every installation makes anew, and the bundled prices. Where a working
    copy is run in place, it is every module: 3 ms.
    """
    package = Path(claude_tui.__file__).parent
    data = package / "pricing" / "price_list" / "data"
    prices = tuple(data / name for name in PRICES)
    if not (package.parent / "pyproject.toml").exists():
        return package, *prices
    return (*modules_below(package), *prices)


def modules_below(folder: Path) -> list[Path]:
    """Return all modules below a folder, in order."""
    found, folders = list[str](), [os.fspath(folder)]
    while folders:
        for entry in os.scandir(folders.pop()):
            if entry.name.endswith(".py"):
                found.append(entry.path)
            elif "." not in entry.name and entry.name not in NO_MODULES and entry.is_dir():
                folders.append(entry.path)
    return [Path(path) for path in sorted(found)]
