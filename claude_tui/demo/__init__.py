"""Invents a year of believable Claude Code history, so that claude-top can be tried and shown without real logs.

Only writes logs. Must not know how they are read, counted or shown. The same clock and seed give the same bytes.
"""

from __future__ import annotations

from claude_tui.demo.history import write_demo
from claude_tui.demo.live import DemoWriter

__all__ = ["DemoWriter", "write_demo"]
