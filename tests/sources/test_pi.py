from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from claude_tui.model import ProblemKind, Usage
from claude_tui.sources.pi import PiSource
from claude_tui.sources.protocol import FileRead, SourceConfig

SOURCE = PiSource()
BEGAN, AT = "2026-11-29T22:56:28.076Z", "2026-11-29T22:56:35.411Z"
NAME = "2026-11-29T22-56-28-076Z_s1.jsonl"


def session(**more: Any) -> dict[str, Any]:
    return {"type": "session", "version": 3, "id": "s1", "timestamp": BEGAN, "cwd": "/home/me/code"} | more


def usage(**more: Any) -> dict[str, Any]:
    return {"input": 10, "output": 20, "cacheRead": 30, "cacheWrite": 40, "cost": {"total": 0.0123}} | more


def answer(id: str = "a1", at: str = AT, **more: Any) -> dict[str, Any]:
    message = {
        "role": "assistant", "provider": "openai", "model": "gpt-5.5", "usage": usage(), "responseId": f"resp_{id}",
        "stopReason": "toolUse", "timestamp": 1,
    } | more  # fmt: skip
    return {"type": "message", "id": id, "timestamp": at, "message": message}


def read(root: Path, *records: object, name: str = NAME) -> FileRead:
    path = root / "sessions" / "--home-me-code--" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    (file,) = [file for file in SOURCE.discover(root) if file.path == str(path)]
    return SOURCE.read(file)


def test_an_answer_is_counted_at_the_cost_that_was_logged(tmp_path: Path) -> None:
    found = read(tmp_path, session(), answer(usage=usage(cacheWrite1h=15)))
    (row,) = found.rows
    assert row.usage == Usage(input=10, output=20, cache_write_5m=25, cache_write_1h=15, cache_read=30)
    assert (row.session, row.cwd, row.model, row.reported_nano) == ("s1", "/home/me/code", "openai/gpt-5.5", 12_300_000)
    assert (found.facts.last_kind, found.facts.context_tokens) == ("tool_use", 80)


def test_a_cost_of_nothing_is_no_cost_and_a_call_that_failed_counts_nothing(tmp_path: Path) -> None:
    nothing = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0, "cost": {"total": 0}}
    found = read(tmp_path, session(), answer(usage=usage(cost={"total": 0})), answer("a2", usage=nothing))
    assert [(row.key.partition("/")[0], row.reported_nano) for row in found.rows] == [("resp_a1", None)]


def test_the_rows_of_a_fork_are_the_same_ones_and_copies(tmp_path: Path) -> None:
    (first,) = read(tmp_path, session(), answer()).rows
    began_later = session(id="s2", timestamp="2026-11-29T23:00:00.000Z", parentSession="/gone/s1.jsonl")
    later = answer("a2", "2026-11-29T23:00:01.000Z")
    copied, own = read(tmp_path, began_later, answer(), later, name="2026-11-29T23-00-00-000Z_s2.jsonl").rows
    assert (copied.key, copied.is_copy, own.is_copy) == (first.key, True, False)
    assert own.session == "s2"


def test_summaries_and_calls_aside_count_at_their_model_or_the_chosen_one(tmp_path: Path) -> None:
    chosen = {"type": "model_change", "timestamp": BEGAN, "provider": "anthropic", "modelId": "claude-opus-4-8"}
    squeeze = {"type": "compaction", "id": "c1", "timestamp": AT, "usage": usage()}
    warm = {"type": "usage", "kind": "cache_warm", "id": "u1", "timestamp": AT, "provider": "openai", "model": "gpt-5"}
    found = read(tmp_path, session(), chosen, squeeze, warm | {"usage": usage()}, {"type": "branch_summary", "id": "b"})
    assert [row.model for row in found.rows] == ["anthropic/claude-opus-4-8", "openai/gpt-5"]
    assert (found.facts.compactions, list(found.problems)) == (1, [])


def test_what_is_not_understood_is_told_with_its_place(tmp_path: Path) -> None:
    head = session(version=4)
    strange = {"type": "telepathy", "usage": usage()}
    found = read(tmp_path, head, strange, answer("a1", usage=None), answer("a2", usage=usage(input="9")), answer("a3"))
    assert [row.key.partition("/")[0] for row in found.rows] == ["resp_a3"]
    assert [(one.kind, one.detail.partition(":")[0]) for one in found.problems] == [
        (ProblemKind.UNKNOWN_SHAPE, "format 4"),
        (ProblemKind.UNKNOWN_SHAPE, "usage in a row of unknown type 'telepathy'"),
        (ProblemKind.UNKNOWN_SHAPE, "an answer without usage"),
        (ProblemKind.BAD_COUNT, "input is no count"),
    ]
    assert [one.offset for one in found.problems][:2] == [0, len(json.dumps(head)) + 1]


def test_a_folder_of_sessions_alone_is_one_too(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps(session()) + "\n")
    (tmp_path / "other.jsonl").write_text("{}\n")
    assert [Path(file.path).name for file in SOURCE.discover(tmp_path)] == [NAME]


def test_roots() -> None:
    home = Path("/home/me")
    assert SOURCE.roots(SourceConfig(home)) == [home / ".pi" / "agent"]
    assert SOURCE.roots(SourceConfig(home, {"PI_CODING_AGENT_DIR": "/srv"})) == [Path("/srv")]
    both = {"PI_CODING_AGENT_DIR": "/srv", "PI_CODING_AGENT_SESSION_DIR": "/talks"}
    assert SOURCE.roots(SourceConfig(home, both)) == [Path("/talks"), Path("/srv")]
