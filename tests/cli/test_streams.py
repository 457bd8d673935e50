from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from claude_tui.cli.command_list import COMMANDS
from claude_tui.clients import CLIENTS
from tests.cli.program import Outcome, run
from tests.logs import ClaudeHome, assistant, usage

if sys.platform == "win32":
    pytest.skip("the shell and the devices of Unix", allow_module_level=True)

NOON = 1_795_176_000_000


class Case(NamedTuple):
    arguments: str
    code: int = 0
    """Where all can be written."""
    stdin: str = ""
    is_always_fine: bool = False
    """Whether the code stays what it is even where nobody can see the answer."""


CASES = (
    Case("--help"), Case("--version"), Case("--once"), Case("", 2), Case("--once --view nowhere", 2), Case("bogus", 2),
    Case("report"), Case("report --json"), Case("report --help"), Case("export"), Case("export --csv"),
    Case("explain"), Case("explain --json"), Case("price", stdin='{"model": "x", "usage": {}}\n'), Case("prices"),
    Case("statusline", 0, "{}", True), Case("statusline --help"), Case("statusline --bogus", 2),
    Case("statusline install --dry-run"), Case("statusline-install --dry-run"), Case("check --budget-day 1000"),
    Case("check", 30), Case("serve --help"), Case("serve --host 999.1.1.1", 1), Case("doctor"), Case("doctor --json"),
    Case("config"), Case("config check"), Case("config check nowhere", 2), Case("config nowhere", 2),
    Case("ledger status", 3), Case("ledger export", 3), Case("ledger import -"), Case("ledger merge nowhere", 1),
    Case("ledger", 2), Case("bench --runs 1"), Case("verify"), Case("completions bash"), Case("completions zsh"),
    Case("completions fish"), Case("manual"), Case("daily"), Case("daily --json"), Case("weekly"), Case("monthly"),
    Case("session"), Case("blocks"), Case("blocks --json"), Case("ccusage daily --json"),
    *(Case(f"{client} daily", 0 if client == "claude" else 3) for client in CLIENTS),
    Case("schema"), Case("schema report"), Case("shim install --dry-run"), Case("mcp --help"), Case("fleet", 2),
    Case("fleet status nowhere", 1), Case("fleet merge nowhere", 1), Case("ledger keep --help"),
    Case("telemetry", 2), Case("telemetry --help"), Case("sessions"), Case("sessions --json"),
    Case("check --waiting"), Case("hooks", 2), Case("hooks install --dry-run"),
    Case("fleet verify nowhere", 1), Case("fleet scan nowhere --into nowhere-else", 3),
)  # fmt: skip

WAYS = {
    "stdout closed": ">&-",
    "stderr closed": "2>&-",
    "stdin closed": "<&-",
    "all closed": "<&- >&- 2>&-",
    "stdout full": ">/dev/full",
    "stderr full": "2>/dev/full",
    "both full": ">/dev/full 2>&1",
    "reader gone": ">&{gone}",
    "both readers gone": ">&{gone} 2>&{gone}",
}


def test_every_command_has_a_case() -> None:
    assert {command.name for command in COMMANDS} <= {case.arguments.split(" ")[0] for case in CASES}


@pytest.fixture
def logs(claude_home: ClaudeHome) -> ClaudeHome:
    claude_home.append(*(assistant(f"m{at}", NOON + at, usage(output=2)) for at in range(300)))
    return claude_home


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.arguments or "(none)")
def test_whatever_happens_to_what_is_written_there_is_one_line_at_most_and_a_known_code(
    case: Case, logs: ClaudeHome, own_home: Path
) -> None:
    usual = ran(case, "as usual", own_home)
    assert usual.code == case.code, usual.stderr
    with ThreadPoolExecutor(4) as threads:
        found = dict(zip(WAYS, threads.map(lambda way: ran(case, way, own_home), WAYS), strict=True))
    for way, done in found.items():
        assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, (way, done)
        assert done.stderr.count("\n") <= usual.stderr.count("\n") + 1, (way, done)
        is_lost = bool(usual.stdout) and way in ("stdout full", "both full") and not case.is_always_fine
        reads_stdin = case.stdin and way in ("stdin closed", "all closed")
        assert done.code == (1 if is_lost else usual.code) or reads_stdin, (way, done)
        if way == "stdout full" and is_lost:
            assert done.stderr.endswith("No space left on device\n")


def ran(case: Case, way: str, folder: Path) -> Outcome:
    """Run a command below a shell that redirects as the way says."""
    reading, gone = os.pipe()
    os.close(reading)
    redirection = WAYS.get(way, "").format(gone=gone)
    code, stderr = folder / f"{way} code", folder / f"{way} stderr"
    given = "" if "<&-" in redirection else "<given"
    (folder / "given").write_text(case.stdin)
    program = f'"$PYTHON" -m claude_tui {case.arguments} {given}'
    script = f'{{ {program} {redirection}; echo $? >"{code}"; }} 2>"{stderr}"'
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, timeout=60, pass_fds=(gone,),
        env={**os.environ, "PYTHON": sys.executable, "PYTHONUNBUFFERED": ""},
    )  # fmt: skip
    os.close(gone)
    return Outcome(int(code.read_text()), done.stdout, stderr.read_text())


def test_a_file_that_is_opened_never_gets_the_number_of_a_closed_stream(logs: ClaudeHome, own_home: Path) -> None:
    for name, redirection in (("open", ""), ("closed", "<&- >&- 2>&-")):
        script = f'"{sys.executable}" -m claude_tui export -o {name} --claude-dir .claude {redirection}'
        subprocess.run(["bash", "-c", script], cwd=own_home, check=True, timeout=60)
    assert (own_home / "closed").read_bytes() == (own_home / "open").read_bytes() != b""


@pytest.mark.parametrize("arguments", [("report", "--json", "--strict"), ("check",)])
def test_a_process_that_counted_ends_as_any_other(claude_home: ClaudeHome, arguments: tuple[str, ...]) -> None:
    """What was registered for the end is done, all is written, and the exit code is the command's."""
    claude_home.append(assistant("msg_1", 1_780_000_000_000, usage(1, 2)), b"no object\n")
    ending = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('at exit', file=sys.stderr))\n"
        "from claude_tui.cli import main\n"
        f"sys.argv[1:] = {list(arguments)}\n"
        "sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", ending], capture_output=True, timeout=60)
    usual = run(*arguments)
    assert done.stdout.decode().splitlines() == usual.text.splitlines()
    assert done.returncode == usual.code
    assert done.stderr.decode() == usual.stderr + "at exit\n"
