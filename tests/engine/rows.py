"""Random rows whose keys, sessions, times and folders clash, and the order they come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from claude_tui.model import Extra, Usage, UsageRow
from claude_tui.sources.protocol import FileFacts
from tests.engine.counting import NOW_MS
from tests.replacing import replace

DAY_MS = 86_400_000
MODELS = ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5", "nobody-knows")
PATHS = (
    "/c/projects/-p/s1.jsonl",
    "/c/projects/-p/s2.jsonl",
    "/c/projects/-q/s1.jsonl",
    "/c/projects/-q/agent-a.jsonl",
)

instants = st.sampled_from([0, NOW_MS - 1, NOW_MS, NOW_MS - 60_000, NOW_MS + 5_000_000]) | st.integers(
    NOW_MS - 3 * DAY_MS, NOW_MS + 60_000
)
counts = st.sampled_from([0, 1, 5, 1000]) | st.integers(0, 10**6)
usages = st.builds(Usage, counts, counts, counts, counts, counts, st.sampled_from([0, 0, 0, 2]))
extras = st.lists(
    st.builds(Extra, st.sampled_from(["advisor", "compaction"]), st.sampled_from(MODELS), usages, st.just("")),
    max_size=2,
).map(tuple)


def rows(keys: int = 5) -> st.SearchStrategy[UsageRow]:
    """Rows of few responses. Their offsets are set where they are put into a file."""
    return st.builds(
        lambda **known: UsageRow(**known),  # a named tuple itself would have its other fields made up
        key=st.sampled_from([f"msg_{n}" for n in range(keys)]),
        time_ms=instants,
        session=st.sampled_from(["s1", "s2", "s3"]),
        agent=st.sampled_from(["", "", "a", "b"]),
        cwd=st.sampled_from(["/p", "/q", "/p/.claude/worktrees/w"]),
        model=st.sampled_from(MODELS),
        usage=usages,
        terms=st.sampled_from(["", "", '{"input_tokens":7,"speed":"fast"}']),
        extras=extras,
        is_copy=st.booleans(),
        is_sidechain=st.booleans(),
        is_lower_bound=st.booleans(),
    )


facts = st.builds(
    lambda **known: FileFacts(**known),  # a named tuple itself would have its other fields made up
    cwd=st.sampled_from(["", "/p", "/q"]),
    title=st.sampled_from(["", "one", "two"]),
    branch=st.sampled_from(["", "main"]),
    last_kind=st.sampled_from(["", "user", "assistant"]),
    last_ms=instants,
    context_tokens=counts,
    context_model=st.sampled_from(MODELS),
    compactions=st.integers(0, 3),
)


class File(NamedTuple):
    """What a made-up file says."""

    path: str
    rows: list[UsageRow]
    facts: FileFacts


def in_file(found: Sequence[UsageRow], start: int = 0) -> list[UsageRow]:
    """Rows with the offsets they would have in a file."""
    return [replace(row, offset=offset) for offset, row in enumerate(found, start)]


def owned(path: str, known: FileFacts) -> FileFacts:
    """Facts as a file of this name has them."""
    stem = path.rpartition("/")[2].removesuffix(".jsonl")
    if stem.startswith("agent-"):
        return known._replace(agent=stem.removeprefix("agent-"), parent="s1", agent_type="Explore")
    return known._replace(session=stem)


files = st.lists(
    st.builds(
        lambda path, found, known: File(path, in_file(found), owned(path, known)),
        st.sampled_from(PATHS),
        st.lists(rows(), max_size=8),
        facts,
    ),
    max_size=4,
    unique_by=lambda file: file.path,
)
