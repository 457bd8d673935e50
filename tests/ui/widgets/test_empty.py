from __future__ import annotations

from claude_tui.model import ProblemKind
from claude_tui.ui.widgets.empty import message
from tests.replacing import replace
from tests.ui.fakes import snapshot


def test_no_logs_are_of_no_client() -> None:
    told = message(replace(snapshot(), problems={}), 80).plain
    assert told.startswith("No logs found yet\n")


def test_logs_of_which_nothing_counts_are_not_said_to_be_missing() -> None:
    told = message(replace(snapshot(), problems={ProblemKind.UNRECOGNISED.value: 7}), 80).plain
    assert told.startswith("Logs found, but nothing in them is counted: 7 problems\n")
    assert "claude-top doctor  says why" in told
