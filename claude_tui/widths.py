"""How many cells of a terminal a text takes, and text of a given width. Must not know what a text says.

Imports nothing before it is needed: the statusline has 60 ms.
"""

from __future__ import annotations

from functools import lru_cache


def width(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    return len(text) if text.isascii() else _width(text)


@lru_cache(4096)
def _width(text: str) -> int:
    from rich.cells import cell_len  # what the screen draws with: text must take the room it says it takes

    return cell_len(text)


def cut_start(text: str, room: int) -> str:
    """Return the end of a text in at most `room` cells, with an ellipsis before it if something is cut."""
    return cut(text[::-1], room)[::-1] if width(text) > room else text


def cut_folders(path: str, room: int) -> str:
    """Return the end of a path in at most `room` cells, its first folder whole where there is room for one."""
    end = cut_start(path, room)
    return "…" + end[end.index("/") :] if end != path and "/" in end[1:] else end


def cut(text: str, room: int) -> str:
    """Return the beginning of a text in at most `room` cells, with an ellipsis if something is cut."""
    if width(text) <= room:
        return text
    if room <= 1:
        return "…"[: max(0, room)]
    used, kept = 0, []
    for character in text:
        used += width(character)
        if used > room - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def fit(text: str, room: int, right: bool = False) -> str:
    """Return text in exactly `room` cells, cut with an ellipsis or padded."""
    length = width(text)
    if length > room:
        text = cut(text, room)
        length = width(text)
    pad = " " * (room - length)
    return pad + text if right else text + pad
