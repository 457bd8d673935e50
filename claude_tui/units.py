"""The units of this program: nanodollars and milliseconds. Imports nothing, so that anything may use it."""

from __future__ import annotations

from typing import Final

NANO: Final = 1_000_000_000
"""Nanodollars in a dollar."""

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
