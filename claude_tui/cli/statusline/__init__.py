"""The line for Claude Code's statusline and the background count behind it. Must import almost nothing."""
