"""Claude Code's transcripts: where they are, what their lines mean, and which of them count.

Must not know prices, totals or other clients.
"""

from claude_tui.sources.claude.source import ClaudeSource

__all__ = ["ClaudeSource"]
