"""What a user may not list or read is named, and all else counts, the same with and without the native core."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from claude_tui.native.core import Core
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000
FOLDERS = 20
"""So many that the core looks for them without being asked to."""

ASK = """
from claude_tui.cli import main
for asked in ("export --jsonl", "report --json --by agent", "doctor --json"):
    main(asked.split())
    print("---")
"""


def told(native: str, cache: Path) -> list[str]:
    """What is said by a program that may read only what the modes of files allow."""
    done = ran(["-c", ASK], native, cache)
    assert done.stderr == ""
    return done.stdout.split("---\n")[:-1]


def ran(arguments: list[str], native: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run Python as a user who may read only what the modes of files allow: root's process, too, has no more rights."""
    bound: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root reads all, and there is no setpriv here")
        bound = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    return subprocess.run(
        [*bound, sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "CLAUDE_TOP_NATIVE": native, "XDG_CACHE_HOME": str(cache)},
    )


@pytest.fixture
def home(claude_home: ClaudeHome) -> ClaudeHome:
    for number in range(FOLDERS):
        claude_home.append(assistant(f"msg_{number:02}", T + number, usage(1, number)), project=f"-p{number}")
    row = assistant("msg_agent", T + FOLDERS, usage(1, 2), isSidechain=True, agentId="a1")
    path = claude_home.append(row, project="-p3", session="s1/subagents/agent-a1")
    path.with_name("agent-a1.meta.json").write_text('{"agentType": "Explore"}')
    return claude_home


CLOSED: dict[str, tuple[str, int, list[str], list[str]]] = {
    "nothing": ("-p3", 0o700, [], []),
    "a folder": ("-p3", 0o000, ["-p3"], ["msg_03", "msg_agent"]),
    "a folder whose files may be opened": ("-p3", 0o100, ["-p3"], ["msg_03", "msg_agent"]),
    "a folder that may only be listed": ("-p3", 0o400, ["-p3/s1", "-p3/s1.jsonl"], ["msg_03", "msg_agent"]),
    "a folder below": ("-p3/s1", 0o000, ["-p3/s1"], ["msg_agent"]),
    "a transcript": ("-p3/s1.jsonl", 0o000, ["-p3/s1.jsonl"], ["msg_03"]),
    "a sub-agent's note": ("-p3/s1/subagents/agent-a1.meta.json", 0o000, [], []),
}
"""What is closed, its mode, what is named, and what cannot be counted."""


@pytest.mark.parametrize(("name", "mode", "named", "lost"), CLOSED.values(), ids=CLOSED)
def test_what_is_closed_is_named_and_all_else_counts(
    home: ClaudeHome, core: Core, own_home: Path, name: str, mode: int, named: list[str], lost: list[str]
) -> None:
    projects = home.folder / "projects"
    (projects / name).chmod(mode)
    try:
        said = [told(native, own_home / native) for native in ("0", "1")]
    finally:
        (projects / name).chmod(0o700)
    (export, agents, doctor), (same_export, same_agents, other_doctor) = said
    assert (export, agents) == (same_export, same_agents)
    problems = json.loads(doctor)["problems"]
    assert json.loads(other_doctor)["problems"] == problems
    assert [one["path"] for one in problems["listed"]] == [str(projects / one) for one in named]
    counted = {json.loads(line)["key"] for line in export.splitlines()}
    assert counted == {*(f"msg_{number:02}" for number in range(FOLDERS)), "msg_agent"} - {*lost}
    assert ("Explore" in agents) == (name == "-p3/s1.jsonl" or mode == 0o700)


@pytest.mark.parametrize("native", ["0", "1"])
@pytest.mark.parametrize("has_history", [True, False])
def test_a_place_that_is_closed_is_named(
    home: ClaudeHome, core: Core, own_home: Path, native: str, has_history: bool
) -> None:
    def asked(*arguments: str) -> subprocess.CompletedProcess[str]:
        return ran(["-m", "claude_tui", *arguments], native, own_home / "cache")

    if has_history:
        assert asked("ledger", "keep").returncode == 0
    before = json.loads(asked("report", "--json").stdout)
    projects = home.folder / "projects"
    projects.chmod(0o000)
    try:
        closed, doctor = asked("report", "--json"), asked("doctor", "--json")
    finally:
        projects.chmod(0o700)
    if has_history:
        said = json.loads(closed.stdout)
        assert said["totals"] == before["totals"]
        assert [one["path"] for one in json.loads(doctor.stdout)["problems"]["listed"]] == [str(projects)]
    else:
        assert (closed.returncode, closed.stdout) == (3, "")
        assert f"{projects} (not readable)" in closed.stderr
    assert json.loads(asked("report", "--json").stdout) == before


def test_a_closed_folder_of_another_client_is_named(home: ClaudeHome, own_home: Path) -> None:
    day = own_home / ".codex" / "sessions" / "2026" / "05"
    day.mkdir(parents=True)
    day.chmod(0o000)
    try:
        doctor = told("0", own_home / "cache")[2]
    finally:
        day.chmod(0o700)
    assert [one["path"] for one in json.loads(doctor)["problems"]["listed"]] == [str(day)]
