"""The drop-in beside the answers of the real ccusage, command by command and flag by flag."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from tests.reports.ccusage_dropin import COMMANDS, arguments_of, environment, recorded, write

ANSWERS = {version: recorded(version) for version in COMMANDS}

# What may differ, and why: our numbers are right there, and `explain` says what theirs leave out.
EXPLAINED = {
    "claude": "nothing$",
    "blocks": "nothing$",
    "18": r"(cost|Cost|costUSD)$",  # cache writes of an hour at the price of five minutes
    "gemini": r"(outputTokens|modelBreakdowns\[\d+\]\.outputTokens)$",  # thoughts, in ccusage's total alone
    # Reasoning as well, sessions copied into another, and a logged cost of 0 that is no price to us.
    "opencode": r"(Tokens|cost|Cost|unpricedModels|missingPricing|modelName)$",
    "codex": r"(costUSD|lastActivity)$",  # a record earlier by a millisecond
    # All clients: any of these, and so the order of models by cost.
    "": r"(Tokens|cost|Cost|lastActivity|unpricedModels|missingPricing|modelName)$",
}

WITH_SUBAGENT = ("2e51c74e-4ccb-4ecf-8913-ad8fa0036433",)  # a session to us, with the one it started inside


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dropin")
    write(folder)
    return folder


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith(("CLAUDE_", "XDG_"))]:
        monkeypatch.delenv(name)
    for name, value in environment(home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home)
    yield


def differences(theirs: Any, ours: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in sorted(theirs.keys() | ours.keys()):
            yield from differences(theirs.get(name, "absent"), ours.get(name, "absent"), f"{path}.{name}")
    elif isinstance(theirs, list) and isinstance(ours, list) and (len(theirs) == len(ours) or has_sessions(theirs)):
        if len(theirs) != len(ours):  # copies counted again, or one we do not split: what both have must be alike
            theirs, ours = in_both(theirs, ours)
        for number, (left, right) in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(left, right, f"{path}[{number}]")
    elif is_number(theirs) and is_number(ours):
        if theirs != pytest.approx(ours, abs=2e-9):
            yield path, theirs, ours
    elif theirs != ours:
        yield path, theirs, ours


def has_sessions(rows: list[Any]) -> bool:
    return bool(rows) and isinstance(rows[0], dict) and bool({"sessionId", "period"} & rows[0].keys())


def in_both(theirs: list[Any], ours: list[Any]) -> tuple[list[Any], list[Any]]:
    """The rows of sessions both have, in the order of their names; there must be some."""
    left, right = (
        {(row.get("agent"), row.get("sessionId", row.get("period"))): row for row in rows} for rows in (theirs, ours)
    )
    names = [name for name in sorted(left.keys() & right.keys(), key=str) if name[1] not in WITH_SUBAGENT]
    assert len(names) >= min(len(theirs), len(ours)) - 3
    return [left[name] for name in names], [right[name] for name in names]


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["ccusage", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("version", "command"), [(version, command) for version, commands in COMMANDS.items() for command in commands]
)
def test_it_answers_as_ccusage(there: None, capsys: pytest.CaptureFixture[str], version: int, command: str) -> None:
    theirs = ANSWERS[version][command]
    shape = ["--shape", "18"] if version == 18 else []
    code, out, err = answered(capsys, *shape, *arguments_of(command))
    assert code == theirs["code"], err
    assert bool(err) or not code, "a mistake is said"
    ours = json.loads(out) if out.strip() else None
    client = re.match(r"(claude|codex|opencode|gemini)?", command)
    name = "18" if version == 18 else "blocks" if command.startswith("blocks") else client[0] if client else ""
    allowed = re.compile(EXPLAINED[name])
    unexplained = [found for found in differences(theirs["json"], ours) if not allowed.search(found[0])]
    assert not unexplained


@pytest.mark.parametrize("command", ["blocks --json", "daily --json --since 19990101 --until 19990101"])
def test_a_whole_number_is_written_without_a_fraction(
    there: None, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    code, out, _ = answered(capsys, *command.split())
    assert code == 0 and re.search(r'"(costUSD|totalCost)": 0,?\n', out)
    assert not re.search(r": -?\d+\.0,?$", out, re.MULTILINE)


def test_nothing_to_count_is_an_empty_answer(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CLAUDE_CONFIG_DIR")
    totals = dict.fromkeys(
        ("inputTokens", "outputTokens", "cacheCreationTokens", "cacheReadTokens", "totalTokens", "totalCost"), 0
    )
    for arguments, expected in (
        ((), {"daily": [], "totals": totals}),
        (("claude", "weekly"), {"weekly": [], "totals": totals}),
        (("claude", "session"), {"sessions": [], "totals": totals}),
        (("session",), {"session": [], "totals": totals}),
        (("opencode",), {"daily": [], "totals": totals}),
        (("kilo", "session"), {"sessions": [], "totals": totals}),
        (("blocks",), {"blocks": []}),
        (("session", "--id", "x"), None),
        (("--shape", "18", "daily"), []),
        (("--shape", "18", "session"), []),
    ):
        code, out, _ = answered(capsys, *arguments, "--json")
        assert (code, json.loads(out)) == (0, expected), arguments
    code, out, _ = answered(capsys, "codex", "session", "--json")
    assert code == 0 and json.loads(out)["totals"]["costUSD"] == 0


def test_a_config_folder_that_is_none(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "/nowhere")
    assert answered(capsys, "claude", "daily", "--json")[:2] == (1, "")
    assert answered(capsys, "codex", "daily", "--json")[0] == 0


def test_jq_needs_jq(there: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    code, out, err = answered(capsys, "daily", "--jq", ".totals")
    assert (code, out) == (1, "") and "jq" in err


@pytest.mark.parametrize("before", [[], ["daily"], ["claude", "weekly"], ["codex"], ["blocks"], ["statusline"]])
def test_the_version(capsys: pytest.CaptureFixture[str], before: list[str]) -> None:
    for flag in ("-v", "--version"):
        code, out, _ = answered(capsys, *before, flag)
        assert code == 0 and out.split()[:2] == ["ccusage", "20.0.24"]
    assert answered(capsys, "--shape", "18", "--version")[1] == "18.0.11\n"


def test_under_its_name_it_is_ccusage(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    assert main(["shim", "install", "--dir", str(folder)]) == 0
    link = folder / "ccusage"
    done = subprocess.run([link, "claude", "daily", "--json"], env=environment(home), capture_output=True, timeout=60)
    assert not list(differences(ANSWERS[20]["claude daily"]["json"], json.loads(done.stdout)))


def test_the_shim_comes_and_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = tmp_path / "bin" / "ccusage"
    for options, is_there in ((["--dry-run"], False), ([], True), ([], True), (["--undo", "--dry-run"], True)):
        assert main(["shim", "install", "--dir", str(link.parent), *options]) == 0
        assert link.is_symlink() == is_there, options
    assert main(["shim", "--undo", "--dir", str(link.parent)]) == 0
    assert not os.path.lexists(link)
    assert main(["shim", "--undo", "--dir", str(link.parent)]) == 0


@pytest.mark.parametrize("options", [["install"], ["--undo"], ["install", "--dry-run"]])
def test_somebody_elses_ccusage_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    theirs, linked = tmp_path / "a" / "ccusage", tmp_path / "b" / "ccusage"
    for path in (theirs, linked):
        path.parent.mkdir()
    theirs.write_text("#!/bin/sh\n")
    linked.symlink_to(theirs)
    for path in (theirs, linked):
        assert main(["shim", *options, "--dir", str(path.parent)]) == 1
        assert path.read_text() == "#!/bin/sh\n" and "not claude-top's" in capsys.readouterr().err


def test_nothing_of_our_own_is_in_it(there: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert "reported" not in json.loads(answered(capsys, "blocks", "--json")[1])


def test_a_session_is_whole_there_and_cut_here(there: None, capsys: pytest.CaptureFixture[str]) -> None:
    whole = json.loads(answered(capsys, "session", "--json", "--since", "20261120")[1])
    assert main(["session", "--json", "--since", "20261120"]) == 0
    cut = json.loads(capsys.readouterr().out)
    tokens = [{row["period"]: row["totalTokens"] for row in found["session"]}["s1"] for found in (whole, cut)]
    assert tokens[0] > tokens[1]


def test_the_program_itself_starts(home: Path) -> None:
    program = [sys.executable, "-m", "claude_tui", "ccusage", "blocks", "--json"]
    done = subprocess.run(program, env=environment(home), capture_output=True, timeout=60)
    assert done.returncode == 0 and json.loads(done.stdout)["blocks"]
