"""What a session was asked first, in the logs of every client that has rows for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from claude_tui.clients import CLIENTS
from claude_tui.sources.claude.prompts import prompt_of
from claude_tui.sources.registry import load
from claude_tui.sources.turns.first_prompt import MOST_WORDS, first_prompt, words_of
from tests.captured import GOLDEN
from tests.logs import line

LOGS = {
    "claude": "claude/*/**/projects/*/*-*-*-*-*.jsonl",
    "codex": "codex/*/**/rollout-*.jsonl",
    "copilot": "copilot/*/**/events.jsonl",
    "kimi": "kimi/*/**/main/wire.jsonl",
    "pi": "pi/*/**/sessions/*/*.jsonl",
    "qwen": "qwen/*/**/chats/*.jsonl",
}
OF_CLIENTS = re.compile(r"<|# AGENTS|Caveat:|You are ")
"""How texts begin that clients write themselves."""


@pytest.mark.parametrize("client", [name for name, client in CLIENTS.items() if client.prompt_of])
def test_captured_sessions_are_called_by_what_a_person_asked(client: str) -> None:
    logs = sorted(GOLDEN.glob(LOGS[client]))
    found = {str(path): first_prompt(str(path), load(CLIENTS[client].prompt_of)) for path in logs}
    assert len(logs) > 1 and sum(map(bool, found.values())) > len(found) * 0.7, found
    assert not [words for words in found.values() if OF_CLIENTS.match(words)]
    assert any("[[scn:" in words for words in found.values()), "the prompts the sets were captured with"


def user(content: object, **fields: Any) -> dict[str, Any]:
    return {"type": "user", "message": {"role": "user", "content": content}, **fields}


@pytest.mark.parametrize(
    ("row", "prompt"),
    [
        (user("Fix the test"), "Fix the test"),
        (user([{"type": "text", "text": "Fix"}, {"type": "image"}, {"type": "text", "text": "this"}]), "Fix this"),
        (user([{"type": "tool_result", "content": "no"}]), ""),
        (user("caveat", isMeta=True), ""),
        (user("a summary", isCompactSummary=True), ""),
        (user("side", isSidechain=True), ""),
        (user("<command-name>/clear</command-name>\n<command-args></command-args>"), ""),
        (user("<command-name>/review</command-name>\n<command-args>the diff</command-args>"), "/review the diff"),
        (user("<local-command-stdout>Compacted</local-command-stdout>"), ""),
        (user("<ide_opened_file>a.py</ide_opened_file> rename it"), "rename it"),
        (user(None), ""),
        ({"type": "assistant", "message": {"content": "no"}}, ""),
    ],
)
def test_only_what_a_person_wrote_is_a_prompt(row: dict[str, Any], prompt: str) -> None:
    assert words_of(prompt_of(row)).strip() == prompt


def test_a_prompt_is_one_short_line_that_is_safe_to_show() -> None:
    words = words_of("Fix\n\n  \x1b[2J\u202ethis " + "and that " * 5_000)
    assert words.startswith("Fix \ufffd[2J\ufffdthis and") and len(words) == MOST_WORDS and "\n" not in words
    assert words_of("<" * 100_000) == words_of("<a>" * 50_000) == ""


def test_lines_that_are_broken_or_open_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b'{"type":"user"\n[1,"user"]\n' + line(user("Fix it")) + line(user("later"))[:-1])
    assert first_prompt(str(path), prompt_of) == "Fix it"
    path.write_bytes(line(user("not whole"))[:-1])
    assert first_prompt(str(path), prompt_of) == ""
