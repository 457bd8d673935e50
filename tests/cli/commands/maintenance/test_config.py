from __future__ import annotations

import re
from pathlib import Path

import pytest

from claude_tui.cli import main
from claude_tui.ui.configuration.names import column_ids, theme_names
from claude_tui.ui.settings.declared import KEYS
from claude_tui.ui.settings.file import Settings, load
from claude_tui.ui.settings.keys import BY_ID
from tests.cli.program import run

BAD = """theme = "x"
[screen]
theme = "nrod"
view = "dayz"
interval_s = inf
tree = "yes"
colour = 1
[keys]
pauze = "f12"
quit = 7
[columns]
live = [
  "branch",
  "nope",
]
weeks = ["a"]
sessions = "age"
[budgets]
day = "much"
projects."/a b" = { week = true }
"""


def checked(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = main(["config", "check", str(path)])
    return code, capsys.readouterr().out.splitlines()


def test_what_is_printed_is_a_file_that_says_the_defaults_and_nothing_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(run("config").stdout)
    assert load(path) == (Settings(), [])
    assert checked(path, capsys) == (0, [f"{path}: nothing wrong"])
    text = path.read_text()
    for name in [*theme_names(), *BY_ID, *column_ids(), *(one for ids in column_ids().values() for one in ids)]:
        assert re.search(rf"\b{re.escape(name)}\b", text), name
    for key in KEYS:
        assert key.example in text


def test_every_example_is_valid_when_it_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    text = re.sub("(?m)^# ", "", run("config").text)
    text = re.sub(r"(?m)^## Example: (\w+ = .*)\n\w+ = .*$", r"\1", text)
    path.write_text(text)
    assert checked(path, capsys) == (0, [f"{path}: nothing wrong"])
    settings, _ = load(path)
    assert (settings.theme, settings.period, settings.view, settings.interval_s) == ("nord", "30d", "days", 2)
    assert settings.ascii and settings.tree and settings.keys and settings.columns
    assert [budget.name for budget in settings.budgets] == [
        "day", "week", "month", "day /home/me/webshop", "month /home/me/webshop",
    ]  # fmt: skip


def test_every_mistake_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(BAD)
    code, lines = checked(path, capsys)
    assert code == 1
    assert [line.removeprefix(f"{path}:").split(": ")[:2] for line in lines] == [
        ["1", "theme"],
        ["3", "screen.theme"],
        ["4", "screen.view"],
        ["5", "screen.interval_s"],
        ["6", "screen.tree"],
        ["7", "screen.colour"],
        ["9", "keys.pauze"],
        ["10", "keys.quit"],
        ["12", "columns.live"],
        ["16", "columns.weeks"],
        ["17", "columns.sessions"],
        ["19", "budgets.day"],
        ["20", 'budgets.projects."/a b".week'],
    ]
    assert "did you mean nord?" in lines[1] and "did you mean pause?" in lines[6] and "nope" in lines[8]


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb = ]\n", 2), ("a = 1\nb = [\n", 2), ("[a]\n[a]\n", 2)])
def test_what_is_not_toml_is_said_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: int
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    code, said = checked(path, capsys)
    assert code == 1
    assert len(said) == 1 and said[0].startswith(f"{path}:{line}: not TOML: ")


def test_names_cannot_move_the_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[keys]\n"\\u001b[2J" = "x"\n[columns]\n"a\\nb" = ["\\u001b"]\n')
    code, lines = checked(path, capsys)
    assert code == 1 and len(lines) == 2
    assert "\x1b" not in "".join(lines)


def test_the_file_that_is_in_use_is_checked_where_none_is_named(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "check"]) == 0
    assert "the defaults are used" in capsys.readouterr().out
    path = own_home / ".config" / "claude-top" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[screen]\ntree = 1\n")
    assert main(["config", "check"]) == 1
    assert capsys.readouterr().out == f"{path}:2: screen.tree: 1 is neither true nor false\n"


def test_a_file_that_cannot_be_read_is_wrong_usage_and_one_line(tmp_path: Path) -> None:
    for name in ("missing", "."):
        found = run("config", "check", str(tmp_path / name))
        assert (found.code, found.stdout, found.stderr.count("\n")) == (2, b"", 1)
    (tmp_path / "latin").write_bytes(b"# \xe9\n")
    found = run("config", "check", str(tmp_path / "latin"))
    assert (found.code, found.stdout, found.stderr.count("\n")) == (1, b"", 1)
    assert "not UTF-8" in found.stderr
