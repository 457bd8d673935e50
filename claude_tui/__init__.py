"""claude-top: a live terminal monitor for what Claude Code costs and does.

This package root must stay free of imports: every command pays for them at start.
"""

__version__ = "0.2.0"
