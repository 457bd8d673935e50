"""Gemini CLI: chats below `~/.gemini/tmp/<project>/chats`, as whole JSON files (to 0.38) or growing lines."""

from claude_tui.sources.gemini.source import GeminiSource

__all__ = ["GeminiSource"]
