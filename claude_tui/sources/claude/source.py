"""The Claude Code reader behind the source protocol. Must not settle, price or sum."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from claude_tui.sources.claude.discovery import decoded_dir, projects_dirs, transcripts
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, FileRead, LogFile, ManyRead, SourceConfig
from claude_tui.sources.reading.log import FileLog, Opener


class ClaudeSource:
    """Transcripts below the `projects` folder of every config folder."""

    name = "claude"

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return the `projects` folders to look in, existing or not."""
        return projects_dirs(config)

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Walk the transcripts below a root."""
        return transcripts(root)

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read a transcript, whole or from a checkpoint. Raises OSError if it cannot be opened."""
        # A count that reads no transcript, or reads it the fast way, need not wait for these.
        from claude_tui.model import ProblemKind, UsageRow
        from claude_tui.sources.claude.counting.dating import AFTER, BEFORE
        from claude_tui.sources.claude.counting.rule import bad_counts, usage_row
        from claude_tui.sources.claude.facts import FactsGatherer, with_agent_type
        from claude_tui.sources.claude.recognition import unrecognised
        from claude_tui.sources.problems import Problems
        from claude_tui.sources.reading.lines import LineReader

        rows: list[UsageRow] = []
        fallback_cwd = decoded_dir(file.path)
        with LineReader(file.path, since) as reader:
            gatherer = FactsGatherer(file.path, since.state if since and not reader.restarted else "")
            for offset, line in reader:
                for value in reader.objects(offset, line, is_slim=True):
                    row = usage_row(value, gatherer.session, offset)
                    counted = gatherer.see(value, row, line, offset)
                    rows += [one if one.cwd else one._replace(cwd=fallback_cwd) for one in counted]
                    gatherer.see_turn(value)
                    if row is not None:
                        if not row.time_ms:
                            reader.problem(ProblemKind.UNDATED, offset, BEFORE if counted else AFTER)
                        for name in bad_counts(value):
                            reader.problem(ProblemKind.BAD_COUNT, offset, name)
            gatherer.complete_totals(reader.read_at)
            if not rows and not gatherer.usage_ms:
                reader.problems = reader.problems.with_more(Problems(unrecognised(file.path)))
            checkpoint = reader.checkpoint(state=gatherer.state())
            return FileRead(
                rows,
                checkpoint,
                with_agent_type(gatherer.facts(), file.path),
                reader.problems,
                reader.restarted,
                reader.bytes_read,
                reader.lines,
            )


def read_columns(
    file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False, opener: Opener = FileLog
) -> ColumnsRead:
    """Read a transcript the fast way. Raises OSError if it cannot be opened."""
    from claude_tui.sources.claude.fast import reader as fast

    return fast.read_columns(file.path, since, keep_names=keep_names, opener=opener)


def read_many(files: Iterable[tuple[str, Checkpoint | None]], *, keep_names: bool = False) -> ManyRead:
    """Read many transcripts the fast way."""
    from claude_tui.sources.claude.fast import reader as fast

    return fast.read_many(files, keep_names=keep_names)
