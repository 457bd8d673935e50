"""What files are called and where they lie changes no number: what they say decides."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, Response, Usage
from claude_tui.sources.claude.fast.reader import read_columns
from tests.engine.counting import GOLDEN_SETS, NOW_MS, PRICER, UTC, counted, reference
from tests.engine.rows import File, files
from tests.engine.state.test_store import filled
from tests.fuzz.sameness import differences
from tests.logs import ClaudeHome, assistant, line, timestamp, usage

Move = Callable[[Path, int], Path]
Lines = list[bytes]


def sums(store: Store) -> dict[str, Any]:
    """All that is summed, by name."""
    snapshot = SnapshotMaker(store).take(Query(), NOW_MS)
    return {
        "totals": snapshot.totals,
        "days": [(row.day, row.totals) for row in snapshot.days],
        "models": {row.key: row.totals for row in snapshot.models},
        "projects": {row.key: (row.sessions, row.totals) for row in snapshot.projects},
        "sessions": {
            row.key: (row.project, row.branch, row.context_tokens, row.totals, {a.key: a.totals for a in row.agents})
            for row in snapshot.sessions
        },
    }


def placeless(responses: list[Response]) -> list[Response]:
    return sorted(one._replace(path="", offset=0) for one in responses)


def to_other_folders(path: Path, number: int) -> Path:
    return Path("projects", f"-elsewhere-{-number % 7}", path.name)


def to_another_root(path: Path, number: int) -> Path:
    return Path("zz", "projects") / Path(*path.parts[1:])


def to_nowhere(path: Path, number: int) -> Path:
    return Path("projects", f"{blake2b(str(path).encode(), digest_size=8).hexdigest()}.jsonl")


MOVES: list[Move] = [to_other_folders, to_another_root, to_nowhere]


def moved(home: Path, target: Path, move: Move) -> Path:
    """A copy of a home with every transcript somewhere else. Returns the folder that holds `projects`."""
    for number, path in enumerate(sorted(home.rglob("*.jsonl"))):
        if path.name in ("journal.jsonl", "ledger.jsonl"):
            continue
        place = target / move(path.relative_to(home), number)
        place.parent.mkdir(parents=True, exist_ok=True)
        assert not place.exists()
        shutil.copy2(path, place)
    return next(target.rglob("projects")).parent


def assert_the_same(home: Path, elsewhere: Path) -> None:
    here, there = counted(home, zone=UTC), counted(elsewhere, zone=UTC)
    assert sums(there) == sums(here)
    assert placeless(list_responses(there)) == placeless(list_responses(here))
    assert placeless(reference(elsewhere)) == placeless(list_responses(there))


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_real_logs_count_the_same_wherever_they_lie(folder: Path, move: Move, tmp_path: Path) -> None:
    assert_the_same(folder, moved(folder, tmp_path, move))


# Few values, so that rows differ in one thing and tie in the others.
shares = st.sampled_from([(0, 0, 0, 0), (4, 0, 0, 0), (0, 4, 0, 0), (0, 0, 4, 0), (1, 1, 1, 1)])
iterations = st.sampled_from(
    [
        [],
        [],
        [{"type": "advisor_message", "model": "claude-opus-4-5", "input_tokens": 5, "output_tokens": 1}],
        [{"type": "compaction", "input_tokens": 2, "output_tokens": 1}],
        [
            {"type": "message", "model": "claude-opus-4-5", "input_tokens": 9, "output_tokens": 30},
            {"type": "fallback_message", "model": "claude-sonnet-4-5", "input_tokens": 9, "output_tokens": 30},
        ],
    ]
)


@st.composite
def usage_lines(draw: st.DrawFn, session: str, agent: str, cwd: str) -> bytes:
    """A usage row, usual or not, that has much in common with others."""
    plain, write_5m, write_1h, read = draw(shares)
    used: dict[str, Any] = {
        "input_tokens": plain,
        "cache_creation_input_tokens": write_5m + write_1h,
        "cache_read_input_tokens": read,
        "output_tokens": draw(st.sampled_from([1, 30])),
        "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
        "service_tier": draw(st.sampled_from(["standard", "batch"])),
        "inference_geo": draw(st.sampled_from([None, "us"])),
        "speed": draw(st.sampled_from([None, "fast"])),
        "iterations": draw(iterations),
    }
    if draw(st.booleans()):
        used["server_tool_use"] = {"web_search_requests": draw(st.sampled_from([0, 0, 2]))}
    if draw(st.sampled_from([False, False, True])):
        del used["cache_creation"]
    time_ms = NOW_MS - draw(st.sampled_from([0, 1, 90_000_000]))
    row = {
        "isSidechain": bool(agent) or draw(st.booleans()),
        "agentId": agent,
        "message": {
            "model": draw(st.sampled_from(["claude-opus-4-5", "claude-haiku-4-5", "nobody-knows"])),
            "id": draw(st.sampled_from(["msg_1", "msg_1", "msg_2", "gen-1", ""])),
            "role": "assistant",
            "content": [
                {"type": kind} for kind in draw(st.sampled_from([["text"], ["fallback"], ["text", "fallback"]]))
            ],
            "stop_reason": draw(st.sampled_from([None, "end_turn"])),
            "usage": used,
        },
        "type": "assistant",
        "timestamp": draw(st.sampled_from([timestamp(time_ms)] * 6 + [None, time_ms])),
        "cwd": draw(st.sampled_from([cwd, cwd, "/p", "/q"])),
        "sessionId": session,
        "version": draw(st.sampled_from(["2.1.20", "2.1.329"])),
        **draw(st.sampled_from([{}, {}, {"forkedFrom": {"sessionId": "s1"}}, {"requestId": "req_1"}])),
    }
    if not agent:
        del row["agentId"]
    return line(row)


@st.composite
def homes(draw: st.DrawFn) -> dict[Path, Lines]:
    """The transcripts of a few sessions and their sub-agents, some of them in two places."""
    found: dict[Path, Lines] = {}
    for number in range(draw(st.integers(1, 4))):
        session = draw(st.sampled_from(["s1", "s2", "s3"]))
        agent = draw(st.sampled_from(["", "", "a", "b"]))
        cwd = draw(st.sampled_from(["/p", "/q", "/r"]))
        told = draw(st.lists(usage_lines(session, agent, cwd), min_size=1, max_size=5))
        start = {"type": "user", "sessionId": session, "cwd": cwd, "timestamp": timestamp(NOW_MS), "isSidechain": False}
        if agent:
            start |= {"isSidechain": True, "agentId": agent}
        if agent or draw(st.booleans()):
            told.insert(0, line(start))
        name = f"{session}/subagents/agent-{agent}.jsonl" if agent else f"{session}.jsonl"
        found.setdefault(Path("projects", f"-{number}", name), told)
    return found


def written(home: dict[Path, Lines], folder: Path) -> Path:
    for path, lines in home.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"".join(lines))
    return folder


@settings(max_examples=120, deadline=None)
@given(homes(), st.sampled_from(MOVES))
def test_made_up_logs_count_the_same_wherever_they_lie(
    tmp_path_factory: pytest.TempPathFactory, home: dict[Path, Lines], move: Move
) -> None:
    folder = tmp_path_factory.mktemp("home")
    names = {move(path, number).parent / move(path, number).name for number, path in enumerate(sorted(home))}
    if len(names) == len(home):
        here = written(home, folder / "here")
        assert_the_same(here, moved(here, folder / "there", move))


@settings(max_examples=120, deadline=None)
@given(homes(), st.integers(0, 10**6))
def test_made_up_logs_are_read_alike_both_ways_and_in_pieces(
    tmp_path_factory: pytest.TempPathFactory, home: dict[Path, Lines], cut: int
) -> None:
    folder = written(home, tmp_path_factory.mktemp("home"))
    whole = counted(folder)
    pieces = Store(PRICER, UTC)
    for path in sorted(folder.rglob("*.jsonl"), reverse=True):
        data = path.read_bytes()
        path.write_bytes(data[: cut % len(data)])
        found, since = differences(str(path))
        assert not found
        first = read_columns(str(path), keep_names=True)
        pieces.apply(str(path), first.columns, [first.facts])
        with path.open("ab") as log:
            log.write(data[cut % len(data) :])
        found, _ = differences(str(path), since)
        assert not found
        rest = read_columns(str(path), first.checkpoint, keep_names=True)
        pieces.apply(str(path), rest.columns, [rest.facts], is_whole=False)
    assert sums(pieces) == sums(whole)
    assert list_responses(pieces) == list_responses(whole) == reference(folder)


@settings(max_examples=120, deadline=None)
@given(files, st.randoms(use_true_random=False))
def test_the_store_sums_the_same_whatever_the_files_are_called(many: list[File], chance: random.Random) -> None:
    names = [f"/{chance.randrange(100)}/{number}.jsonl" for number in range(len(many))]
    renamed = [file._replace(path=name) for file, name in zip(many, chance.sample(names, len(names)), strict=True)]
    here, there = filled(many), filled(chance.sample(renamed, len(renamed)), chunks=chance.randint(1, 3))
    assert sums(there) == sums(here)
    assert placeless(list_responses(there)) == placeless(list_responses(here))


ONE = {"input": 4, "output": 30, "write_1h": 4}


@pytest.mark.parametrize(
    "pair",
    [
        (usage(**ONE), usage(**{**ONE, "write_1h": 0, "write_5m": 4})),
        (usage(**ONE), usage(**{**ONE, "input": 0, "read": 4})),
        (usage(**ONE, server_tool_use={"web_search_requests": 1}), usage(**ONE)),
    ],
)
def test_of_usual_rows_that_tie_the_same_counts_in_any_order(
    claude_home: ClaudeHome, tmp_path: Path, pair: tuple[dict[str, Any], ...]
) -> None:
    other = ClaudeHome(tmp_path / "other")
    for home, order in ((claude_home, pair), (other, pair[::-1])):
        home.append(assistant("msg_0", NOW_MS, usage(1, 1)))  # what comes first is not read the fast way
        for number, used in enumerate(order):
            home.append(assistant("msg_1", NOW_MS + number, used))
        assert not differences(str(home.path()))[0]
    want, got = (list_responses(counted(home.folder)) for home in (claude_home, other))
    assert [one.usage for one in got] == [one.usage for one in want]
    assert want[1].usage == Usage(4, 30, 0, 4, 0, want[1].usage.web_search)


def test_rows_that_wait_for_a_time_wait_from_one_read_to_the_next(claude_home: ClaudeHome) -> None:
    advised = [{"type": "advisor_message", "model": "m", "input_tokens": 5}]
    path = claude_home.append(assistant("msg_1", 0, usage(1, 2, iterations=advised), timestamp=None))
    first = read_columns(str(path))
    found, since = differences(str(path))
    assert (found, len(first.columns)) == ([], 0)
    claude_home.append(assistant("msg_2", NOW_MS, usage(1, 2)))
    assert differences(str(path), since)[0] == []
    rest = read_columns(str(path), first.checkpoint)
    assert list(rest.columns.time) == [NOW_MS, NOW_MS]
    assert [extra.usage for (extra,) in rest.columns.extras.values()] == [Usage(5)]
