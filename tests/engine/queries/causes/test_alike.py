"""Responses that are summed by the group give what dividing each gives, whatever is in the logs and is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from claude_tui.engine.queries.causes.alike import AlikeRows, Group
from claude_tui.engine.queries.causes.causes import Causes
from claude_tui.engine.queries.causes.dimensions import DIMENSIONS
from claude_tui.engine.state.store import Store
from claude_tui.model import Query
from tests.engine.counting import counted
from tests.engine.queries.causes.test_plain import of_all_models
from tests.engine.queries.causes.test_properties import corpus, lines_of_all_kinds, queries
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000
AGENTS = ("a1", "a2")
MODELS = ("claude-sonnet-4-5", "claude-opus-4-6")


def with_agents(folder: Path, random: Random) -> Store:
    """Sessions with tools, branches, skills and sub-agents, some of which start others; some prompts are long."""
    home = ClaudeHome(folder)
    for number in range(300):
        session, agent = random.choice(("s1", "s2")), random.choice(("", "", *AGENTS))
        names = random.choice(([], ["Bash"], ["mcp__files__read"], ["Bash", "Read"], ["Task"], ["Agent", "Task"]))
        calls = [
            {"type": "tool_use", "id": f"call_{number}_{at}", "name": name, "input": {"subagent_type": "explorer"}}
            for at, name in enumerate(names)
        ]
        counters = usage(random.randrange(9), random.randrange(5000), read=random.choice((0, 900, 300_000)))
        row = assistant(f"msg_{number}", T + 1000 * number, counters, session, model=random.choice(MODELS))
        row |= {"gitBranch": random.choice(("main", "ABC-7-fix")), "isSidechain": bool(agent)}
        row["message"]["content"] = calls
        if random.random() < 0.3:
            row["attributionSkill"] = random.choice(("tests:run", "review"))
        if agent:
            row["agentId"] = agent
            if random.random() < 0.5:
                row["attributionAgent"] = "tests:explorer"
        folder_name = random.choice(("-home-user-project", "-home-user-other"))
        home.append(row, session=session, agent=agent, project=folder_name)
        for call in calls[: random.randrange(3)]:
            is_failed, started = random.random() < 0.3, random.choice(AGENTS)
            result = {"type": "tool_result", "tool_use_id": call["id"], "is_error": is_failed, "content": "no"}
            answer = {
                "type": "user", "uuid": f"answer {call['id']}", "sessionId": session, "timestamp": row["timestamp"],
                "message": {"role": "user", "content": [result]}, "toolUseResult": {"agentId": started},
            }  # fmt: skip
            home.append(answer, session=session, agent=agent, project=folder_name)
    for number, path in enumerate(sorted(folder.rglob("agent-*.jsonl"))):
        path.with_suffix(".meta.json").write_text(f'{{"agentType": "type {number}"}}')
    return counted(folder)


@pytest.mark.parametrize("kind", ["seeds", "models", "agents"])
@pytest.mark.parametrize("seed", range(4))
def test_groups_give_what_each_response_does(
    seed: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    if kind == "seeds":
        corpus(random, tmp_path, lines_of_all_kinds())
        store = counted(tmp_path)
    else:
        store = (of_all_models if kind == "models" else with_agents)(tmp_path, random)
    asked = [(query, by) for query in queries(store) for by in DIMENSIONS]
    causes = Causes(store)
    together = [causes.table(query, by) for query, by in asked]
    monkeypatch.setattr(AlikeRows, "can_divide", staticmethod(lambda _: False))
    causes = Causes(store)
    for (query, by), found in zip(asked, together, strict=True):
        assert found == causes.table(query, by), (by, query)


def test_most_responses_are_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above is of nothing."""
    grouped, add = [0, 0], AlikeRows.add

    def noted(self: AlikeRows, rows: list[int]) -> list[int]:
        others = add(self, rows)
        grouped[0] += len(rows) - len(others)
        return others

    def whole(self: AlikeRows) -> Iterator[tuple[list[int], Group | None]]:
        for rows, group in groups(self):
            grouped[1] += group.responses if group is not None else 0
            yield rows, group

    groups = AlikeRows.groups
    monkeypatch.setattr(AlikeRows, "add", noted)
    monkeypatch.setattr(AlikeRows, "groups", whole)
    store = with_agents(tmp_path, Random(0))
    Causes(store).table(Query(), "tool")
    assert len(store.table) > grouped[0] > grouped[1] > len(store.table) // 4
