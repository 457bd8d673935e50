"""Three ways of reading Codex's rollouts, side by side on mutated lines of real ones: plain, fast and native.

    python -m tests.fuzz.codex --lines 1000000 [--seed 1]

Ends at the first disagreement, with the fewest lines that show it.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest.mock import patch

from claude_tui.engine.scan.rollouts import completed
from claude_tui.native import library, reading
from claude_tui.native.rollouts import CoreRollout, read_rollouts
from claude_tui.sources.codex import CodexSource
from claude_tui.sources.codex.counting import plain
from claude_tui.sources.codex.fast import reader as fast
from claude_tui.sources.protocol import Checkpoint, LogFile
from claude_tui.sources.reading import search
from claude_tui.sources.reading.lines import LineReader
from tests.fuzz import mutations
from tests.fuzz.fuzzer import Compared
from tests.fuzz.long_run import run_long
from tests.fuzz.mutations import Mutation, Pool
from tests.fuzz.parts import Part, PartsFuzzer
from tests.fuzz.sameness import disagreements

GOLDEN = Path(__file__).parent.parent / "golden" / "codex"
SOURCE = CodexSource()

TOKENS: Final = [
    b'"type":"token_count"', b'"type":"token_usage_record"', b'"type": "token_count"', b'"\\u0074oken_count"',
    b'"type":"token\\u005fcount"', b'"type":"token\\u005Fusage_record"', b'"type":"session_meta"', b'"session_meta"',
    b'"type":"turn_context"', b'"turn_contex\\u0074"', b'"type":"compacted"', b'"\\u0063ompacted"', b'"info":null',
    b'"type":"event_msg","payload":{"type":"token_count"', b'"type":"response_item"', b'"type":"event_msg"',
    b'"type":"thread_settings_applied"', b'{"timestamp":"', b'{"timestamp":"2026-11-21T07:00:00.000Z","type":"',
    b'"model":"gpt-5.5"', b'"model":""', b'"turn_id":"t1"', b'"thread_id":"x"', b'"response_id":""', b'"payload":null',
    b'"total_tokens":-1', b'"input_tokens":true', b'"id":"other"', b'"forked_from_id":"other"', b'"ordinal":7',
    b'"service_tier":"priority"', b'"service_tier":null', b'"thread_settings":{}', b'"total_token_usage":null',
    b'"timestamp":1795244400000', b'"timestamp":null',
]  # fmt: skip
VALUES: Final[list[Any]] = [
    "token_count", "token_usage_record", "event_msg", "response_item", "session_meta", "turn_context", "compacted",
    "thread_settings_applied", "x", "other", "t1", "gpt-5.5", {"total_tokens": 3}, {"info": None}, 2**53 - 1, 2**53,
]  # fmt: skip
NAMES: Final = (
    b"token_usage_record", b"token_count", b"session_meta", b"turn_context", b"compacted", b"thread_settings_applied",
    b"event_msg", b"payload", b"type", b"info", b"usage", b"total_token_usage", b"thread_id", b"model",
)  # fmt: skip


def insert(chance: Random, line: bytes, pool: Pool) -> bytes:
    with patch.object(mutations, "TOKENS", mutations.TOKENS + TOKENS):
        return mutations.insert(chance, line, pool)


def replace_value(chance: Random, line: bytes, pool: Pool) -> bytes:
    with patch.object(mutations, "VALUES", mutations.VALUES + VALUES):
        return mutations.replace_value(chance, line, pool)


def repeat_key(chance: Random, line: bytes, pool: Pool) -> bytes:
    """A second member of the same name in some object: the last one counts."""
    name = b'"%s":' % chance.choice((b"type", b"payload", b"info", b"usage", b"id", b"model", b"input_tokens"))
    value = json.dumps(chance.choice(VALUES)).encode()
    at = line.find(name)
    if at < 0 or chance.random() < 0.5:
        end = line.rfind(b"}", 0, max(line.rfind(b"}"), 0) + chance.randrange(2))
        return line[:end] + b"," + name + value + line[end:] if end > 0 else line
    return line[:at] + name + value + b"," + line[at:]


def escape_name(chance: Random, line: bytes, pool: Pool) -> bytes:
    """One letter of a name or a key as an escape, in small or capital digits."""
    name = chance.choice([one for one in NAMES if one in line] or [b"type"])
    at = chance.randrange(len(name))
    form = chance.choice((b"%s\\u%04x%s", b"%s\\u%04X%s"))
    return line.replace(name, form % (name[:at], name[at], name[at + 1 :]), chance.choice((1, 1, -1)))


def quote(chance: Random, line: bytes, pool: Pool) -> bytes:
    """A whole record as text, or as an object, inside one that counts nothing."""
    inner: Any = line.decode("utf-8", "replace")
    if chance.random() < 0.5:
        with suppress(ValueError, RecursionError):
            inner = json.loads(line)
    kind = chance.choice(("response_item", "event_msg", "world_state", "token_usage_record", "compacted"))
    payload = {"type": chance.choice(("message", "function_call_output", "token_count")), "output": inner}
    made = {"timestamp": "2026-11-21T07:01:00.000Z", "type": kind, "payload": payload}
    return json.dumps(made, separators=(",", ":")).encode()


def jitter(chance: Random, line: bytes, pool: Pool) -> bytes:
    """Other counters, another response, turn, thread, model or instant."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return line

    def visit(value: Any) -> None:
        for name in list(value):
            inner = value[name]
            if isinstance(inner, dict) and not (name == "total_token_usage" and chance.random() < 0.05):
                visit(inner)
            elif name.endswith("_tokens") and chance.random() < 0.3:
                value[name] = chance.choice((0, 0, 1, 2, 500, 10**6))
            elif name in _SMALL and chance.random() < 0.15:
                value[name] = chance.choice(_SMALL[name])

    if isinstance(record, dict):
        visit(record)
    return json.dumps(record, separators=(",", ":")).encode()


