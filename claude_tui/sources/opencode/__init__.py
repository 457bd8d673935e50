"""OpenCode: an SQLite database (1.2 and later) and, before it, one JSON file per message.

The tables of 2.x (`session_v2`, `session_message`) are read as its published source describes them; no database written
by a real 2.x was available.
"""

from claude_tui.sources.opencode.source import OpenCodeSource

__all__ = ["OpenCodeSource"]
