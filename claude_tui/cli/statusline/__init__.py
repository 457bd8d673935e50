"""The line for Claude Code's statusline and the count behind it. Must load next to nothing."""
