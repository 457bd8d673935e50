"""Whether the answer to a command is known from the last time it was asked. Must not count or print."""

from __future__ import annotations

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


def unchanged_of(options: Namespace, asked: Query, *question: object) -> Unchanged:
    """Return what knows the answer to a command if nothing has changed. `question` is all that was asked beside places
    and days, and must be told apart by its text."""
    from claude_tui.cli.counting.setup import refreshed_prices
    from claude_tui.cli.options.zone import what_says_the_zone
    from claude_tui.engine.unchanged import Question, Unchanged
    from claude_tui.paths import cache_folder, config_folder, ledger_file

    zone = getattr(options, "timezone", None)
    if not zone or zone == LOCAL:
        zone = what_says_the_zone()
    data = Path(claude_tui.__file__).with_name("pricing") / "price_list" / "data"
    settings = (config_folder() / "config.toml", config_folder() / "prices.toml", refreshed_prices())
    bundled = tuple(data / name for name in PRICES)
    text = repr((question, tuple(asked), zone))
    return Unchanged(cache_folder(), Question(text, source_config(options), ledger_file(), settings, bundled))
