"""What is typed, understood as Textual does, but for an Escape with a character at its heels: these are two keys.

Textual takes both for one key with Alt, or for what a Mac types with it, and the Escape is lost: on a slow line or a
busy machine what was typed one after the other arrives at once. Must not know what keys mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import monotonic
from typing import Final

from textual._xterm_parser import XTermParser
from textual.message import Message

ESCAPE: Final = "\x1b"
_ORDINARY: Final = r"[^\x1b\[\]OP_^\\]"
"""Not what may begin or end a longer sequence."""
_TWO_KEYS: Final = re.compile(rf"(?<=\x1b)(?={_ORDINARY})")
_PASTE: Final = re.compile(r"(\x1b\[20[01]~)")
"""Where a paste begins and ends."""
_BEGINS_WITH_KEY: Final = re.compile(_ORDINARY)


class Typed:
    """Makes messages of what a terminal sends."""

    def __init__(self, debug: bool = False) -> None:
        self._parser = XTermParser(debug)
        self._is_after_escape = False
        self._is_pasting = False

    @property
    def wait_s(self) -> float | None:
        """How long to wait for what may follow an Escape; None if it is not the last that was typed."""
        ends_s = self._parser._timeout_time
        return None if ends_s is None else max(0.0, ends_s - monotonic())

    def feed(self, text: str) -> Iterator[Message]:
        """Yield what a text means as far as that is known; an empty one means nothing."""
        if not text:
            return
        if self._is_after_escape and _BEGINS_WITH_KEY.match(text):
            yield from self._end_escape()
        for part in filter(None, _PASTE.split(text)):
            if _PASTE.match(part):
                self._is_pasting = part.endswith("0~")
            for number, piece in enumerate([part] if self._is_pasting else _TWO_KEYS.split(part)):
                if number:
                    yield from self._end_escape()
                yield from self._parser.feed(piece)
        self._is_after_escape = text.endswith(ESCAPE) and not self._is_pasting

    def _end_escape(self) -> Iterator[Message]:
        if self._parser._timeout_time is not None:
            self._parser._timeout_time = 0.0
            yield from self._parser.tick()

    def tick(self) -> Iterator[Message]:
        """Yield an Escape that nothing followed in time."""
        yield from self._parser.tick()

    def end(self) -> None:
        """Nothing more will be typed."""
        list(self._parser.feed(""))
