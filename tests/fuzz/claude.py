"""Three ways of reading Claude Code's transcripts, side by side on mutated lines of real ones: plain, fast and native.

    python -m tests.fuzz.claude --lines 1000000 [--seed 1]

Ends at the first disagreement, with the fewest lines that show it.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from claude_tui.native import library, reading
from claude_tui.sources.claude.fast import reader as fast
from claude_tui.sources.protocol import Checkpoint, ColumnsRead
from claude_tui.sources.reading import lines, search
from claude_tui.sources.reading.lines import LineReader
from tests.fuzz.fuzzer import Compared
from tests.fuzz.long_run import run_long
from tests.fuzz.mutations import MUTATIONS
from tests.fuzz.parts import Part, PartsFuzzer
from tests.fuzz.sameness import compared, differences, native_reads
from tests.logs import assistant, line, usage

GOLDEN = Path(__file__).parent.parent / "golden" / "claude"
T = 1_780_000_000_000

PART: Final = 10
"""Lines that the native core is given at first: with many more there is nearly always one for which it leaves all."""
LONG: Final = b'{"type":"user","message":{"content":"%s"}}\n'
DATED: Final = re.compile(rb'"timestamp" ?: ?"20')


def seeds() -> list[bytes]:
    """Lines of real clients of every age, and of shapes they rarely write."""
    found = [one for path in sorted(GOLDEN.glob("**/*.jsonl")) for one in path.read_bytes().split(b"\n") if one]
    kept = [one for one in found if b'"usage"' in one]
    kept += [one for one in found if b'"usage"' not in one and len(one) < 3000][:: max(1, len(found) // 400)]
    row = assistant("msg_a", T, usage(1, 2, 3, 4, 5))
    more = [
        row,
        {**row, "isSidechain": True, "agentId": "a1"},
        {"type": "progress", "data": {"type": "agent_progress", "agentId": "a1", "message": row}, "sessionId": "s1"},
        {"type": "user", "toolUseResult": {"usage": usage(9, 9), "type": "assistant"}, "message": {"content": [{}]}},
        {**row, "type": "user"},
        assistant("gateway", T, usage(1, 2)),
        assistant("msg_b", T, usage(1, 2, iterations=[{"type": "advisor_message", "input_tokens": 7, "model": "m"}])),
        assistant("msg_c", T, usage(1, 2, speed="fast")),
        assistant("msg_d", T, usage(1, 2, server_tool_use={"web_search_requests": 2})),
        {**row, "message": {**row["message"], "stop_reason": "refusal", "usage": usage(1, 0)}},
        *(assistant("msg_a", T, usage(2, 2, 3, 4, 4), agentId=agent) for agent in ("", "a1")),
        assistant("msg_a", T, usage(1, 2, 3, 4, 5, server_tool_use={"web_search_requests": 1}), model="m2"),
        *({**row, "timestamp": said} for said in (None, "", 0, 5, T + 7, str(T), f"{T}", "1970-01-01T00:00:01.000Z")),
        {name: value for name, value in row.items() if name not in ("timestamp", "sessionId")},
        {"type": "user", "timestamp": "2026-05-28T20:26:40.123Z", "message": {"content": "x"}},
        {"type": "mode", "timestamp": T - 1},
        falling_back([{"type": "fallback"}, {"type": "text"}]),
        falling_back([{"type": "text"}, {"type": "fallback"}]),
        falling_back([{"type": "text"}]),
        {"type": "summary", "summary": "a summary"},
        {"type": "custom-title", "customTitle": "mine"},
        {"parentUuid": None, "type": "system", "subtype": "compact_boundary"},
    ]
    return kept + [line(one).rstrip(b"\n") for one in more]


def falling_back(content: list[Any]) -> dict[str, Any]:
    """A row of a response that another model took over."""
    attempts = [
        {"type": "message", "model": "m1", "input_tokens": 3, "output_tokens": 50},
        {"type": "fallback_message", "model": "m2", "input_tokens": 1, "output_tokens": 2},
    ]
    row = assistant("msg_f", T, usage(1, 2, iterations=attempts), model="m2")
    return {**row, "message": {**row["message"], "content": content}}


@contextmanager
def reading_with(*, window: int, max_line: int, is_native: bool) -> Iterator[None]:
    """Read in small windows, or without the C library's search."""
    reader = functools.partial(LineReader, window=window, max_line=max_line)
    search_in = search.search_in if is_native else search.plain_search
    with (
        patch.object(fast, "LineReader", reader),
        patch.object(lines, "LineReader", reader),
        patch.object(search, "search_in", search_in),
        patch.object(reading, "MAX_FILE", max_line),
    ):
        yield


