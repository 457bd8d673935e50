"""The small file beside a sub-agent's transcript: which type of agent it is, and which call started it."""

from __future__ import annotations

import json
import os
from typing import Final

from claude_tui.sources.reading.log import open_regular

_MOST: Final = 1 << 20


def started_by(path: str) -> tuple[str, str]:
    """Return the type of the sub-agent whose transcript a file is, and the id of the call that started it.

    "" for what is not said. Never raises.
    """
    if os.sep + "subagents" + os.sep not in path:
        return "", ""
    try:
        fd, _ = open_regular(path.removesuffix(".jsonl") + ".meta.json")
        try:
            meta = json.loads(os.read(fd, _MOST))
        finally:
            os.close(fd)
    except (OSError, ValueError, RecursionError):
        return "", ""
    found = [meta.get(name) if isinstance(meta, dict) else None for name in ("agentType", "toolUseId")]
    kind, call = (one if isinstance(one, str) else "" for one in found)
    return kind, call
