"""Pi: sessions below `~/.pi/agent/sessions/<project>`, one growing file of lines each.

Must not know prices, totals or other clients.
"""

from claude_tui.sources.pi.source import PiSource

__all__ = ["PiSource"]