_SMALL: Final[dict[str, tuple[Any, ...]]] = {
    "response_id": ("r1", "r2", "resp_1", "", None),
    "turn_id": ("t1", "t2", "", 7),
    "thread_id": ("other", "", None),
    "id": ("other", "x"),
    "model": ("one", "two", "", None),
    "timestamp": (
        "2026-11-21T07:00:00.000Z",
        "2026-11-21T07:35:42.900Z",
        "2026-11-21T06:59:59+01:00",
        "soon",
        5,
        "",
        None,
        1795244400000,
        1795244400.25,
    ),
    "service_tier": ("priority", "flex", "default", "", None, 7),
    "total_token_usage": (None,),
    "info": (None, {}),
    "cwd": ("", "/p0"),
}

MUTATIONS: Final[list[Mutation]] = [
    mutations.flip, mutations.cut, mutations.double, insert, insert, insert, mutations.splice, mutations.glue,
    mutations.reorder, mutations.respace, replace_value, replace_value, mutations.drop_value, mutations.nest,
    repeat_key, escape_name, quote, jitter, jitter, jitter, jitter, mutations.frame, mutations.lengthen,
]  # fmt: skip


@contextmanager
def reading_with(*, window: int = 8 << 20, max_line: int = 8 << 20, is_native: bool = True) -> Iterator[None]:
    """Read in small windows, or without the C library's search."""
    opened = functools.partial(LineReader, window=window, max_line=max_line)
    search_in = search.search_in if is_native else search.plain_search
    with (
        patch.object(fast, "WINDOW", window),
        patch.object(fast, "open_rollout", opened),
        patch.object(plain, "open_rollout", opened),
        patch.object(search, "search_in", search_in),
        patch.object(reading, "MAX_FILE", max_line),
    ):
        yield


def differences(root: Path, path: Path, since: Checkpoint | None = None) -> Compared:
    """Read a rollout in every way."""
    file = log_file(root, path)
    return compared(file, begun(file) if since is None else None, since)


def log_file(root: Path, path: Path) -> LogFile:
    """Return a rollout as it is found."""
    return LogFile("codex", str(path), str(root), 0, 0, 0, 0)


def compared(file: LogFile, one: CoreRollout | None, since: Checkpoint | None = None) -> Compared:
    """Read a rollout in Python's ways, and on from where the core ended."""
    slow = SOURCE.read(file, since)
    found = disagreements(slow, fast.read_columns(file, since, keep_names=True))
    if one is not None:
        native = completed(one, file, keep_names=True)
        found += [f"natively to {one.end}: {said}" for said in disagreements(slow, native)]
    return found, slow.checkpoint


