"""Both ways of reading the logs of clients that write lines, side by side on mutated lines of real ones.

    python -m tests.fuzz.lines --lines 1000000 [--seed 1]

Ends at the first disagreement, with the fewest lines that show it.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

from claude_tui.clients import CLIENTS
from claude_tui.sources.gemini import reading as gemini
from claude_tui.sources.protocol import Checkpoint, LogFile
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.records import fast, line_logs
from claude_tui.sources.registry import load, reader
from tests.fuzz import mutations
from tests.fuzz.fuzzer import Compared, Fuzzers, LogFuzzer
from tests.fuzz.long_run import run_long
from tests.fuzz.mutations import Mutation, Pool
from tests.fuzz.sameness import disagreements

GOLDEN: Final = Path(__file__).parent.parent / "golden"
NAMES: Final = ("gemini", "qwen", "pi", "kimi", "copilot")

_KEY: Final = re.compile(rb'"[A-Za-z_$.]{2,40}":')


def jitter(chance: Random, line: bytes, pool: Pool) -> bytes:
    """Another value somewhere: a usual one of the same kind, or anything."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return line
    inside = record
    while isinstance(inside, dict) and inside:
        name = chance.choice(sorted(inside))
        if isinstance(inside[name], dict) and inside[name] and chance.random() < 0.8:
            inside = inside[name]
            continue
        old = inside[name]
        usual = [0, 1, 500, 2**53 - 1] if isinstance(old, int) else ["", "x", "one", "two"]
        inside[name] = chance.choice(usual if chance.random() < 0.6 else mutations.VALUES)
        break
    return json.dumps(record, separators=(",", ":")).encode()


def drop_key(chance: Random, line: bytes, pool: Pool) -> bytes:
    """Without a member."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return line
    inside = record
    while isinstance(inside, dict) and inside:
        name = chance.choice(sorted(inside))
        if isinstance(inside[name], dict) and inside[name] and chance.random() < 0.7:
            inside = inside[name]
            continue
        del inside[name]
        break
    return json.dumps(record, separators=(",", ":")).encode()


def repeat_key(chance: Random, line: bytes, pool: Pool) -> bytes:
    """A second member of the same name: the last one counts."""
    names = _KEY.findall(line)
    if not names:
        return line
    name = chance.choice(names)
    again = name + json.dumps(chance.choice([*mutations.VALUES, {}, {"type": "usage.record"}])).encode()
    if chance.random() < 0.5:
        return line.replace(name, again + b"," + name, 1)
    end = line.rfind(b"}", 0, max(line.rfind(b"}"), 0) + chance.randrange(2))
    return line[:end] + b"," + again + line[end:] if end > 0 else line


def escape_key(chance: Random, line: bytes, pool: Pool) -> bytes:
    """One letter of a key as an escape."""
    names = _KEY.findall(line)
    if not names:
        return line
    name = chance.choice(names)
    at = chance.randrange(1, len(name) - 2)
    return line.replace(name, b"%s\\u%04x%s" % (name[:at], name[at], name[at + 1 :]), 1)


def move_type(chance: Random, line: bytes, pool: Pool) -> bytes:
    """The type of another line."""
    types = re.findall(rb'"type":"[^"]*"', chance.choice(pool))
    return re.sub(rb'"type":"[^"]*"', lambda _: chance.choice(types), line, count=1) if types else line


def break_inside(chance: Random, line: bytes, pool: Pool) -> bytes:
    """A newline between two tokens, and two objects on a line, so that there are as many lines as objects."""
    at = line.find(b":{", chance.randrange(len(line) + 1))
    return line[: at + 1] + b"\n" + line[at + 1 :] + chance.choice((b"{}", b'{"type":"x"}', b"")) if at > 0 else line


MUTATIONS: Final[list[Mutation]] = [
    *mutations.MUTATIONS, jitter, jitter, jitter, jitter, drop_key, drop_key, repeat_key, escape_key, move_type,
    break_inside,
]  # fmt: skip


@contextmanager
def reading_with(*, window: int, max_line: int) -> Iterator[None]:
    """Read in small windows."""
    opened = functools.partial(LineReader, max_line=max_line)
    with (
        patch.object(fast, "LineReader", opened),
        patch.object(fast, "WINDOW", window),
        patch.object(line_logs, "LineReader", functools.partial(opened, window=window)),
        patch.object(gemini, "LineReader", functools.partial(opened, window=window)),
    ):
        yield


def differences(file: LogFile, since: Checkpoint | None = None) -> Compared:
    """Read a log in both ways."""
    slow = reader(file.source).read(file, since)
    return disagreements(slow, load(CLIENTS[file.source].read_columns)(file, since, keep_names=True)), slow.checkpoint


class LinesFuzzer(LogFuzzer):
    """Writes logs of mutated lines in place of real ones of a client."""

    mutations = MUTATIONS
    length = 40

    def __init__(self, name: str, seed: int, folder: Path) -> None:
        super().__init__(seed)
        self.logs: list[tuple[LogFile, list[bytes]]] = []
        for home in sorted((GOLDEN / name).iterdir()):
            if home.is_dir():
                shutil.copytree(home, folder / name / home.name)
                found = [one for one in reader(name).discover(folder / name / home.name) if one.path.endswith(".jsonl")]
                self.logs += [(one, Path(one.path).read_bytes().splitlines()) for one in found]
        self.pool = [line for _, lines in self.logs for line in lines if len(line) < 6000]
        self.file = self.logs[0][0]

    def make(self, length: int) -> list[bytes]:
        """Make the lines of one file: those of a real log, some of them mutated, some of others between them."""
        self.file, lines = self.chance.choice(self.logs)
        self.path = Path(self.file.path)
        return self.woven(lines, length, (1, 1, 2))

    def reading(self) -> AbstractContextManager[None]:
        """Draw how a log is read."""
        window = self.chance.choice((512, 8192, 8 << 20))
        return reading_with(window=window, max_line=self.chance.choice((window, 8 << 20)))

    def differences(self, since: Checkpoint | None = None) -> Compared:
        """Read the log in both ways."""
        return differences(self.file, since)


def of_all(seed: int, folder: Path) -> Fuzzers:
    """Return a fuzzer for each client."""
    return Fuzzers([LinesFuzzer(name, seed, folder) for name in NAMES])


def main() -> int:
    """Run the long form."""
    return run_long("tests.fuzz.lines", __doc__, of_all, MUTATIONS)


if __name__ == "__main__":
    sys.exit(main())
