"""Lets `python -m claude_tui` do what `claude-top` does."""

from __future__ import annotations

import sys

from claude_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
