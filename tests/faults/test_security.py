"""What the whole program opens, writes and connects to, as Python itself reports it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.serve.test_serve import start, stop
from tests.faults.level import row
from tests.logs import ClaudeHome
from tests.ui.terminal import Terminal

WATCHED = Path(__file__).parent / "watched"
SECRETS = (
    ".claude/.credentials.json", ".claude.json", ".claude/history.jsonl", ".codex/auth.json",
    ".gemini/oauth_creds.json",
    ".local/share/opencode/auth.json", ".ssh/id_ed25519", ".netrc", ".aws/credentials", ".config/gh/hosts.yml",
)  # fmt: skip
LOGS = (".claude/projects/", ".claude/sessions/", ".claude/settings.json")
"""What may be read: logs, who is running, and (`doctor`) for how many days the client keeps logs."""
OURS = tuple(f".{kind}/claude-top" for kind in ("config", "cache", "data", "state"))
COMMANDS = (
    ("report",), ("report", "--json"), ("--once",), ("export",), ("export", "--what", "days", "--csv"),
    ("doctor",), ("daily",), ("blocks",), ("explain",), ("statusline",),
)  # fmt: skip


@pytest.fixture
def watched(own_home: Path, claude_home: ClaudeHome) -> dict[str, str]:
    for name in SECRETS:
        path = own_home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"token": "secret"}')
    for number in range(30):
        claude_home.append(row(number), session=f"s{number % 5}")
    return {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(WATCHED),
        "AUDIT_FILE": str(own_home.parent / f"{own_home.name}-audit"),
    }


def seen(env: dict[str, str]) -> Iterator[tuple[str, str]]:
    for text in Path(env["AUDIT_FILE"]).read_text("utf-8", "surrogateescape").splitlines():
        kind, _, what = text.partition("\t")
        yield kind, what


def assert_kept_to_itself(env: dict[str, str], home: Path, *, may_hurry: bool = False) -> None:
    """Nothing but logs was read of the home, nothing but our own folders written, nothing sent.

    Who `may_hurry` may also end before any log was read.
    """
    events = set(seen(env))
    assert {event for event in events if event[0] == "network"} == set()
    logs = [f"{home}/{name}" for name in LOGS]
    ours = [str(home / name) for name in OURS]
    inside = {(kind, what) for kind, what in events if what.startswith(str(home) + os.sep)}
    assert may_hurry or any(what.startswith(logs[0]) for _, what in inside), "the hook saw what must be read"
    assert {what for kind, what in inside if kind == "read" and not what.startswith((*logs, *ours))} == set()
    written = {what for kind, what in events if kind == "write" and not what.startswith(("/dev/", "/proc/self/"))}
    assert {what for what in written if not what.startswith(tuple(ours))} == set()
    for folder in ours:
        for path in [Path(folder), *Path(folder).rglob("*")]:
            assert not path.exists() or stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands_send_nothing_and_read_only_logs(
    command: tuple[str, ...], watched: dict[str, str], own_home: Path
) -> None:
    given = {"session_id": "s1", "transcript_path": str(own_home / ".claude/projects/-home-user-project/s1.jsonl")}
    done = subprocess.run(
        [sys.executable, "-m", "claude_tui", *command],
        input=json.dumps(given).encode(),
        capture_output=True,
        env={**os.environ, **watched},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert_kept_to_itself(watched, own_home, may_hurry=command == ("statusline",))


def test_the_screen_sends_nothing_and_reads_only_logs(
    watched: dict[str, str], own_home: Path, claude_home: ClaudeHome
) -> None:
    with Terminal(own_home, variables={"CLAUDE_CONFIG_DIR": str(claude_home.folder), **watched}) as terminal:
        terminal.wait_for(lambda text: "live" in text, "live")
        claude_home.append(row(100), session="s9", project="-new")
        terminal.wait_for(lambda text: "31 msgs" in text, "the new file")
        for key in "2345671":
            terminal.press(key)
            terminal.take(0.3)
        assert terminal.leave() == 0
    assert_kept_to_itself(watched, own_home)


def test_the_server_is_only_asked_and_reads_only_logs(
    watched: dict[str, str], own_home: Path, claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**watched, "AUDIT_LOOPBACK": "1"}.items():
        monkeypatch.setenv(name, value)
    served = start("--state-file", str(own_home / ".state" / "claude-top" / "now.json"))
    try:
        served.wait(lambda: served.ask("/healthz")[0] == 200)
        for path in ("/api/stats", "/metrics", "/", "/nothing", "/api/stats?project=http://example.com/"):
            served.ask(path)
            served.ask(path, token="")
        claude_home.append(row(100), session="s9", project="-new")
        served.wait(lambda: served.stats()["totals"]["responses"] == 31)
    finally:
        code, errors = stop(served)
    assert (code, "Traceback" in errors) == (0, False), errors
    assert_kept_to_itself(watched, own_home)
    assert {what for kind, what in seen(watched) if kind == "own"} == {"socket.bind", "socket.getaddrinfo"}


def test_the_hook_sees_what_is_forbidden(watched: dict[str, str], own_home: Path) -> None:
    code = (
        "import socket, pathlib, contextlib\n"
        f"pathlib.Path({str(own_home / SECRETS[0])!r}).read_text()\n"
        "with contextlib.suppress(PermissionError): socket.create_connection(('127.0.0.1', 9))\n"
        "with contextlib.suppress(PermissionError): socket.socket().bind(('0.0.0.0', 0))"
    )
    env = {**os.environ, **watched, "AUDIT_LOOPBACK": "1"}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert ("read", str(own_home / SECRETS[0])) in seen(watched)
    found = {what.split()[0] for kind, what in seen(watched) if kind == "network"}
    assert found == {"socket.connect", "socket.bind"}


def test_behind_a_linked_folder_only_transcripts_are_read(
    watched: dict[str, str], claude_home: ClaudeHome, tmp_path: Path
) -> None:
    elsewhere = ClaudeHome(tmp_path / "elsewhere")
    project = elsewhere.append(row(50), project="-linked").parent
    for name in ("id_ed25519", ".credentials.json", "notes.md", "jsonl"):
        (project / name).write_text("secret")
    (project / "up").symlink_to(claude_home.folder)
    (claude_home.path().parent.parent / "-linked").symlink_to(project)
    done = subprocess.run(
        [sys.executable, "-m", "claude_tui", "report", "--json"],
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, **watched},
    )
    assert json.loads(done.stdout)["totals"]["responses"] == 31
    behind = {what for _, what in seen(watched) if "/-linked/" in what}
    assert behind
    # The link that leads back is looked at, to be named; it is not followed.
    assert {what for what in behind if not what.endswith((".jsonl", "/-linked/up"))} == set()
