from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from claude_tui.cli import main
from tests.cli.program import run
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "bogus"),
        (["report", "--bogus"], "claude-top report: unknown option '--bogus'"),
        (["report", "--sinse", "7d"], "unknown option '--sinse'; did you mean --since?"),
        (["--ones"], "claude-top: unknown option '--ones'; did you mean --once?"),
        (["report", "--by", "fortnight"], "'fortnight' is none of day, week, month, hour"),
        (["report", "--by", "modell"], "cache; did you mean model?"),
        (["--view", "block", "--once"], "causes, plan; did you mean blocks?"),
        (["ledger"], "claude-top ledger: ACTION is missing; it is one of status, keep, export"),
        (["ledger", "imprt", "x"], "did you mean import?"),
        (["ledger", "import"], "FILE is missing"),
        (["completions"], "SHELL is missing; it is one of bash, zsh, fish"),
        (["statusline", "instal"], "unexpected argument 'instal'"),
        (["report", "--since", "someday"], "YYYY-MM-DD"),
        (["report", "--since", "2026-11-20", "--until", "2026-11-19"], "before"),
        (["report", "--timezone", "Mars/Phobos"], "Mars/Phobos"),
        (["report", "--timezone", "../../etc/passwd"], "time zone"),
        (["report", "--source", "claude,cursor"], "cursor"),
    ],
)
def test_wrong_arguments_are_one_line_and_code_2(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2)))
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err and captured.err.count("\n") == 1


def test_no_logs_is_code_3_and_says_where_it_looked(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_home / ".claude" / "projects").mkdir(parents=True)
    assert main(["report", "--json"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(own_home / ".claude") in captured.err and captured.err.count("\n") == 1


def test_of_the_places_without_logs_only_the_first_is_named(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report"]) == 3
    said = capsys.readouterr().err
    assert f"looked in {own_home}/.claude/projects (does not exist) and " in said
    assert "other places; claude-top doctor lists them, claude-top --demo invents logs" in said
    (own_home / ".codex").mkdir()
    assert main(["report"]) == 3
    assert f"looked in {own_home}/.codex (contains no logs) and " in capsys.readouterr().err


def test_help_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: claude-top report [OPTION ...]\n")
    assert "--CLIENT-dir DIR" in text and "--codex-dir" not in text
    assert main(["ledger", "adopt", "--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: claude-top ledger adopt [OPTION ...] OLD NEW\n")


def test_a_folder_that_is_not_there_is_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--claude-dir", str(tmp_path / "gone\x1b[2J")]) == 3
    said = capsys.readouterr().err
    assert "does not exist" in said and "\x1b" not in said


def test_a_named_folder_replaces_the_usual_ones(
    claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2)))
    ClaudeHome(tmp_path / "a").append(assistant("msg_a", NOON, usage(output=3)))
    ClaudeHome(tmp_path / "b").append(assistant("msg_b", NOON, usage(output=4)))
    assert main(["export", "--claude-dir", str(tmp_path / "a"), "--claude-dir", str(tmp_path / "b" / "projects")]) == 0
    printed = capsys.readouterr().out
    assert "msg_a" in printed and "msg_b" in printed and "msg_1" not in printed


def test_a_reader_that_leaves_early_is_no_error(claude_home: ClaudeHome) -> None:
    claude_home.append(*(assistant(f"msg_{number}", NOON + number, usage(output=1)) for number in range(3000)))
    program = subprocess.Popen(
        [sys.executable, "-m", "claude_tui", "export"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None and program.stderr is not None
    assert program.stdout.readline().startswith(b'{"key":"msg_0"')
    program.stdout.close()
    assert program.stderr.read() == b""
    program.stderr.close()
    assert program.wait(60) == 0


def test_the_screen_says_that_it_needs_a_terminal() -> None:
    done = run()
    assert done.code == 2 and done.stdout == b""
    assert "--once" in done.stderr


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("claude-top ")


def test_output_in_a_narrow_encoding_does_not_fail(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2), cwd="/home/user/größe/\u65e5\udcff"))
    done = run("report", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.code == 0, done.stderr
    assert b"gr\\xf6\\xdfe" in done.stdout


def read_all_of(control: int) -> bytes:
    """Read what is written to a pseudo-terminal until its other end is closed."""
    seen = b""
    try:
        while part := os.read(control, 65536):
            seen += part
    except OSError:
        pass  # Linux says EIO where others say end of file
    os.close(control)
    return seen


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
@pytest.mark.parametrize("command", [["report"], ["--once"], ["claude", "daily"], ["explain"]])
def test_a_terminal_that_does_not_know_its_size(claude_home: ClaudeHome, command: list[str]) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2)))
    control, terminal = os.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    program = subprocess.Popen([sys.executable, "-m", "claude_tui", *command], stdout=terminal, env=env)
    os.close(terminal)
    assert read_all_of(control)
    assert program.wait(60) == 0


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_nothing_of_a_log_is_obeyed_by_a_terminal(claude_home: ClaudeHome) -> None:
    import pty

    hostile = "/home/\x1b]52;c;eA==\x07/\x9b2J/\u202ex/\x1b[31m"
    claude_home.append(assistant("msg_\x1b[2J", NOON, usage(output=2), cwd=hostile, model="m\x1b]0;t\x07"))
    for arguments in (["export"], ["export", "--csv"], ["report"], ["report", "--json"], ["--once"]):
        control, terminal = pty.openpty()
        program = subprocess.Popen([sys.executable, "-m", "claude_tui", *arguments], stdout=terminal)
        os.close(terminal)
        text = read_all_of(control).decode()
        assert program.wait(60) == 0
        assert "52;c" in text or "�" in text, arguments
        for forbidden in ("\x1b]", "\x9b", "\u202e", "\x07", "\x1b[2J", "\x1b[31m"):
            assert forbidden not in text, (arguments, forbidden)


@pytest.mark.parametrize(
    ("word", "said"), [("reprot", "did you mean report?"), ("xyzzy", "unknown command 'xyzzy' (see claude-top --help)")]
)
def test_a_command_that_is_none(capsys: pytest.CaptureFixture[str], word: str, said: str) -> None:
    assert main([word]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and said in captured.err and captured.err.count("\n") == 1


@pytest.mark.parametrize("command", [["report"], ["report", "--json"], ["--once"], ["daily"], ["export"]])
def test_a_history_that_cannot_be_read_is_told_and_the_rest_is_counted(
    claude_home: ClaudeHome, own_home: Path, command: list[str]
) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=2)))
    usual = run(*command)
    (own_home / ".data" / "claude-top" / "ledger.db").mkdir(parents=True)
    done = run(*command)
    assert (done.code, done.stdout) == (0, usual.stdout)
    assert done.stderr.startswith("claude-top: ledger not read: ") and done.stderr.count("\n") == 1