class ClaudeFuzzer(PartsFuzzer[ColumnsRead]):
    """Writes transcripts of mutated lines."""

    mutations = MUTATIONS

    def __init__(self, seed: int, folder: Path, whole_of: int = 1) -> None:
        super().__init__(seed, whole_of)
        self.folder = folder / "projects" / "-home-project"
        self.folder.mkdir(parents=True)
        self.path = self.folder / "s1.jsonl"
        self.pool = seeds()
        self.usual = [line(assistant(f"msg_{at}", T + at, usage(1, 2, 3))) for at in (1, 2)]

    def make(self, length: int) -> list[bytes]:
        """Make the lines of one file: most are mutated, some several times."""
        chance = self.chance
        near = chance.choices(self.pool, k=max(2, length // 4))  # few originals, so responses come again
        return [self.mutated(chance.choice(near), chance.choice((0, 1, 1, 1, 2, 4))) for _ in range(length)]

    def reading(self) -> AbstractContextManager[None]:
        """Draw whose file it is, and how it is read."""
        chance = self.chance
        self.path = self.folder / chance.choice(("s1.jsonl", "agent-a1.jsonl"))
        window = chance.choice((512, 8192, 8 << 20))
        max_line = chance.choice((window, 8 << 20))
        return reading_with(window=window, max_line=max_line, is_native=chance.random() < 0.8)

    def differences(self, since: Checkpoint | None = None) -> Compared:
        """Read the transcript in every way."""
        return differences(str(self.path), since)

    def parts(self, made: Sequence[bytes]) -> list[Part]:
        """Divide lines: those for which the core is likely to leave all are alone."""
        fit = [one for one in made if not needs_place(one)]
        return [Part([one]) for one in made if needs_place(one)] + grouped(fit)

    def framed(self, part: Part) -> bytes:
        """Put lines between two usual ones, and so much beside them that most of the file is usual."""
        before, after = self.usual
        lines = b"".join(one + b"\n" for one in part.lines)
        return b"".join((before, LONG % (b"x" * len(lines)), lines, after))

    def place(self, number: int) -> Path:
        """Make every fourth a sub-agent's."""
        return self.folder / (f"agent-a{number}.jsonl" if number % 4 == 3 else f"s{number}.jsonl")

    def natively(self, parts: Sequence[Part], paths: Sequence[Path]) -> list[ColumnsRead | None]:
        """Read transcripts, but for those that Python would read again for what the core left."""
        asked = [number for number, part in enumerate(parts) if not part.is_left]
        read = native_reads([str(paths[number]) for number in asked], is_left_alone=True)
        found = dict(zip(asked, read, strict=True))
        return [found.get(number) for number in range(len(parts))]

    def read_of(self, part: Part, native: ColumnsRead | None) -> int | None:
        """Compare what the core read, and what it does not read even alone."""
        return 0 if part.is_left else None if native is None else len(part.lines)

    def again(self, unread: Sequence[tuple[Part, ColumnsRead | None]]) -> list[Part]:
        """Take those lines out that the core does not read even alone, and compare them apart."""
        left = [part.lines[0] for part, _ in unread if len(part.lines) == 1]
        parts = [
            half
            for part, _ in unread
            if part.is_tried and len(part.lines) > 1
            for half in part.halves(len(part.lines) // 2)
        ]
        tried = [Part([one]) for part, _ in unread if not part.is_tried and len(part.lines) > 1 for one in part.lines]
        fit: list[bytes] = []
        for part, _, native in self.read(tried):
            (left if native is None else fit).extend(part.lines)
        return parts + grouped(fit, is_tried=True) + grouped(left, is_left=True)

    def disagreements(self, path: Path, native: ColumnsRead | None) -> list[str]:
        """Read a transcript in Python's two ways."""
        return compared(str(path), native)[0]


def grouped(lines: Sequence[bytes], *, is_tried: bool = False, is_left: bool = False) -> list[Part]:
    """Divide lines into parts."""
    return [Part(lines[at : at + PART], is_tried=is_tried, is_left=is_left) for at in range(0, len(lines), PART)]


def needs_place(one: bytes) -> bool:
    """Whether it is likely that the native core leaves all of a file that has this line."""
    return b"\0" in one or b"compact_boundary" in one or (b'"usage"' in one and not DATED.search(one))


def main() -> int:
    """Run the long form."""
    # Whole logs matter for what lines do to each other, and cost as much as all the rest.
    make = functools.partial(ClaudeFuzzer, whole_of=8 if library.found().core is not None else 1)
    return run_long("tests.fuzz.claude", __doc__, make, MUTATIONS, "read natively")


if __name__ == "__main__":
    sys.exit(main())