def begun(file: LogFile) -> CoreRollout | None:
    """What the native core reads of a rollout; None if nothing, or if it is not built."""
    return all_begun([file.path])[0] if os.path.exists(file.path) else None


def all_begun(paths: Sequence[str]) -> list[CoreRollout | None]:
    """What one call of the native core reads of rollouts; None if nothing of one, or if it is not built."""
    found: list[CoreRollout | None] = [None] * len(paths)
    core = library.found().core
    if core is not None:
        for one in read_rollouts(core, [(path, os.path.getsize(path)) for path in paths], threads=1, with_names=True):
            found[one.place] = one
    return found


class CodexFuzzer(PartsFuzzer[CoreRollout]):
    """Writes rollouts of mutated lines beside the real ones."""

    mutations = MUTATIONS

    def __init__(self, seed: int, folder: Path, whole_of: int = 1) -> None:
        super().__init__(seed, whole_of)
        self.folder = folder / "codex"
        for home in GOLDEN.iterdir():
            if home.is_dir():  # parents of the threads that are mutated
                shutil.copytree(home / "sessions", self.folder / "sessions" / home.name)
        paths = sorted(self.folder.glob("**/*.jsonl"))
        self.rollouts = [[line for line in path.read_bytes().split(b"\n") if line] for path in paths]
        self.pool = [line for lines in self.rollouts for line in lines if len(line) < 4000]
        self.path = self.folder / "sessions" / "2026" / "rollout-2026-11-21T07-00-00-x.jsonl"
        self.path.parent.mkdir(exist_ok=True)

    def make(self, length: int) -> list[bytes]:
        """Make the lines of one file: those of a real rollout, some of them mutated, some of others between them."""
        lines = list(self.chance.choice(self.rollouts))
        self.start = [next(one for one in lines if kind in one) for kind in (b'"session_meta"', b'"turn_context"')]
        if self.chance.random() < 0.2:
            self.chance.shuffle(lines)
        return self.woven(lines, length, (1, 1, 2, 4))

    def reading(self) -> AbstractContextManager[None]:
        """Draw how a rollout is read."""
        window = self.chance.choice((512, 8192, 8 << 20))
        max_line = self.chance.choice((window, 8 << 20))
        return reading_with(window=window, max_line=max_line, is_native=self.chance.random() < 0.8)

    def parts(self, made: Sequence[bytes]) -> list[Part]:
        """Leave all lines behind the start of their rollout."""
        return [Part(made, self.start)]

    def framed(self, part: Part) -> bytes:
        """Put lines behind a start."""
        return b"\n".join((*part.start, *part.lines, b""))

    def place(self, number: int) -> Path:
        """Give each a thread of its own."""
        return self.path.with_name(f"rollout-2026-11-21T07-00-00-x{number}.jsonl")

    def natively(self, parts: Sequence[Part], paths: Sequence[Path]) -> list[CoreRollout | None]:
        """Read rollouts."""
        return all_begun([str(path) for path in paths])

    def read_of(self, part: Part, native: CoreRollout | None) -> int | None:
        """Compare parts of which the core reads all but the last line."""
        read = lines_read(part, native)
        return read if read + 1 >= len(part.lines) else None

    def again(self, unread: Sequence[tuple[Part, CoreRollout | None]]) -> list[Part]:
        """Divide parts behind the line at which the core ended."""
        return [piece for part, native in unread for piece in part.halves(lines_read(part, native) + 1)]

    def disagreements(self, path: Path, native: CoreRollout | None) -> list[str]:
        """Read a rollout in Python's two ways, and on from where the core ended."""
        return compared(log_file(self.folder, path), native)[0]

    def differences(self, since: Checkpoint | None = None) -> Compared:
        """Read the rollout in every way."""
        return differences(self.folder, self.path, since)


def lines_read(part: Part, native: CoreRollout | None) -> int:
    """Return how many lines behind the start of a part the core read."""
    ends = list(accumulate(len(one) + 1 for one in (*part.start, *part.lines)))
    return max(0, bisect_right(ends, native.end if native is not None else 0) - len(part.start))


def main() -> int:
    """Run the long form."""
    make = functools.partial(CodexFuzzer, whole_of=8 if library.found().core is not None else 1)
    return run_long("tests.fuzz.codex", __doc__, make, MUTATIONS, "read natively")


if __name__ == "__main__":
    sys.exit(main())
