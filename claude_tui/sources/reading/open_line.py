"""How far the last line of a file was scanned while it has no newline, and where the object on it ends.

A line that grows slowly is scanned once, byte by byte, however often it grows. Knows braces and quotes. Must not know
what a line means, nor whether it is JSON.
"""

from __future__ import annotations

import re
from typing import Final

from claude_tui.records import NamedTuple

GIVEN_UP: Final = -1
"""The depth of a line that is not an object: only its newline ends it."""

NO_LIMIT: Final = 1 << 62
DEEPEST: Final = 1024
"""Depth beyond which no decoder here accepts an object."""

_BOM: Final = b"\xef\xbb\xbf"
_BLANKS: Final = re.compile(rb"[ \t\r\x0b\x0c\0]*")
_BLANK_BYTES: Final = b" \t\r\x0b\x0c\0" + _BOM
_TOKEN: Final = re.compile(rb'["{}]')
_PLAIN, _TEXT, _ESCAPE, _NULS = range(4)


class OpenLine(NamedTuple):
    """A line without a newline, as far as it was scanned.

    `searched` bytes of it were scanned, and `near` is used to recognise the last of them. `depth` counts open braces, 0
    while there are only blanks; `place` is plain, within a text, after a backslash in one, or after only NULs and
    blanks. `is_waiting`: it is not yet a problem that the line does not end.
    """

    searched: int = 0
    depth: int = 0
    place: int = _PLAIN
    is_waiting: bool = False
    near: str = ""

    @classmethod
    def parse(cls, text: str) -> OpenLine:
        """Parse the output of `str`; any other text gives a line of which nothing was scanned."""
        try:
            searched, depth, place, is_waiting, near = text.split(":")
            return cls(int(searched), int(depth), int(place), bool(int(is_waiting)), near)
        except ValueError:
            return cls()

    def __str__(self) -> str:
        return ":".join((*(str(int(part)) for part in self[:4]), self.near)) if self.searched else ""

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing that means anything."""
        return self.depth == 0 and self.place != _NULS

    @property
    def is_given_up(self) -> bool:
        """Whether only a newline ends the line."""
        return self.depth == GIVEN_UP

    def look_at(self, more: bytes, at: int = 0, deepest: int = NO_LIMIT) -> tuple[OpenLine, int]:
        """Scan the next bytes, from `at` on, which hold no newline; give up at more open braces than `deepest`.

        Returns the new state, and the position in the bytes where the object ends, 0 if it is still open.
        """
        searched, depth, place = self.searched + len(more) - at, self.depth, self.place
        if depth == GIVEN_UP:
            return self._replace(searched=searched), 0
        if place == _ESCAPE and at < len(more):
            at, place = at + 1, _TEXT
        while True:
            if place == _TEXT:
                quote = more.find(b'"', at)
                if quote < 0:
                    place = _ESCAPE if _backslashes(more, at, len(more)) % 2 else _TEXT
                    break
                if _backslashes(more, at, quote) % 2 == 0:
                    place = _PLAIN
                at = quote + 1
                continue
            token = _TOKEN.search(more, at)
            if depth == 0:
                # Nothing but blanks comes before the brace of an object.
                stop = token.start() if token is not None else len(more)
                if more[at:stop].strip(_BLANK_BYTES) or (token is not None and more[stop] != 0x7B):
                    return OpenLine(searched, GIVEN_UP), 0
                place = _NULS if token is None and (place == _NULS or b"\0" in more[at:]) else _PLAIN
            if token is None:
                break
            at = token.end()
            byte = more[at - 1]
            if byte == 0x22:
                place = _TEXT
            elif byte == 0x7B:
                depth += 1
                if depth > deepest:
                    return OpenLine(searched, GIVEN_UP), 0
            else:
                depth -= 1
                if depth == 0:
                    return OpenLine(), at
        return OpenLine(searched, depth, place), 0


def _backslashes(data: bytes, start: int, end: int) -> int:
    """Count the backslashes right before `end`, back to `start`."""
    at = end
    while at > start and data[at - 1] == 0x5C:
        at -= 1
    return end - at


def blank_end(data: bytes, at: int) -> int:
    """Return where the meaningless bytes before an object end: blanks, NUL bytes and byte order marks."""
    while True:
        found = _BLANKS.match(data, at)
        at = found.end() if found is not None else at
        if not data.startswith(_BOM, at):
            return at
        at += len(_BOM)


def object_end(data: bytes, start: int) -> int:
    """Return where the object at `start` ends according to its braces, 0 if it does not end."""
    return OpenLine().look_at(data, start, DEEPEST)[1]
