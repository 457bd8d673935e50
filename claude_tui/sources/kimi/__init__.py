"""Kimi Code: a growing file of lines per session and sub-agent below `~/.kimi-code/sessions`.

Must not know prices, totals or other clients.
"""

from claude_tui.sources.kimi.source import KimiSource

__all__ = ["KimiSource"]
