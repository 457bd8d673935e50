"""`claude-top verify`: everything recounted by the plain definition."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from claude_tui import paths
from claude_tui.cli.environment import home
from claude_tui.engine.cache.given import Given
from claude_tui.engine.ledger import Ledger
from claude_tui.engine.setup import Setup
from claude_tui.engine.start import Opening
from claude_tui.sources.protocol import SourceConfig
from tests.cli.program import run
from tests.engine.counting import PRICER, UTC
from tests.engine.ledgers import piece, row
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000


@pytest.fixture
def logs(claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> ClaudeHome:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(claude_home.folder))
    for session in ("s1", "s2"):
        rows = (assistant(f"msg_{session}_{n}", T + n, usage(10, n), session=session) for n in range(9))
        claude_home.append(*rows, session=session)
    return claude_home


def test_logs_and_history_are_equal_in_every_way(logs: ClaudeHome) -> None:
    gone = logs.path("gone")
    Ledger.open().write([piece(str(gone), [row("msg_gone", 7)]), piece(str(logs.path("s1")), [row("msg_s1_8", 99)])])
    done = run("verify", "--json", "-z", "UTC")
    assert done.code == 0, done.stderr
    found = json.loads(done.text)
    assert (found["equal"], found["differing"]) == (True, 0)
    assert [way["responses"] for way in found["ways"]] == [19] * 3
    assert [way["output"] for way in found["ways"]] == [36 + 36 - 8 + 99 + 7] * 3
    assert "equal, response by response" in run("verify").text


def test_a_cache_that_says_something_else_is_told(logs: ClaudeHome) -> None:
    config = SourceConfig(home=home(), env=dict(os.environ))
    opening = Opening(Setup(config, PRICER, UTC, paths.cache_folder(), paths.ledger_file()))
    for task in opening.discover():
        found = opening.reader.read_all([task])
        opening.store.take_in(found)
        opening.note(found.outcomes[:1])
    opening.store.table.output[3] += 1_000
    assert opening.cache.save(opening.store, opening.seen, T, Given())
    done = run("verify", "-z", "UTC")
    assert done.code == 1
    assert "1 difference:" in done.text and "with the cache: response" in done.text


def test_where_there_is_nothing_to_count(own_home: Path) -> None:
    done = run("verify")
    assert done.code == 3 and done.stderr.splitlines()[-1].startswith("claude-top: no logs found")
