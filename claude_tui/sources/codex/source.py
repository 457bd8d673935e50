"""The Codex reader behind the source protocol. Must not settle, price or sum."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from claude_tui.model import ProblemKind
from claude_tui.sources.codex.compressed import open_rollout
from claude_tui.sources.codex.records import talk_of
from claude_tui.sources.codex.rollout import Rollout
from claude_tui.sources.codex.threads import Threads, rollouts, thread_of
from claude_tui.sources.events import Event
from claude_tui.sources.instants import instant_ms
from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile, SourceConfig


class CodexSource:
    """Rollouts of Codex's folder, archived ones included."""

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
        """Read a rollout, whole or from a checkpoint. Raises OSError where it cannot be opened."""
        return self.read_events(file, since)[0]

    def read_events(self, file: LogFile, since: Checkpoint | None = None) -> tuple[FileRead, list[Event]]:
        """Read a rollout and keep the events its rows were made of."""
        events: list[Event] = []
        with open_rollout(file.path, since) as reader:
            state = since.state if since is not None and not reader.restarted else ""
            rollout = Rollout(thread_of(file.path), Threads(file.root, file.path), state)
            talk = b"", ""
            for offset, line in reader:
                talk = talk_of(line) or talk
                for record in reader.objects(offset, line):
                    events += rollout.events(record, offset)
                while rollout.bad_counts:
                    reader.problem(ProblemKind.BAD_COUNT, offset, rollout.bad_counts.pop())
            mark, rows = reader.checkpoint(state=rollout.state()), [event.row for event in events]
            facts, problems = rollout.facts(instant_ms(talk[0].decode("utf-8", "replace")), talk[1]), reader.problems
            return FileRead(rows, mark, facts, problems, reader.restarted, reader.bytes_read, reader.lines), events
