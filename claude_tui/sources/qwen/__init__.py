"""Qwen Code: chats below `~/.qwen/projects/<project>/chats`, one growing file of lines each.

Must not know prices, totals or other clients.
"""

from claude_tui.sources.qwen.source import QwenSource

__all__ = ["QwenSource"]
