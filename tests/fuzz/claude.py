"""Three ways of reading Claude Code's transcripts, side by side on mutated lines of real ones: plain, fast and native.

    python -m tests.fuzz.claude --lines 1000000 [--seed 1]

Ends at the first disagreement, with the fewest lines that show it.
"""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from claude_tui.native import reading
from claude_tui.sources.claude import source
from claude_tui.sources.claude.fast import reader as fast
from claude_tui.sources.reading import search
from claude_tui.sources.reading.lines import LineReader
from tests.fuzz.long_run import run_long
from tests.fuzz.mutations import MUTATIONS
from tests.fuzz.sameness import differences
from tests.logs import assistant, line, usage

GOLDEN = Path(__file__).parent.parent / "golden" / "claude"
T = 1_780_000_000_000


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
        patch.object(source, "LineReader", reader),
        patch.object(search, "search_in", search_in),
        patch.object(reading, "MAX_FILE", max_line),
    ):
        yield


class Fuzzer:
    """Writes transcripts of mutated lines and compares how they are read."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = Random(seed)
        self.folder = folder / "projects" / "-home-project"
        self.folder.mkdir(parents=True)
        self.pool = seeds()
        self.counts: Counter[str] = Counter()

    def transcript(self, length: int) -> list[bytes]:
        """Make the lines of one file: most are mutated, some several times."""
        chance = self.chance
        near = chance.choices(self.pool, k=max(2, length // 4))  # few originals, so responses come again
        made = []
        for _ in range(length):
            one = chance.choice(near)
            for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
                mutate = chance.choice(MUTATIONS)
                self.counts[mutate.__name__] += 1
                one = mutate(chance, one, self.pool)
            made.append(one)
        self.counts["lines"] += length
        return made

    def run(self, lines: int, length: int = 60) -> list[str]:
        """Compare about so many lines. Returns the disagreements of the first file that has any."""
        while self.counts["lines"] < lines:
            made = self.transcript(length)
            name = self.chance.choice(("s1.jsonl", "agent-a1.jsonl"))
            window = self.chance.choice((512, 8192, 8 << 20))
            settings = {"window": window, "max_line": self.chance.choice((window, 8 << 20))}
            with reading_with(**settings, is_native=self.chance.random() < 0.8):
                found = self.compare(name, made)
                if found:
                    return [*found, *map(repr, self.fewest(name, made))]
                found = self.compare_alone(name, made)
                if found:
                    return found
            self.counts["files"] += 1
        return []

    def compare(self, name: str, made: Sequence[bytes]) -> list[str]:
        """Compare one file: at once, and read as it grew."""
        path = self.folder / name
        data = b"\n".join(made) + (b"\n" if len(made[-1]) % 4 else b"")
        path.write_bytes(data)
        found, _ = differences(str(path))
        if found:
            return found
        path.write_bytes(data[: len(data) // 2])
        found, checkpoint = differences(str(path))
        with path.open("ab") as log:
            log.write(data[len(data) // 2 :])
        more, _ = differences(str(path), checkpoint)
        return found + more

    def compare_alone(self, name: str, made: Sequence[bytes]) -> list[str]:
        """Compare each line between two usual ones: the native core may leave all of a longer file to Python."""
        path = self.folder / name
        before, after = (line(assistant(f"msg_{at}", T + at, usage(1, 2, 3))) for at in (1, 2))
        for one in made:
            path.write_bytes(before + one + b"\n" + after)
            found, _ = differences(str(path), counts=self.counts)
            if found:
                return [*found, repr(one)]
        return []

    def fewest(self, name: str, made: list[bytes]) -> list[bytes]:
        """Leave out lines as long as the two ways still disagree."""
        size = len(made) // 2
        while size:
            for start in range(0, len(made), size):
                fewer = made[:start] + made[start + size :]
                if fewer and self.compare(name, fewer):
                    made = fewer
                    break
            else:
                size //= 2
        return made


def main() -> int:
    """Run the long form."""
    return run_long("tests.fuzz.claude", __doc__, Fuzzer, MUTATIONS, "read natively")


if __name__ == "__main__":
    sys.exit(main())
