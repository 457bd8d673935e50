"""Codex CLI: rollouts below `~/.codex/sessions` and `~/.codex/archived_sessions`, one growing file per thread.

Must not know prices, totals or other clients.
"""

from claude_tui.sources.codex.source import CodexSource

__all__ = ["CodexSource"]
