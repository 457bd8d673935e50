"""What one response costs at list price: `load_pricer()` and the `Pricer` it returns.

Uses integers only, rounds once per record, and gives no price to a model that is not in the table. Must not know where
usage was read, how it is added up, or how it is shown.
"""

from __future__ import annotations

from claude_tui.pricing.pricer import Pricer, load_pricer

__all__ = ["Pricer", "load_pricer"]
