from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.engine.ledger import Ledger
from claude_tui.paths import ledger_file
from tests.engine.ledgers import ran
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000


def examined(capsys: pytest.CaptureFixture[str]) -> Any:
    assert main(["doctor", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_it_names_the_line_that_was_skipped(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    good = assistant("msg_1", NOON, usage(output=2))
    path = claude_home.append(good)
    offset = path.stat().st_size
    claude_home.append(b'{"type": "assistant", "message": \xff}\n', assistant("msg_2", NOON, usage(output=3)))
    found = examined(capsys)
    assert found["problems"]["by_kind"] == {"malformed": 1}
    (problem,) = found["problems"]["listed"]
    assert (problem["path"], problem["offset"]) == (str(path), offset)
    assert main(["doctor"]) == 0
    assert f"{path} at byte {offset:,}" in capsys.readouterr().out


def test_it_says_how_sure_the_numbers_are(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(
        assistant("msg_1", NOON, usage(input=10, output=20)),
        assistant("msg_2", NOON, usage(input=20, output=10), model="house-model"),
    )
    found = examined(capsys)
    assert found["unpriced"] == {"responses": 1, "tokens": 30, "share": 0.5}
    assert found["client_versions"] == ["2.1.329"]
    assert "bundled" in found["prices"]["in_use"]


def test_it_lists_every_place(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2)))
    (tmp_path / "empty" / "projects").mkdir(parents=True)
    places = f"{claude_home.folder},{tmp_path / 'empty'},{tmp_path / 'gone'}"
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", places)
    roots = [root for root in examined(capsys)["roots"] if root["source"] == "claude"]
    assert [root["state"] for root in roots] == ["found", "empty", "missing"]
    assert roots[0]["files"] == 1 and roots[0]["newest"] is not None and roots[1]["newest"] is None


def test_it_says_which_line_keeps_more_history(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2)))
    (kept,) = examined(capsys)["retention"]
    assert (kept["days"], kept["is_set"]) == (30, False)
    assert main(["doctor"]) == 0
    assert '"cleanupPeriodDays": 3650' in capsys.readouterr().out
    (claude_home.folder / "settings.json").write_text('{"cleanupPeriodDays": 3650}')
    (kept,) = examined(capsys)["retention"]
    assert (kept["days"], kept["is_set"]) == (3650, True)
    assert main(["doctor"]) == 0
    assert "cleanupPeriodDays" not in capsys.readouterr().out


def test_without_logs_it_still_looks(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 3
    assert f"{own_home / '.claude' / 'projects'}: does not exist" in capsys.readouterr().out


def test_untrusted_names_are_shown_safely(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2), version="2.1.\x1b[31m"), b"{]\n", project="-\x1b]0;x")
    assert main(["doctor"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_it_counts_what_only_the_ledger_still_has(
    claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = claude_home.append(assistant("msg_1", NOON, usage(output=2)), assistant("msg_2", NOON, usage(output=2)))
    kept = claude_home.append(assistant("msg_3", NOON, usage(output=2), session="s2"), session="s2")
    ran(claude_home.folder, Ledger.open(ledger_file(), "here"))
    assert examined(capsys)["remembered"] == {"responses": 0, "files": 0}
    gone.unlink()
    assert examined(capsys)["remembered"] == {"responses": 2, "files": 1}
    kept.unlink()
    found = examined(capsys)
    assert (found["responses"], found["remembered"]) == (3, {"responses": 3, "files": 2})
    assert main(["doctor"]) == 0
    assert "only the ledger still has 3 responses from 2 files deleted or closed to us" in capsys.readouterr().out
    ledger_file().unlink()
    assert main(["doctor"]) == 3 and main(["report"]) == 3
