"""Where caches lie, for those who need not load one. Must not know what they hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

HEAD: Final = "head"
"""The file without which there is no cache."""


def is_anything_saved(caches: Path) -> bool:
    """Whether there is a cache, of whatever configuration or version."""
    try:
        return any(os.path.exists(caches / name / HEAD) for name in os.listdir(caches))
    except OSError:
        return False
