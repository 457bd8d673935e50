"""Which form what is kept has. Must not know any of it."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = 26
"""Moves whenever what is counted, or how it is kept, changes."""
