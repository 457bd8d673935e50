"""A report as text or CSV is printed again as one in JSON is; the terminal it is drawn for is part of the question."""

from __future__ import annotations

import pytest

from claude_tui.cli import main, streams
from claude_tui.engine.count import UNSAVED_BYTES
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_763_000_000_000
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def history(claude_home: ClaudeHome) -> ClaudeHome:
    much = {"type": "user", "text": "x" * UNSAVED_BYTES}
    claude_home.append(assistant("msg_1", NOON, usage(input=10, output=20), cwd="/home/\ud83d/\x1b[1m\u65e5"), much)
    claude_home.append(assistant("msg_2", NOON, usage(output=5), model="a-model-with-a-name-of-many-words"))
    return claude_home


def printed(capsys: Capture, *options: str) -> str:
    assert main(["report", *options]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--by", "model"], ["--by", "session", "--csv"], ["--by", "project", "--csv"]])
def test_it_is_printed_again_without_a_count(
    history: ClaudeHome, capsys: Capture, counts: list[object], options: list[str]
) -> None:
    first = [printed(capsys, *options) for _ in range(3)]
    assert first == [first[0]] * 3 and "25" in first[0].replace("20", "25")
    assert len(counts) == 2
    history.append(assistant("msg_3", NOON + 1, usage(output=100)))
    assert printed(capsys, *options) != first[0]
    assert len(counts) == 3


def test_every_terminal_has_its_own_answer(
    history: ClaudeHome, capsys: Capture, monkeypatch: pytest.MonkeyPatch, counts: list[object]
) -> None:
    places = [
        (is_terminal, columns, no_colour)
        for is_terminal in (False, True)
        for columns in ("", "44", "60", "120")
        for no_colour in ("", "1")
    ]

    def shown(is_terminal: bool, columns: str, no_colour: str, *, is_new: bool) -> str:
        monkeypatch.setattr(streams, "is_terminal", lambda: is_terminal)
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setenv("NO_COLOR", no_colour)
        before = len(counts)
        text = printed(capsys, "--by", "model")
        assert len(counts) - before <= is_new
        return text

    printed(capsys)
    fresh = {place: shown(*place, is_new=True) for place in places}
    again = {place: shown(*place, is_new=False) for place in places}
    assert again == fresh
    assert len(set(fresh.values())) == 3 + 3 * 2, "in 44 columns none has lines, a pipe of 120 is as wide as the table"
