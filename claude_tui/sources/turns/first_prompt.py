"""What a person asked first in a session: a session without a title can be called by these words.

Only the beginning of a log is read, and nothing of it is kept here. Must not know any client's rows, nor where the
words are shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from claude_tui.sources.reading.log import FileLog
from claude_tui.sources.values.display import display_name
from claude_tui.sources.values.json_values import text_of

MOST_READ: Final = 512 << 10
"""Bytes of a log's beginning that are looked at: clients write much of their own before the first prompt."""
MOST_WORDS: Final = 80
"""Characters of a prompt that are returned."""
MOST_TEXT: Final = 4096
"""Characters of a prompt that are looked at."""

_TAGGED: Final = re.compile(r"<([A-Za-z][\w-]{0,40})>[^<]*</\1>")
"""What clients put around a prompt: what is open in the editor, what the machine is like."""
_HINTS: Final = (b'"user', b"prompt")
"""What a line with a prompt cannot be without, in the logs of any client."""

PromptOf = Callable[[Mapping[str, Any]], str]
"""Returns the prompt in a row of a client's log, "" if the row is anything else."""


def first_prompt(path: str, prompt_of: PromptOf) -> str:
    """Return the beginning of the first prompt in a log of JSON lines: one line, safe to show; "" if there is none.

    Raises OSError if the log cannot be read.
    """
    log = FileLog(path)
    try:
        data = log.pread(MOST_READ, 0)
    finally:
        log.close()
    for line in data[: data.rfind(b"\n") + 1].splitlines():
        if not any(hint in line for hint in _HINTS):
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue  # the count says what is wrong with it
        words = words_of(prompt_of(row)) if isinstance(row, dict) else ""
        if words:
            return words
    return ""


def words_of(prompt: str) -> str:
    """Return the beginning of a prompt as one line, safe to show; "" if nothing in it is a person's."""
    line = " ".join(_TAGGED.sub(" ", prompt[:MOST_TEXT]).split())
    return "" if line.startswith("<") else display_name(line, MOST_WORDS)


def text_of_parts(content: object) -> str:
    """Return the text of a message: a text, or a list of parts of which some are texts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(filter(None, (text_of(part, "text") for part in parts if isinstance(part, dict))))
