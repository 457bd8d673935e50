"""Reads the logs of a client that does not exist: `calls/*.toy`, `ID TIME_MS SESSION MODEL INPUT OUTPUT` a line."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from claude_tui.model import ProblemKind, Usage, UsageRow
from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile, SourceConfig
from claude_tui.sources.reading.folders import log_files
from claude_tui.sources.reading.lines import LineReader


class ToySource:
    name = "toy"

    def roots(self, config: SourceConfig) -> list[Path]:
        return list(config.explicit.get(self.name, ())) or [Path(config.env.get("TOY_HOME") or config.home / ".toy")]

    def discover(self, root: Path) -> Iterable[LogFile]:
        return log_files(self.name, root, "calls", lambda name: name.endswith(".toy"))

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        if "TOY_READS" in os.environ:
            with open(os.environ["TOY_READS"], "a") as reads:
                reads.write(f"{file.path}\n")
        rows = []
        with LineReader(file.path, since) as reader:
            for offset, line in reader:
                try:
                    key, time_ms, session, model, given, output = line.decode().split(" ")
                    usage = Usage(input=int(given), output=int(output))
                    rows.append(UsageRow(key, int(time_ms), session, "", "/home/me/toys", model, usage, offset=offset))
                except ValueError:
                    reader.problem(ProblemKind.MALFORMED, offset, "no call")
            mark = reader.checkpoint()
        return FileRead(
            rows, mark, problems=reader.problems, restarted=reader.restarted, bytes_read=reader.bytes_read,
            lines=reader.lines,
        )  # fmt: skip
