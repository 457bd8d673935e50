"""The spool of telemetry, or a folder of an OpenTelemetry Collector's file exporter, behind the source protocol.

One export a line, of one record or of many. Must not settle, price or pair.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from claude_tui.clients import TELEMETRY
from claude_tui.model import ProblemKind
from claude_tui.paths import telemetry_folder
from claude_tui.sources.protocol import NO_FACTS, Checkpoint, FileRead, LogFile, SourceConfig
from claude_tui.sources.reading.folders import log_files
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.records.events import BadCountError
from claude_tui.sources.telemetry.event import row_of
from claude_tui.sources.telemetry.keeping import latest_ms, shared
from claude_tui.sources.telemetry.records import events_of

SIGNALS: Final = ("resourceLogs", "resourceSpans", "resourceMetrics")
"""Of these an export has one. Metrics tell of no single response."""


class TelemetrySource:
    """Files of exports: `YYYY-MM-DD.jsonl` of our own, whatever is called `*.jsonl` or `*.json` of a Collector."""

    name = TELEMETRY

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return the folders named, else our own spool."""
        return [*config.explicit.get(self.name, ())] or [telemetry_folder(config.env)]

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Walk the files of exports."""
        return log_files(self.name, root, "", lambda name: name.endswith((".jsonl", ".json")))

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read a file whole or from a checkpoint. Raises OSError where it cannot be opened."""
        rows, last_ms = [], latest_ms(file.path)
        with shared(file.path), LineReader(file.path, since) as reader:
            for offset, line in reader:
                for export in reader.objects(offset, line):
                    if not any(name in export for name in SIGNALS):
                        reader.problem(ProblemKind.UNKNOWN_SHAPE, offset, "not an export of telemetry")
                        continue
                    for event in events_of(export):
                        if isinstance(event, BadCountError):
                            reader.problem(ProblemKind.BAD_COUNT, offset, f"{event} is no count")
                        elif isinstance(event, Exception):
                            reader.problem(ProblemKind.UNKNOWN_SHAPE, offset, str(event))
                        elif event.time_ms > last_ms:
                            reader.problem(ProblemKind.FUTURE, offset, "an event from after it arrived: not counted")
                        else:
                            rows.append(row_of(event, offset))
            mark, problems = reader.checkpoint(), reader.problems
            return FileRead(rows, mark, NO_FACTS, problems, reader.restarted, reader.bytes_read, reader.lines)
