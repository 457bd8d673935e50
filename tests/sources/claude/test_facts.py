"""What a transcript says beside usage, read whole and read as it grows."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.state.facts import FactBook
from claude_tui.sources.claude import ClaudeSource
from claude_tui.sources.protocol import Checkpoint, FileFacts, LogFile
from tests.engine.counting import GOLDEN_SETS
from tests.logs import ClaudeHome, assistant, timestamp, usage

T = 1_780_000_000_000
SOURCE = ClaudeSource()


def logs(home: Path) -> list[LogFile]:
    return list(SOURCE.discover(home / "projects"))


def facts_of(home: ClaudeHome) -> FileFacts:
    (file,) = logs(home.folder)
    return SOURCE.read(file).facts


def prompt(time_ms: int, **more: Any) -> dict[str, Any]:
    row = {"type": "user", "sessionId": "s1", "cwd": "/p", "timestamp": timestamp(time_ms), "message": {"content": "?"}}
    return {**row, **more}


def tool_result(time_ms: int) -> dict[str, Any]:
    return prompt(time_ms, message={"content": [{"type": "tool_result"}]})


def test_the_newest_turn_says_who_is_to_move(claude_home: ClaudeHome) -> None:
    answer = assistant("msg_1", T + 1, usage(10, 2, read=5))
    call = assistant("msg_2", T + 2, usage(10, 2))
    call["message"]["content"] = [{"type": "text"}, {"type": "tool_use"}]
    want = [(prompt(T), "user"), (answer, "assistant"), (call, "tool_use"), (tool_result(T + 3), "tool_result")]
    for row, kind in want:
        claude_home.append(row)
        assert facts_of(claude_home).last_kind == kind
    claude_home.append(assistant("msg_3", T + 9, usage(1), isSidechain=True))
    assert (facts_of(claude_home).last_kind, facts_of(claude_home).last_ms) == ("tool_result", T + 9)
    claude_home.append(prompt(T - 5))
    assert (facts_of(claude_home).last_kind, facts_of(claude_home).last_ms) == ("user", T + 9)


def test_the_context_is_the_newest_prompt_of_the_main_chain(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", T, usage(10, 2, 3, 4, 50)))
    claude_home.append(assistant("msg_2", T + 1, usage(999), isSidechain=True), assistant("msg_3", T + 2, usage()))
    facts = facts_of(claude_home)
    assert (facts.context_tokens, facts.context_model) == (67, "claude-sonnet-4-5-20250929")


def test_of_requests_the_server_looped_over_the_last_fills_the_context(claude_home: ClaudeHome) -> None:
    first, compacted, last = usage(10, 2, read=150_000), usage(7, 3, read=190_000), usage(20, 2, write_1h=100_000)
    passes = [{**first, "type": "message"}, {**compacted, "type": "compaction"}, {**last, "type": "message"}]
    claude_home.append(assistant("msg_1", T, usage(30, 4, write_1h=100_000, read=150_000, iterations=passes)))
    facts = facts_of(claude_home)
    assert (facts.context_tokens, facts.largest_prompt) == (100_020, 150_010)


def test_an_attempt_another_model_took_over_is_no_context(claude_home: ClaudeHome) -> None:
    declined = {"type": "message", "model": "claude-fable-5", **usage(300_000, 0)}
    served = {"type": "fallback_message", "model": "claude-opus-4-8", **usage(50, 1)}
    claude_home.append(assistant("msg_1", T, usage(50, 1, iterations=[declined, served]), model="claude-opus-4-8"))
    assert (facts_of(claude_home).context_tokens, facts_of(claude_home).largest_prompt) == (50, 50)


def test_a_name_the_user_gave_beats_one_a_model_made(claude_home: ClaudeHome) -> None:
    titles: list[tuple[dict[str, object], str]] = [
        ({"type": "summary", "summary": "sum"}, "sum"),
        ({"type": "ai-title", "aiTitle": "made"}, "made"),
        ({"type": "custom-title", "customTitle": "mine"}, "mine"),
        ({"type": "ai-title", "aiTitle": "made again"}, "mine"),
        ({"type": "custom-title", "customTitle": "mine again"}, "mine again"),
        ({"type": "summary", "summary": "sum again"}, "mine again"),
        ({"type": "custom-title", "customTitle": ["x"]}, "mine again"),
    ]
    for row, title in titles:
        claude_home.append(row)
        assert facts_of(claude_home).title == title


def test_compactions_branch_and_version(claude_home: ClaudeHome) -> None:
    compacted = {"type": "system", "subtype": "compact_boundary"}
    claude_home.append(prompt(T, gitBranch="old", version="2.0.0"), compacted)
    claude_home.append(prompt(T, gitBranch="new", version="2.0.0"), compacted)
    facts = facts_of(claude_home)
    assert (facts.compactions, facts.branch, facts.version, facts.cwd) == (2, "new", "2.0.0", "/p")


def test_a_sub_agent_names_its_parent_and_its_type(claude_home: ClaudeHome) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1), agentId="a1"), agent="a1")
    path.with_suffix("").with_suffix(".meta.json").write_text('{"agentType": "Explore"}')
    facts = facts_of(claude_home)
    assert (facts.session, facts.parent, facts.agent, facts.agent_type) == ("", "s1", "a1", "Explore")


@pytest.mark.parametrize("kind", ["fifo", "folder", "loop", "garbage", "list", "deep", "bytes"])
def test_a_strange_file_beside_a_sub_agent_is_passed_over(claude_home: ClaudeHome, kind: str) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1), agentId="a1"), agent="a1")
    meta = path.with_name("agent-a1.meta.json")
    if kind == "fifo":
        os.mkfifo(meta)
    elif kind == "folder":
        meta.mkdir()
    elif kind == "loop":
        meta.symlink_to(meta)
    else:
        meta.write_bytes({"garbage": b"{", "list": b"[1]", "deep": b"[" * 500_000, "bytes": b"\xff\xfe"}[kind])
    assert facts_of(claude_home).agent_type == ""


def grown(file: LogFile, cuts: list[int]) -> FileFacts:
    """The facts after reading a file as it was when it had each of these sizes."""
    path = Path(file.path)
    data = path.read_bytes()
    book = FactBook()
    since: Checkpoint | None = None
    path.write_bytes(b"")
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        with path.open("ab") as log:
            log.write(data[start:end])
        found = SOURCE.read(file, since)
        assert not found.restarted
        book.learn("claude", file.path, found.facts, is_whole=since is None)
        since = found.checkpoint
    (merged,) = [*book.sessions.values(), *book.agents.values()]
    return merged


@pytest.mark.parametrize("seed", range(8))
def test_facts_of_a_file_that_grew_are_those_of_the_whole_file(claude_home: ClaudeHome, seed: int) -> None:
    chance = random.Random(seed)
    makers = [
        lambda t: prompt(t, gitBranch=f"b{t}"),
        lambda t: assistant(f"msg_{t}", t, usage(t % 100, 1), cwd=f"/c{t}"),
        lambda t: {"type": "system", "subtype": "compact_boundary"},
        lambda t: {"type": "custom-title", "customTitle": f"mine {t}"},
        lambda t: {"type": "ai-title", "aiTitle": f"made {t}"},
        tool_result,
    ]
    claude_home.append(prompt(T, cwd="/first"))
    claude_home.append(*(chance.choice(makers)(T + chance.randrange(1000)) for _ in range(30)))
    (file,) = logs(claude_home.folder)
    whole = SOURCE.read(file).facts
    for _ in range(10):
        cuts = sorted(chance.sample(range(file.size), 4))
        assert grown(file, cuts) == whole


@pytest.mark.parametrize("folder", GOLDEN_SETS, ids=lambda folder: folder.name)
def test_facts_of_real_files_that_grew(folder: Path, tmp_path: Path) -> None:
    chance = random.Random(folder.name)
    for number, original in enumerate(logs(folder)):
        copy = tmp_path / str(number) / Path(original.path).name
        copy.parent.mkdir()
        copy.write_bytes(Path(original.path).read_bytes())
        file = original._replace(path=str(copy))
        whole = SOURCE.read(file).facts
        if file.size and (whole.session or whole.parent):
            assert grown(file, sorted(chance.sample(range(original.size), 3))) == whole


def test_facts_of_several_files_of_a_session_are_the_same_in_any_order() -> None:
    files = {
        "/b/s.jsonl": FileFacts("s", cwd="/b", title="b", last_ms=5, compactions=2),
        "/a/s.jsonl": FileFacts("s", cwd="/a", title="a", last_ms=5, branch="x"),
        "/c/s.jsonl": FileFacts("s", last_ms=1, version="2", last_kind="user"),
    }
    found = []
    for order in (list(files), list(reversed(files)), sorted(files)):
        book = FactBook()
        for path in (*order, order[0]):
            book.learn("claude", path, files[path])
        found.append(book.sessions["claude", "s"])
        assert book.project(("claude", "s")) == "/a"
    assert found[0] == found[1] == found[2]
    assert (found[0].title, found[0].branch, found[0].version, found[0].compactions) == ("b", "x", "2", 2)


def test_what_is_remembered_does_not_depend_on_what_was_told_first(claude_home: ClaudeHome) -> None:
    title = {"type": "custom-title", "customTitle": "T"}
    other = ClaudeHome(claude_home.folder.with_name("other"))
    compaction = {"type": "system", "subtype": "compact_boundary"}
    claude_home.append(prompt(T), title, compaction, assistant("msg_1", T + 1, usage(10, 2)))
    other.append(prompt(T), compaction, title, assistant("msg_1", T + 1, usage(10, 2)))
    one, two = (SOURCE.read(logs(home.folder)[0]).checkpoint.state for home in (claude_home, other))
    assert one == two and '"title":"T"' in one
    (file,) = logs(other.folder)
    assert SOURCE.read(file, SOURCE.read(file).checkpoint).checkpoint.state == two
