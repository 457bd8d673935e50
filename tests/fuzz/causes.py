"""Three ways of reading what transcripts say of causes, side by side on mutated lines: plain, fast and native.

    python -m tests.fuzz.causes --lines 100000 [--seed 1]

Ends at the first disagreement, with the fewest lines that show it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

from claude_tui.native import library, reading
from claude_tui.native.causes import CausesRead, read_ahead, reader
from claude_tui.sources.causes import ReadCauses, packed, unpacked
from claude_tui.sources.claude.causes import fast, plain
from claude_tui.sources.claude.causes.fast import read_causes
from claude_tui.sources.claude.causes.plain import read_plainly
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.lines import LineReader
from tests.fuzz.claude import T
from tests.fuzz.fuzzer import Compared
from tests.fuzz.long_run import run_long
from tests.fuzz.mutations import MUTATIONS
from tests.fuzz.parts import Part, PartsFuzzer
from tests.logs import assistant, line, usage

CAPTURED: Final = Path(__file__).parent.parent / "golden" / "causes"


ESCAPES: Final = rb"\/ \u00e9 \u0041 \u001b \u000a \u20ac \ud83d\ude42 \" \b"
"""All that can be written in several ways."""
_CALL: Final = {"type": "tool_use", "id": "toolu_w", "name": "Bash"}


def seeds() -> list[bytes]:
    """Lines of real clients that say what responses were made for, and of shapes they rarely write."""
    found = [one for path in sorted(CAPTURED.glob("**/*.jsonl")) for one in path.read_bytes().split(b"\n") if one]
    call = assistant("msg_x", T, usage(1, 2))
    inputs: list[object] = [
        {},
        None,
        [],
        "text",
        {"a": 1.50},
        {"a": -0.0},
        {"a": 10**25},
        {"\u00fc": "a\n\u001b/\u0001"},
        {"a": [{}]},
    ]
    reads: list[dict[str, object]] = [
        {"offset": 1.0},
        {"offset": -3, "limit": True},
        {"limit": "7", "pages": None},
        {"offset": 0},
        {},
    ]
    blocks: list[object] = [
        *({"type": "tool_use", "id": "toolu_a", "name": "Bash", "input": given} for given in inputs),
        *(
            {"type": "tool_use", "id": "toolu_r", "name": "Read", "input": {"file_path": "/a", **given}}
            for given in reads
        ),
        {"type": "tool_use", "id": "toolu_e", "name": "Edit", "input": {"file_path": "/a"}},
        {"type": "tool_use", "id": "toolu_s", "name": "Skill", "input": {"command": "/fix"}},
        {"type": "tool_use", "id": "toolu_t", "name": "Task", "input": {"subagent_type": "Explore"}},
        {"type": "server_tool_use", "id": "", "name": "web_search"},
        {"type": "thinking", "thinking": "\u65e5\u672c"},
        {"type": "text", "text": "caf\u00e9"},
    ]
    results = [
        {"type": "tool_result", "tool_use_id": name, "content": content, "is_error": failed}
        for name in ("toolu_a", "toolu_r", "toolu_s", "toolu_t", "toolu_none")
        for content, failed in (
            ("text\n", False),
            ([{"type": "text", "text": "a"}, {"type": "image", "source": {"data": "x" * 90}}, 7, None], None),
            ({"type": ["image"], "text": ["a", {"b": "c"}]}, True),
        )
    ]
    prompts: list[object] = [
        "<command-name>/fix</command-name>",
        "[Request interrupted by user]",
        "<local-command-stdout>x",
        "",
        [],
        [{"type": "image"}, {"type": "text", "text": "look"}],
        [{"type": "text", "text": "<command-name>a b</command-name>"}],
    ]
    more: list[dict[str, object]] = [
        *({**call, "message": {**call["message"], "content": [block]}} for block in blocks),
        *({**call, "message": {**call["message"], "id": "msg_y", "content": blocks[at:]}} for at in (0, 5)),
        *(user([result], toolUseResult={"commandName": "p:fix", "agentId": "a9"}) for result in results),
        user(results[:4], toolUseResult="Error"),
        *(
            user(prompt, **flag)
            for prompt in prompts
            for flag in ({}, {"isMeta": True}, {"sourceToolUseID": "toolu_s"})
        ),
        user("sum", isCompactSummary=True),
        user("[Request interrupted by user]", interruptedMessageId="msg_x"),
        {"type": "system", "subtype": "microcompact_boundary", "agentId": "a1"},
        {"type": "system", "subtype": "local_command"},
        {"type": "attachment", "attachment": {"type": "file", "content": {"file": "text"}}, "rendered": []},
        {"type": "attachment", "attachment": {"type": "x", "hookName": "PreToolUse:Bash", "content": ["a", "b"]}},
        {
            "type": "attachment",
            "attachment": {"type": "mcp_instructions_delta", "addedNames": ["a"], "addedBlocks": ["b"]},
        },
        {"type": "progress", "agentId": "", "data": {"type": "agent_progress", "agentId": "a2", "message": call}},
        {"type": "progress", "data": {"type": "hook_progress", "message": "x"}},
        {**call, "message": {**call["message"], "usage": None}},
        {**call, "message": {**call["message"], "diagnostics": {"cache_miss_reason": {"type": "tools_changed"}}}},
        {**call, "attributionSkill": "a", "attributionAgent": None, "promptCacheRequested": "1h", "isSidechain": True},
    ]
    made = [line(one).rstrip(b"\n") for one in more]
    escaped = {**call, "message": {**call["message"], "content": [{**_CALL, "input": {"a": "ESCAPED"}}]}}
    made.append(line(escaped).rstrip(b"\n").replace(b"ESCAPED", ESCAPES))
    return [*found, *made]


def user(content: object, **more: object) -> dict[str, object]:
    """Return a row of the user."""
    return {"type": "user", "timestamp": "2026-05-28T20:26:40.123Z", "message": {"content": content}, **more}


class CausesFuzzer(PartsFuzzer[CausesRead]):
    """Writes transcripts of mutated lines."""

    mutations = MUTATIONS

    def __init__(self, seed: int, folder: Path, whole_of: int = 1) -> None:
        super().__init__(seed, whole_of)
        self.folder = folder / "projects" / "-home-project"
        self.folder.mkdir(parents=True)
        self.path = self.folder / "s1.jsonl"
        self.pool = seeds()
        self.usual = [line(assistant(f"msg_{at}", T + at, usage(1, 2, 3))) for at in (1, 2)]
        self.core = library.found().core
        self.ways: dict[str, ReadCauses] = {"plain": read_plainly, "fast": read_causes}
        if self.core is not None:
            self.ways["native"] = reader(self.core)
        self.known: dict[str, tuple[bytes, Checkpoint]] = {}

    def make(self, length: int) -> list[bytes]:
        """Make the lines of one file: most are mutated, some several times."""
        chance = self.chance
        near = chance.choices(self.pool, k=length // 2)
        return [self.mutated(chance.choice(near), chance.choice((0, 0, 1, 1, 2))) for _ in range(length)]

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Draw whose file it is, and how it is read."""
        chance = self.chance
        self.path = self.folder / chance.choice(("s1.jsonl", "agent-a1.jsonl"))
        window = chance.choice((512, 8192, 8 << 20))
        max_line = chance.choice((window, 8 << 20))
        lines = functools.partial(LineReader, window=window, max_line=max_line)
        with (
            patch.object(plain, "LineReader", lines),
            patch.object(fast, "LineReader", lines),
            patch.object(reading, "MAX_FILE", max_line),
        ):
            yield

    def differences(self, since: Checkpoint | None = None) -> Compared:
        """Read the transcript in every way, whole or on from where it was last read."""
        found = {}
        for name, read in self.ways.items():
            known = self.known.get(name) if since is not None else None
            before = unpacked(known[0]) if known is not None else None
            said, checkpoint = read(str(self.path), before, known[1] if known is not None else None, with_sizes=True)
            found[name] = packed(said), checkpoint
        self.known = found
        first = found["plain"]
        wrong = [
            f"{name}: {unpacked(one[0])}\nplain: {unpacked(first[0])}" for name, one in found.items() if one != first
        ]
        if since is not None and not wrong:
            whole, _ = read_causes(str(self.path), with_sizes=True)
            if packed(whole) != first[0]:
                wrong = ["parts are not the whole"]
        return wrong, first[1]

    def parts(self, made: Sequence[bytes]) -> list[Part]:
        """Give each line a log of its own: behind one that is odd the core reads nothing."""
        return [Part([one]) for one in made]

    def framed(self, part: Part) -> bytes:
        """Put lines between two usual ones."""
        before, after = self.usual
        return b"".join((before, *(one + b"\n" for one in part.lines), after))

    def place(self, number: int) -> Path:
        """Make every fourth a sub-agent's."""
        return self.folder / (f"agent-a{number}.jsonl" if number % 4 == 3 else f"s{number}.jsonl")

    def natively(self, parts: Sequence[Part], paths: Sequence[Path]) -> list[CausesRead | None]:
        """Read transcripts up to what the core leaves to Python."""
        assert self.core is not None
        asked = [(str(path), path.stat().st_size) for path in paths]
        found = {one.path: one for one in read_ahead(self.core, asked, with_sizes=True)}
        return [found.get(path) for path, _ in asked]

    def read_of(self, part: Part, native: CausesRead | None) -> int | None:
        """Compare every part as it is."""
        return len(part.lines) if native is not None and not native.has_more else 0

    def again(self, unread: Sequence[tuple[Part, CausesRead | None]]) -> list[Part]:
        """Divide nothing."""
        return []

    def disagreements(self, path: Path, native: CausesRead | None) -> list[str]:
        """Read a transcript in Python's ways, and on from where the core ended."""
        wanted, end = read_plainly(str(path), with_sizes=True)
        ways = {"fast": read_causes(str(path), with_sizes=True)}
        if native is not None:
            ways["native"] = unpacked(native.data), native.checkpoint
            if native.has_more:
                ways["native"] = read_causes(str(path), *ways["native"], with_sizes=True)
            elif native.data != packed(wanted):
                return [f"native: {native.data!r}\nplain: {packed(wanted)!r}"]
        return [
            f"{name}: {found}\nplain: {wanted}"
            for name, (found, checkpoint) in ways.items()
            if (packed(found), checkpoint) != (packed(wanted), end)
        ]


def main() -> int:
    """Run the long form."""
    make = functools.partial(CausesFuzzer, whole_of=2)
    return run_long("tests.fuzz.causes", __doc__, make, MUTATIONS, "read natively")


if __name__ == "__main__":
    sys.exit(main())
