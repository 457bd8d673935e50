"""What a ticket looks like in the name of a branch: one rule for the option and for config.toml.

Must not read settings files, nor load what divides costs: the screen looks at it when it starts.
"""

from __future__ import annotations

import re
from typing import Final

SECTION: Final = "causes"
"""The table of config.toml that has it, as `ticket`."""
TICKET: Final = "[A-Z][A-Z0-9]+-[0-9]+|#[0-9]+"
"""What it looks like unless told otherwise: ABC-123 or #123."""


def ticket_pattern(value: object) -> re.Pattern[str]:
    """Return the pattern that is written. Raises ValueError if it is none."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not text; write a regular expression in single quotes")
    try:
        return re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from None


def tickets_of(table: object) -> re.Pattern[str] | None:
    """Return the pattern of the settings table `causes`; None if it has none that can be used.

    [causes]
    ticket = 'PROJ-\\d+'
    """
    value = table.get("ticket") if isinstance(table, dict) else None
    try:
        return ticket_pattern(value) if value is not None else None
    except ValueError:
        return None
