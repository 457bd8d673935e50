"""The Pi reader behind the source protocol. Must not settle, price or sum."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile, SourceConfig
from claude_tui.sources.reading.folders import log_files

_NAME: Final = re.compile(r"\d{4}-\d\d-\d\dT[^_]*_(.+)\.jsonl")


class PiSource:
    """Sessions of Pi's folder, or of a folder that has nothing but sessions."""

    name = "pi"

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return `$PI_CODING_AGENT_SESSION_DIR` where it is set, and `$PI_CODING_AGENT_DIR`, else `~/.pi/agent`."""
        explicit = config.explicit.get(self.name, ())
        if explicit:
            return list(explicit)
        named = (config.env.get("PI_CODING_AGENT_SESSION_DIR"), config.env.get("PI_CODING_AGENT_DIR"))
        sessions, agent = (Path(folder).expanduser() if folder else None for folder in named)
        folder = agent or config.home / ".pi" / "agent"
        return [folder] if sessions in (None, folder / "sessions") else [sessions, folder]

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Walk the sessions of every project."""
        folder = "sessions" if (root / "sessions").is_dir() else ""
        return log_files(self.name, root, folder, lambda name: bool(_NAME.fullmatch(name)))

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read a session, whole or from a checkpoint. Raises OSError if it cannot be opened."""
        from claude_tui.sources.pi.session import PiSession
        from claude_tui.sources.records.line_logs import read_log  # only where there is a session

        return read_log(file, since, PiSession(session=session_of(file.path)))


def session_of(path: str) -> str:
    """Return the session id in the name of a log."""
    found = _NAME.fullmatch(os.path.basename(path))
    return found[1] if found else Path(path).stem
