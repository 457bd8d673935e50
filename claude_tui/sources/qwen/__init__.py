"""Qwen Code: chats below `~/.qwen/projects/<project>/chats`, one growing file of lines each."""

from claude_tui.sources.qwen.source import QwenSource

__all__ = ["QwenSource"]
