"""OpenCode: an SQLite database (1.2 and later) and, before it, a JSON file per message.

The tables of 2.x (`session_v2`, `session_message`) are read by what their published source says; no database
written by a real 2.x was at hand.
"""

from claude_tui.sources.opencode.source import OpenCodeSource

__all__ = ["OpenCodeSource"]
