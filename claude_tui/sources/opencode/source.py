"""The OpenCode reader behind the source protocol. Must not settle, price or sum."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from claude_tui.sources.protocol import Checkpoint, FileRead, LogFile, SourceConfig
from claude_tui.sources.reading.folders import log_file, log_files

if TYPE_CHECKING:
    from claude_tui.sources.records.events import ResponseEvent


class OpenCodeSource:
    """Databases and message files in OpenCode's data folder. Forks of OpenCode differ only in names.

    A database's size and time of change in a `LogFile` include its write-ahead log, which changes first.
    """

    name = "opencode"
    folder = "opencode"
    """The name of the data folder."""
    variable = "OPENCODE_DB"
    """What names another database."""
    databases = "opencode*.db"
    """`opencode.db`, and `opencode-<channel>.db` of other release channels."""

    def roots(self, config: SourceConfig) -> list[Path]:
        """Return the data folder in `$XDG_DATA_HOME`, else in `~/.local/share`, and the database the variable names."""
        explicit = config.explicit.get(self.name, ())
        if explicit:
            return list(explicit)
        base = config.env.get("XDG_DATA_HOME")
        folder = (Path(base) if base else config.home / ".local" / "share") / self.folder
        named = config.env.get(self.variable, "")
        if not named or named == ":memory:":
            return [folder]
        database = folder / named
        if database.parent == folder and fnmatch(database.name, self.databases):
            return [folder]
        return [database, folder]

    def discover(self, root: Path) -> Iterable[LogFile]:
        """Find the databases of a data folder (or the one that `root` is), then its message files."""
        root = Path(os.path.abspath(root))
        if root.is_file():
            yield from self._database(root, root.parent)
            return
        for path in self._databases(root):
            yield from self._database(path, root)
        yield from self._message_files(root)

    def read(self, file: LogFile, since: Checkpoint | None = None) -> FileRead:
        """Read a database's changed messages, or a message file. Raises OSError if it cannot be read."""
        return self.read_events(file, since)[0]

    def read_events(self, file: LogFile, since: Checkpoint | None = None) -> tuple[FileRead, list[ResponseEvent]]:
        """Read a log and keep the events its rows were made of."""
        # What reads is loaded only where there is something to read, SQLite only where there is a database.
        if file.path.endswith(".json"):
            from claude_tui.sources.opencode.legacy import read_message

            return read_message(file, since, is_stored=self.is_stored(file))
        from claude_tui.sources.opencode.rows import read_database

        return read_database(file, since)

    def _databases(self, folder: Path) -> list[Path]:
        try:
            return [folder / name for name in sorted(os.listdir(folder)) if fnmatch(name, self.databases)]
        except OSError:
            return []

    def _message_files(self, root: Path) -> Iterator[LogFile]:
        """Walk the message files of both layouts before 1.2."""
        yield from log_files(self.name, root, os.path.join("storage", "message"), _is_json)
        try:
            projects = sorted(os.listdir(root / "project"))
        except OSError:
            return
        for project in projects:
            below = os.path.join("project", project, "storage", "session", "message")
            yield from log_files(self.name, root, below, _is_json)

    def _database(self, path: Path, root: Path) -> Iterator[LogFile]:
        try:
            file = log_file(self.name, root, os.fspath(path), path.stat())
        except OSError:
            return
        try:
            # Beside the file itself, wherever the name in the data folder leads.
            log = os.stat(os.path.realpath(file.path) + "-wal")
        except OSError:
            yield file
        else:
            yield file._replace(size=file.size + log.st_size, mtime_ns=max(file.mtime_ns, log.st_mtime_ns))

    def is_stored(self, file: LogFile) -> bool:
        """Whether a database in the data folder of a message file tells tokens of its message."""
        from claude_tui.sources.opencode.legacy import named_id

        name = named_id(file.path)
        return any(name in ids for ids in self._stored_ids(Path(file.root)))

    def _stored_ids(self, folder: Path) -> Iterator[frozenset[str]]:
        """Yield the ids of the messages of which each database tells tokens: asked for each message file."""
        from claude_tui.sources.opencode.stored.database import told_ids

        for path in self._databases(folder):
            for file in self._database(path, folder):
                try:
                    yield told_ids(file.path, (file.dev, file.ino, file.size, file.mtime_ns))
                except OSError:
                    continue


def _is_json(name: str) -> bool:
    return name.endswith(".json")
