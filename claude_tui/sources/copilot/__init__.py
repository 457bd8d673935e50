"""Copilot CLI: a growing file of events per session below `~/.copilot/session-state`.

Must not know prices, totals or other clients.
"""

from claude_tui.sources.copilot.source import CopilotSource

__all__ = ["CopilotSource"]
