"""Copilot CLI: a growing file of events per session below `~/.copilot/session-state`."""

from claude_tui.sources.copilot.source import CopilotSource

__all__ = ["CopilotSource"]
