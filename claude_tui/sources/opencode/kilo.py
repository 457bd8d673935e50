"""Kilo CLI, which is OpenCode with other names: its database has the same tables. Must not settle, price or sum."""

from __future__ import annotations

from claude_tui.sources.opencode.source import OpenCodeSource


class KiloSource(OpenCodeSource):
    """Databases and message files of Kilo CLI's data folder."""

    name = "kilo"
    folder = "kilo"
    variable = "KILO_DB"
    databases = "kilo*.db"
