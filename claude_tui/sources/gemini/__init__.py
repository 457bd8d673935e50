"""Gemini CLI: chats below `~/.gemini/tmp/<project>/chats`, as whole JSON files (to 0.38) or growing lines.

Must not know prices, totals or other clients.
"""

from claude_tui.sources.gemini.source import GeminiSource

__all__ = ["GeminiSource"]
