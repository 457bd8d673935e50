"""What makes a terminal ring or show a notification, as the bytes for it. Pure; must not know when to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from claude_tui.sources.values.display import display_name
from claude_tui.widths import cut

BELL: Final = "\a"
MAX_CELLS: Final = 120
"""A notification is a line."""

_NOTIFIES_BY_777: Final = ("foot", "rxvt", "ghostty")


def alert(mode: str, text: str, env: Mapping[str, str]) -> str:
    """What to write for an alert; "" if none is wanted.

    A notification is OSC 9, or OSC 777 for terminals that know only that one. A terminal obeys nothing in its text.
    """
    rings = BELL if mode in ("bell", "both") else ""
    if mode not in ("desktop", "both"):
        return rings
    said = cut(display_name(text), MAX_CELLS)
    terminal = f"{env.get('TERM_PROGRAM', '')} {env.get('TERM', '')}".lower()
    if env.get("VTE_VERSION") or any(name in terminal for name in _NOTIFIES_BY_777):
        shown = f"\x1b]777;notify;claude-top;{said.replace(';', ',')}\x1b\\"
    else:
        shown = f"\x1b]9;claude-top: {said}\x1b\\"
    if env.get("TMUX"):  # tmux hands on what is wrapped so, where its settings allow that
        shown = "\x1bPtmux;" + shown.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return shown + rings
