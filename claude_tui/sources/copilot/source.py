"""The Copilot CLI reader behind the source protocol. Must not settle, price or sum."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile, SourceConfig
from claude_tui.sources.reading.folders import log_files


class CopilotSource:
    """Events of sessions: `session-state/<session>/events.jsonl`."""

    name = "copilot"

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return the client's folder: `$COPILOT_HOME`, else `~/.copilot`."""
        explicit = config.explicit.get(self.name, ())
        if explicit:
            return list(explicit)
        home = config.env.get("COPILOT_HOME")
        return [Path(home).expanduser() if home else config.home / ".copilot"]

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Walk the events of every session."""
        return log_files(self.name, root, "session-state", lambda name: name == "events.jsonl")

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read the events of a session, all or from a checkpoint. Raises OSError if they cannot be opened."""
        from claude_tui.sources.copilot.events import CopilotSession  # only where there are some
        from claude_tui.sources.records.line_logs import read_log

        return read_log(file, since, CopilotSession(session=session_of(file.path)))


def session_of(path: str) -> str:
    """Return the session id in the path of a log."""
    return os.path.basename(os.path.dirname(path))
