"""Which files of a ledger belong to a count."""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_tui.engine.ledger import scope_of
from claude_tui.engine.ledger.file.book import FileKey
from claude_tui.engine.scan.discovery import roots_of
from claude_tui.sources.protocol import SourceConfig


@pytest.mark.parametrize("home", ["home", "./home", "other/../home"])
def test_a_home_named_in_another_way_has_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.chdir(tmp_path)
    key = FileKey("here", "codex", str(tmp_path / "home/.codex/sessions/rollout-x.jsonl"))
    for named in (Path(home), tmp_path / home):
        config = SourceConfig(home=named, sources=("codex",))
        assert scope_of(config, roots_of(config)).covers(key, "here")
