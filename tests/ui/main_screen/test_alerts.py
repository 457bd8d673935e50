"""Who is called for what, and what the terminal is sent for it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from claude_tui.model import Activity, NamedActivity, SessionState
from claude_tui.ui.main_screen.watches.alert_watch import AlertWatch
from claude_tui.ui.terminal.alerts import alert
from tests.ui.fakes import NOW_MS, FakeSource
from tests.ui.helpers import running, wait_until

S1 = ("claude", "s1")
WORKS = Activity(SessionState.WORKING, doing="model", since_ms=NOW_MS)
ASKS = Activity(SessionState.BLOCKED, "permission", tool="Bash", argument="secret", since_ms=NOW_MS)


def doing(activity: Activity) -> Mapping[tuple[str, str], NamedActivity]:
    return {S1: NamedActivity("one", activity)}


def test_who_waits_is_called_for_once_per_question_and_not_at_once() -> None:
    watch = AlertWatch(60)
    assert watch.news(doing(WORKS), NOW_MS) == []
    assert watch.news(doing(ASKS), NOW_MS + 1_999) == []
    assert watch.news(doing(ASKS), NOW_MS + 2_000) == ["one waits for you: permission for Bash"]
    assert watch.news(doing(ASKS), NOW_MS + 90_000) == []
    again = ASKS._replace(since_ms=NOW_MS + 95_000, why="question", tool="AskUserQuestion")
    assert watch.news(doing(again), NOW_MS + 97_000) == ["one waits for you: question"]
    assert watch.news(doing(again), NOW_MS + 98_000) == []


def test_what_is_there_at_the_start_a_menu_and_a_guess_call_nobody() -> None:
    watch = AlertWatch(60)
    assert watch.news(doing(ASKS), NOW_MS + 9_000) == []
    assert watch.news(doing(ASKS), NOW_MS + 10_000) == []
    assert watch.news(doing(ASKS._replace(why="dialog", since_ms=NOW_MS + 1)), NOW_MS + 20_000) == []
    assert watch.news(doing(ASKS._replace(is_certain=False, since_ms=NOW_MS + 2)), NOW_MS + 20_000) == []


@pytest.mark.parametrize(
    ("after_s", "state", "error", "calls"),
    [
        (59, SessionState.FINISHED, "", []),
        (60, SessionState.FINISHED, "", ["one: finished"]),
        (600, SessionState.FAILED, "rate_limit", ["one: failed rate_limit"]),
        (600, SessionState.LIMITED, "rate_limit", ["one: limited rate_limit"]),
        (600, SessionState.DONE, "", []),
    ],
)
def test_the_end_of_a_long_turn_is_told(after_s: int, state: SessionState, error: str, calls: list[str]) -> None:
    watch = AlertWatch(60)
    watch.news(doing(WORKS), NOW_MS)
    watch.news(doing(WORKS._replace(since_ms=NOW_MS + 30_000)), NOW_MS + 30_000)  # it works at something else
    ended = Activity(state, since_ms=NOW_MS + after_s * 1000, error=error)
    assert watch.news(doing(ended), NOW_MS + after_s * 1000) == calls
    assert watch.news(doing(ended), NOW_MS + after_s * 1000 + 1) == []


@pytest.mark.parametrize(
    ("mode", "env", "written"),
    [
        ("off", {}, ""),
        ("bell", {}, "\a"),
        ("desktop", {"TERM_PROGRAM": "iTerm.app"}, "\x1b]9;claude-top: one; two\x1b\\"),
        ("both", {"TERM": "foot"}, "\x1b]777;notify;claude-top;one, two\x1b\\\a"),
        ("desktop", {"TMUX": "/tmp/x"}, "\x1bPtmux;\x1b\x1b]9;claude-top: one; two\x1b\x1b\\\x1b\\"),
    ],
)
def test_what_a_terminal_is_sent(mode: str, env: dict[str, str], written: str) -> None:
    assert alert(mode, "one; two", env) == written


def test_a_name_cannot_end_the_notification() -> None:
    sent = alert("desktop", "a\x1b\\b\a\x9cc" + "x" * 500, {})
    assert sent.count("\x1b") == 2 and "\a" not in sent and "\x9c" not in sent and len(sent) < 200


class Looked(FakeSource):
    """Counts how often it was asked what sessions are doing."""

    looks = 0

    def activities(self) -> dict[tuple[str, str], NamedActivity]:
        self.looks += 1
        return super().activities()


async def test_the_app_rings_once_also_while_a_dialog_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claude_tui.ui.background.ALERT_EVERY_S", 0.01)
    source, now_ms = Looked(), [NOW_MS]
    async with running(source, clock=lambda: now_ms[0], alert="bell") as (app, pilot):
        sent: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", sent.append)
        await pilot.press("question_mark")
        await wait_until(pilot, lambda: source.looks > 1)
        source.active = dict(doing(ASKS))
        now_ms[0] += 5_000
        looks = source.looks
        await wait_until(pilot, lambda: source.looks > looks + 3)
        assert sent.count("\a") == 1


async def test_unless_it_is_wanted_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claude_tui.ui.background.ALERT_EVERY_S", 0.01)
    source = Looked()
    async with running(source) as (app, pilot):
        await pilot.press("question_mark", "escape")
        assert app.settings.alert == "off"
        assert source.looks == 0
