"""Declares one more client, of which nothing else says anything. Each Python below a test loads it as it starts."""

from __future__ import annotations

from claude_tui.clients import CLIENTS, Client

CLIENTS["toy"] = Client(
    "toy",
    "Toy Code",
    "♜",
    "t",
    reader="toy_reader:ToySource",
    is_append_only=True,
    env=(("TOY_HOME", "folder of Toy Code"),),
)
