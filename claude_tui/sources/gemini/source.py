"""The Gemini CLI reader behind the source protocol. Must not settle, price or sum."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile, SourceConfig
from claude_tui.sources.reading.folders import beside, log_files

if TYPE_CHECKING:
    from claude_tui.sources.records.events import ResponseEvent


class GeminiSource:
    """Chats below `tmp/*/chats` in Gemini CLI's folder."""

    name = "gemini"

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return the client's folder: `$GEMINI_CLI_HOME/.gemini`, else `~/.gemini`."""
        explicit = config.explicit.get(self.name, ())
        if explicit:
            return list(explicit)
        home = config.env.get("GEMINI_CLI_HOME")
        return [(Path(home) if home else config.home) / ".gemini"]

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Walk the chats of every project, sub-agents included."""
        try:
            projects = sorted(os.listdir(root / "tmp"))
        except OSError:
            return
        for project in projects:
            folder = None
            for file in log_files(self.name, root, os.path.join("tmp", project, "chats"), _is_chat):
                if folder is None:
                    from claude_tui.sources.gemini.projects import project_folder  # only where there is a chat

                    folder = project_folder(os.fspath(root), project)
                yield beside(file, folder)

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read a chat: whole if it is one JSON value, else the lines after the checkpoint."""
        return self.read_events(file, since)[0]

    def read_events(self, file: LogFile, since: Checkpoint | None = None) -> tuple[FileRead, list[ResponseEvent]]:
        """Read a chat and keep the events its rows were made of."""
        from claude_tui.sources.gemini.reading import read_chat  # only where there is a chat

        return read_chat(file, since)


def _is_chat(name: str) -> bool:
    return name.endswith((".json", ".jsonl"))
