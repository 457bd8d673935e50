"""How many bytes a terminal is sent: counted on a pseudo-terminal of 120x36, not timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.logs import ClaudeHome, assistant, usage
from tests.ui.terminal import Terminal

VIEWS = {
    "live": "1",
    "models": "2",
    "projects": "3",
    "sessions": "4",
    "days": "5",
    "blocks": "6",
    "causes": "7",
    "plan": "8",
}
MOST_FOR_KEY = 2_000
MOST_FOR_VIEW = 25_000
MOST_FOR_ANSWER = 3_000
MODELS = ("claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001")


@pytest.fixture
def logs(claude_home: ClaudeHome) -> ClaudeHome:
    """Forty sessions of three models in eight projects, over forty days up to now."""
    now_ms = time.time_ns() // 1_000_000
    for number in range(40):
        claude_home.append(
            assistant(
                f"m{number}",
                now_ms - number * 86_000_000 - 600_000,
                usage(output=20_000 + 977 * number),
                cwd=f"/home/user/project-{number % 8}",
                sessionId=f"5e55{number:04d}-0000-4000-8000-000000000000",
                model=MODELS[number % 3],
            ),
            session=f"5e55{number:04d}",
        )
    return claude_home


def sent(terminal: Terminal, keys: str, is_so: Callable[[str], bool] = bool) -> int:
    """How many bytes come after keys until the screen is so, and nothing more comes."""
    before = len(terminal.received)
    terminal.press(keys)
    terminal.wait_for(is_so)
    terminal.wait_for_silence()
    return len(terminal.received) - before


def titled(name: str) -> Callable[[str], bool]:
    """Whether a view is on screen."""
    return lambda text: f"─ {'¹²³⁴⁵⁶⁷⁸'[int(VIEWS[name]) - 1]}{name}" in text


def differs(terminal: Terminal) -> Callable[[str], bool]:
    """Whether the screen is another than now."""
    before = terminal.text
    return lambda text: text != before


@pytest.mark.timeout(180)
def test_keys_views_and_answers_cost_few_bytes(own_home: Path, logs: ClaudeHome) -> None:
    counted: dict[str, int] = {}
    with Terminal(own_home, "--no-mouse") as terminal:
        terminal.wait_for(lambda text: "● live" in text and "40 msgs" in text, "the first picture")
        terminal.wait_for_silence()
        for name in ("models", "projects", "sessions", "days", "blocks", "causes", "plan", "live"):
            counted[f"{name}: view"] = sent(terminal, VIEWS[name], titled(name))
            if name == "live":  # all but one session are done
                counted["unfolded: view"] = sent(terminal, "d", lambda text: "d shows them" not in text)
            for step in ("j", "j", "k"):
                counted[f"{name}: {step}"] = number = sent(terminal, step)
                assert number or name in ("days", "blocks", "causes"), "there is another row to go to"
            answer = assistant(
                f"new-{name}", time.time_ns() // 1_000_000, usage(output=1_000), cwd="/home/user/project-1",
                model=MODELS[0], sessionId="5e550001-0000-4000-8000-000000000000",
            )  # fmt: skip
            before, is_drawn = len(terminal.received), differs(terminal)
            logs.append(answer, session="5e550001")
            terminal.wait_for(is_drawn, "an answer")
            terminal.wait_for_silence()
            counted[f"{name}: answer"] = len(terminal.received) - before
        assert terminal.leave() == 0
    for what, number in counted.items():
        most = {"view": MOST_FOR_VIEW, "answer": MOST_FOR_ANSWER}.get(what.split(": ")[1], MOST_FOR_KEY)
        assert number <= most, (what, counted)


def test_at_rest_nothing_is_sent(own_home: Path, claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=200_000), cwd="/home/user/webshop"))
    with Terminal(own_home, "--no-mouse") as terminal:
        terminal.wait_for(lambda text: "● live" in text and "$3.00" in text, "the first picture")
        terminal.wait_for_silence()
        before = len(terminal.received)
        terminal.wait_for_silence(3.0)
        assert len(terminal.received) == before
