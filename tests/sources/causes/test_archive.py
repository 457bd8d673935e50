"""What is kept for good of what logs say of causes is what they said, for what it is kept for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import MsgspecError, structs

from claude_tui.sources.causes import STARTERS, Call, Caused, FileCauses, Repeat
from claude_tui.sources.causes_archive import archived, unarchived
from claude_tui.sources.claude.causes.fast import read_causes

GOLDEN = Path(__file__).parents[2] / "golden" / "causes"
NAME = some.sampled_from(["", "Bash", "Agent", "Task", "mcp__a__b", "naïve 🙂"])
INSTANT = some.one_of(some.just(0), some.integers(0, 9), some.integers(-(1 << 40), 1 << 45))
CALLS = some.lists(some.builds(Call, some.text("ab", max_size=3), NAME, NAME, some.booleans()), max_size=3)
RESPONSES = some.lists(
    some.builds(
        Caused,
        some.integers(-(1 << 63), (1 << 63) - 1),
        some.integers(0, 3),
        INSTANT,
        INSTANT,
        CALLS,
        NAME, NAME, NAME, NAME, NAME, NAME, NAME, NAME,
        some.integers(0, 1 << 40),
        some.booleans(),
        some.lists(some.builds(Repeat, NAME, some.integers(0, 1 << 30)), max_size=2),
    ),
    max_size=6,
)  # fmt: skip


def kept(found: FileCauses) -> FileCauses:
    """What of it is to be kept."""
    responses = []
    for one in found.responses:
        calls = [structs.replace(call, id=call.id if call.name in STARTERS or call.kind else "") for call in one.calls]
        responses.append(structs.replace(one, calls=calls, added={}, wrote={}))
    return structs.replace(found, responses=responses, threads=[], has_sizes=False)


@given(RESPONSES, some.booleans())
def test_whatever_was_said_comes_back(responses: list[Caused], has_calls_only: bool) -> None:
    found = FileCauses(responses, agent_type="a", started={"b": "c"}, has_calls_only=has_calls_only)
    assert unarchived(archived(found)) == kept(found)


@pytest.mark.parametrize("path", sorted(GOLDEN.rglob("*.jsonl")), ids=lambda path: path.parent.name)
def test_captured_logs_come_back(path: Path) -> None:
    found = read_causes(str(path), with_sizes=True)[0]
    assert unarchived(archived(found)) == kept(found)


@given(some.binary(max_size=60), some.integers(0, 300))
def test_damage_is_an_error(noise: bytes, at: int) -> None:
    whole = archived(FileCauses([Caused(number, 0, 1_000 * number, calls=[Call("", "Bash")]) for number in range(9)]))
    for data in (noise, whole[:at], whole[:at] + noise, whole + noise[:7]):
        try:
            unarchived(data)
        except (ValueError, MsgspecError):
            continue
