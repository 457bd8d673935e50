"""The Kimi Code reader behind the source protocol. Must not settle, price or sum."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from claude_tui.clients import CLIENTS
from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile, SourceConfig
from claude_tui.sources.reading.folders import log_files, with_note


class KimiSource:
    """Wires of sessions and their sub-agents: `sessions/<workspace>/<session>/agents/<agent>/wire.jsonl`."""

    name = "kimi"

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return the client's folder: `$KIMI_CODE_HOME`, else `~/.kimi-code`."""
        explicit = config.explicit.get(self.name, ())
        if explicit:
            return list(explicit)
        home = config.env.get("KIMI_CODE_HOME")
        return [Path(home).expanduser() if home else config.home / ".kimi-code"]

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Walk the wires of every session."""
        for file in log_files(self.name, root, "sessions", lambda name: name == "wire.jsonl"):
            yield with_note(file, CLIENTS[self.name].note)

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read a wire, whole or from a checkpoint. Raises OSError if it cannot be opened."""
        from claude_tui.sources.kimi.wire import Wire, fitting, wire_at  # only where there is a wire
        from claude_tui.sources.records.line_logs import read_log

        wire = wire_at(file.path, file.root, Wire)
        return read_log(file, fitting(since, wire), wire)
