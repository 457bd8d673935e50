"""What a file was before its switch was set, so that undoing gives back the same bytes. In the state folder, 0600.

Must not know any client.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from claude_tui import files
from claude_tui.records import NamedTuple

FILE_NAME: Final = "telemetry-before.json"


class Before(NamedTuple):
    """A file's text before our change, None if there was no file, and the checksum of what we made of it."""

    text: str | None
    made: str

    def is_untouched(self, text: str) -> bool:
        """Whether the file still is what we made of it."""
        return self.made == checksum(text)


def checksum(text: str) -> str:
    """What a text is recognised by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def load(folder: Path) -> dict[str, Before]:
    """What is kept of each file, by its path."""
    try:
        content = json.loads(files.read(folder / FILE_NAME))
    except (OSError, ValueError, RecursionError):
        return {}
    found = content.items() if isinstance(content, dict) else ()
    return {path: Before(one.get("text"), str(one.get("made"))) for path, one in found if isinstance(one, dict)}


def save(folder: Path, kept: dict[str, Before]) -> None:
    """Keep what files were. Raises OSError."""
    content = {path: before._asdict() for path, before in kept.items()}
    files.replace(folder / FILE_NAME, json.dumps(content, indent=1).encode(), files.OWN, is_durable=True)
