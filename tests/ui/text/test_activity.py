from __future__ import annotations

from itertools import product

import pytest

from claude_tui.model import Activity, SessionState
from claude_tui.ui.terminal.ascii import TABLE
from claude_tui.ui.text import activity
from claude_tui.widths import width as width_of

NOW_MS = 1_795_996_500_000
BLOCKED = Activity(SessionState.BLOCKED, "permission", tool="Bash", argument="make it", since_ms=NOW_MS - 12_000)
DOUBTFUL = Activity(SessionState.WORKING, doing="tool", since_ms=NOW_MS - 5_000, is_certain=False)
LIMITED = Activity(SessionState.LIMITED, since_ms=NOW_MS - 60_000, until_ms=NOW_MS + 2_580_000, error="rate_limit")
RETRYING = Activity(SessionState.RETRYING, since_ms=NOW_MS, until_ms=NOW_MS + 4_000, attempt=2, attempts=10)


@pytest.mark.parametrize(
    ("found", "width", "text"),
    [
        (BLOCKED, 30, "permission Bash 12s"),
        (BLOCKED, 16, "permission Bash"),
        (BLOCKED, 14, "permission 12s"),
        (BLOCKED, 7, "blocked"),
        (BLOCKED, 6, "12s"),
        (BLOCKED, 2, ""),
        (BLOCKED, -1, ""),
        (BLOCKED._replace(is_certain=False), 30, "permission Bash? 12s"),
        (BLOCKED._replace(why="question", tool="AskUserQuestion"), 30, "question 12s"),
        (BLOCKED._replace(why="dialog", tool=""), 30, "menu 12s"),
        (Activity(SessionState.WORKING, doing="tool", tool="Bash", since_ms=NOW_MS - 5_000), 15, "Bash 5s"),
        (Activity(SessionState.WORKING, doing="subagent", tool="Agent", since_ms=NOW_MS - 5_000), 15, "sub-agent 5s"),
        (Activity(SessionState.WORKING), 15, "working"),
        (DOUBTFUL, 8, "tool? 5s"),
        (DOUBTFUL, 6, "tool?"),
        (DOUBTFUL, 4, "? 5s"),
        (DOUBTFUL, 2, "?"),
        (DOUBTFUL._replace(tool="mcp__github__create"), 9, "working?"),
        (LIMITED, 30, "limited, 43m 00s left"),
        (LIMITED, 15, "limited 43m"),
        (RETRYING, 20, "retry 2/10 in 4s"),
        (Activity(SessionState.FAILED, error="rate_limit", since_ms=NOW_MS - 5_000), 30, "failed rate_limit 5s"),
        (Activity(SessionState.FINISHED, since_ms=NOW_MS - 5_000, background=("shell",)), 30, "finished +shell 5s"),
        (Activity(SessionState.DONE, since_ms=NOW_MS - 5_000), 30, "done"),
    ],
)
def test_as_much_is_said_as_there_is_room_for(found: Activity, width: int, text: str) -> None:
    assert activity.words(found, NOW_MS, width) == text


def test_what_is_not_certain_says_so_as_long_as_there_is_room_for_anything() -> None:
    for found, width in product((DOUBTFUL, BLOCKED._replace(is_certain=False)), range(1, 40)):
        assert "?" in activity.words(found, NOW_MS, width)
    assert activity.sentence(DOUBTFUL, NOW_MS) == "working (tool), or it waits for you, since 5s"


def test_words_never_are_wider_than_their_room() -> None:
    known = [BLOCKED, LIMITED, RETRYING, *(Activity(state) for state in SessionState)]
    for found, width in product(known, range(40)):
        assert width_of(activity.words(found, NOW_MS, width)) <= width


def test_states_are_told_apart_without_colours_and_in_ascii() -> None:
    glyphs = [glyph for glyph, _ in activity.SIGNS.values()] + [activity.sign(BLOCKED._replace(why="dialog"))[0]]
    assert len(set(glyphs)) == len(glyphs) == len({glyph.translate(TABLE) for glyph in glyphs})
    assert "".join(glyphs).translate(TABLE).isascii()
    assert all(width_of(glyph) == 1 for glyph in glyphs)


def test_what_waits_for_a_person_is_first_and_a_menu_is_not() -> None:
    working = Activity(SessionState.WORKING)
    menu = BLOCKED._replace(why="dialog")
    assert sorted([Activity(SessionState.DONE), menu, working, BLOCKED], key=activity.rank) == [
        BLOCKED, working, menu, Activity(SessionState.DONE),
    ]  # fmt: skip


def test_text_of_logs_is_made_safe() -> None:
    evil = BLOCKED._replace(tool="Ba\x1b[31msh", argument="rm\x07 -r", error="\x9b1m")
    assert "\x1b" not in activity.words(evil, NOW_MS, 60)
    assert not {"\x1b", "\x07", "\x9b"} & set(activity.sentence(evil, NOW_MS))
    assert "Bash: make it" in activity.sentence(BLOCKED, NOW_MS)
