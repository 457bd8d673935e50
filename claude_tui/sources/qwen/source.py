"""The Qwen Code reader behind the source protocol. Must not settle, price or sum."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile, SourceConfig
from claude_tui.sources.reading.folders import log_files


class QwenSource:
    """Chats below `projects/*/chats` of Qwen Code's folder."""

    name = "qwen"

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return the folder that has `projects`: `$QWEN_RUNTIME_DIR`, else `$QWEN_HOME`, else `~/.qwen`."""
        explicit = config.explicit.get(self.name, ())
        if explicit:
            return list(explicit)
        named = config.env.get("QWEN_RUNTIME_DIR") or config.env.get("QWEN_HOME")
        return [Path(named).expanduser() if named else config.home / ".qwen"]

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Walk the chats of every project."""
        try:
            projects = sorted(os.listdir(root / "projects"))
        except OSError:
            return
        for project in projects:
            below = os.path.join("projects", project, "chats")
            yield from log_files(self.name, root, below, lambda name: name.endswith(".jsonl"))

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read a chat, whole or from a checkpoint. Raises OSError if it cannot be opened."""
        from claude_tui.sources.qwen.chat import QwenChat
        from claude_tui.sources.records.line_logs import read_log  # only where there is a chat

        return read_log(file, since, QwenChat(session=Path(file.path).stem))
