"""How much of an output was reasoning is the same whichever row says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_tui.engine.count import count as counted
from claude_tui.engine.queries.logged import logged_facts, reasoning_tokens
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.setup import Setup
from claude_tui.model import Response
from claude_tui.sources.protocol import SourceConfig
from tests.engine.counting import PRICER, UTC, here
from tests.sources.codex.logs import Record, count, meta, plus, told, turn, usage, write

A = usage(1000, 50, cached=200, reasoning=20)
B = usage(2000, 100, cached=1500, reasoning=40)
NOTHING = usage(0, 0)
TOLD: dict[str, list[Record]] = {
    "by the last response": [meta("t"), turn(), count(A, A, 1), count(plus(A, B), B, 2)],
    "by the sums before and after": [meta("t"), turn(), count(A, NOTHING, 1), count(plus(A, B), NOTHING, 2)],
    "before the model": [meta("t"), count(A, A, 1), turn(second=2), count(plus(A, B), B, 3)],
    "by records": [meta("t"), turn(), told("t", "r1", A, second=1), told("t", "r2", B, second=2)],
}


def responses_in(home: Path) -> list[Response]:
    config = SourceConfig(home=home, env={}, explicit={"codex": (home,)}, sources=("codex",))
    return list_responses(counted(Setup(config, PRICER, UTC), processes=here()))


@pytest.mark.parametrize("how", TOLD)
def test_reasoning_is_found_however_it_is_told(tmp_path: Path, how: str) -> None:
    write(tmp_path, "t", TOLD[how])
    responses = responses_in(tmp_path)
    assert sorted(reasoning_tokens(responses).values()) == [20, 40]
    assert sorted(facts.reasoning or 0 for facts in logged_facts(responses).values()) == [20, 40]


def test_a_rollout_that_is_gone_says_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "t", TOLD["before the model"])
    responses = responses_in(tmp_path)
    path.unlink()
    assert reasoning_tokens(responses) == {}
