"""Makes untrusted text safe to show.

Log lines, folder names and model ids are written by others, and a terminal obeys some characters. The raw text remains
the identity of a thing; the shown text has passed through here once. Must not know what a name names.
"""

from __future__ import annotations

import re
from typing import Final

LIMIT: Final = 256
"""The longest display name, in characters."""

MARKS_LIMIT: Final = 4
"""The longest run of combining marks; more would draw over neighbouring rows."""

# Controls a terminal acts on (C0, DEL, C1), characters that hide or reorder their neighbours (soft hyphen,
# zero-width, bidi, byte order mark, interlinear annotations, tags), and surrogates, which cannot be encoded.
_UNSAFE: Final = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def display_name(raw: str, limit: int = LIMIT) -> str:
    """Return `raw` made safe to show: at most `limit` characters, the last an ellipsis if it was cut.

    Every unsafe character becomes U+FFFD; combining marks beyond four in a row are dropped. The result can be encoded
    as UTF-8 and moves, clears and reorders nothing. It may still contain Rich markup.
    """
    if len(raw) > limit:
        raw = raw[: limit - 1] + "…"
    if raw.isascii() and raw.isprintable():
        return raw
    text = re.sub(_UNSAFE, "\ufffd", raw)  # compiled once, by those who meet such a name
    return text if text.isascii() else _cap_marks(text)


def _cap_marks(text: str) -> str:
    from unicodedata import category

    run = 0
    kept: list[str] = []
    for character in text:
        run = run + 1 if character > "\u02ff" and category(character) in ("Mn", "Me") else 0
        if run <= MARKS_LIMIT:
            kept.append(character)
    return "".join(kept)
