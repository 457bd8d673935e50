"""The Codex reader behind the source protocol. Must not settle, price or sum."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from claude_tui.sources.codex.discovery import rollouts
from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile, SourceConfig

if TYPE_CHECKING:
    from claude_tui.sources.records.events import ResponseEvent


class CodexSource:
    """Rollouts in Codex's folder, archived ones included."""

    name = "codex"

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return the client's folder: `$CODEX_HOME`, else `~/.codex`."""
        explicit = config.explicit.get(self.name, ())
        if explicit:
            return list(explicit)
        home = config.env.get("CODEX_HOME")
        return [Path(home) if home else config.home / ".codex"]

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Walk the rollouts below a root."""
        return rollouts(root)

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read a rollout, whole or from a checkpoint. Raises OSError if it cannot be opened."""
        return self.read_events(file, since)[0]

    def read_events(self, file: LogFile, since: Checkpoint | None = None) -> tuple[FileRead, list[ResponseEvent]]:
        """Read a rollout and keep the events its rows were made of."""
        from claude_tui.sources.codex.counting.plain import read_rollout  # only where there is a rollout

        return read_rollout(file, since)
