from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from claude_tui.cli import main
from claude_tui.cli.command_list import COMMANDS
from claude_tui.cli.commands.numbers.report import CAUSES
from claude_tui.cli.generated.command_tree import Node, tree
from claude_tui.cli.generated.completions import script
from claude_tui.cli.generated.manual import page
from tests.cli.generated import FILES, ROOT


@pytest.mark.parametrize("name", FILES)
def test_generated_files_are_current(name: str) -> None:
    assert (ROOT / name).read_text() == FILES[name](), "write it anew: python -m tests.cli.generated"


def nodes() -> list[Node]:
    return [node for node in tree().walk() if node.words]


@pytest.mark.parametrize("node", nodes(), ids=lambda node: "-".join(node.words))
def test_every_command_has_help_with_an_example(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    if node.words == ("statusline",):
        assert main([*node.words, "--help"]) == 0
    else:
        assert main([*node.words, "--help"]) == 0
    printed = capsys.readouterr().out
    assert node.description and "examples:" in printed and f"claude-top {node.words[0]}" in printed
    assert all(option.help for option in node.options if "--help" not in option.flags)


def test_every_command_is_listed() -> None:
    listed = {node.words[0] for node in nodes()}
    assert listed == {command.name for command in COMMANDS if command.summary}


def completed(tmp_path: Path, line: str) -> set[str]:
    """What bash offers at the end of a line."""
    (tmp_path / "completion.bash").write_text(script("bash"))
    words = line.split(" ")
    array = " ".join(f"'{word}'" for word in words)
    program = (
        f"source completion.bash; COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; _claude_top 2>/dev/null;"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_options_and_values(tmp_path: Path) -> None:
    assert {"report", "doctor", "daily", "--demo"} <= completed(tmp_path, "claude-top ")
    assert completed(tmp_path, "claude-top rep") == {"report"}
    assert completed(tmp_path, "claude-top report --by ") == {
        "day",
        "week",
        "month",
        "hour",
        "model",
        "project",
        "repo",
        "account",
        "session",
        "host",
        "user",
        "team",
        "all",
        *CAUSES,
    }
    assert completed(tmp_path, "claude-top claude ") >= {"daily", "weekly", "monthly", "session", "blocks"}
    assert completed(tmp_path, "claude-top claude daily --inst") == {"--instances"}
    assert completed(tmp_path, "claude-top export --output comp") == {"completion.bash"}
    assert completed(tmp_path, "claude-top ledger import comp") == {"completion.bash"}
    assert completed(tmp_path, "claude-top completions ") >= {"bash", "zsh", "fish"}
    assert "--instances" not in completed(tmp_path, "claude-top daily --")


@pytest.mark.parametrize(("shell", "check"), [("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])])
def test_other_shells_take_their_scripts(tmp_path: Path, shell: str, check: list[str]) -> None:
    text = script(shell)
    assert "doctor" in text and "token-limit" in text
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    path = tmp_path / "script"
    path.write_text(text)
    assert subprocess.run([*check, str(path)], capture_output=True, timeout=30).stderr == b""


def test_the_manual_has_everything() -> None:
    text = page(tree())
    for node in nodes():
        assert f".SS {' '.join(node.words)}\n".replace("-", "\\-") in text
    for part in (".SH NAME", ".SH EXIT STATUS", "no logs found", "CLAUDE_CONFIG_DIR", "\\-\\-claude\\-dir"):
        assert part in text
    # A line that begins with a dot and is no request would be lost.
    requests = {line.split()[0] for line in text.splitlines() if line.startswith(".")}
    assert requests <= {".TH", ".SH", ".SS", ".TP", ".B", ".I", ".br", ".PP", ".nf", ".fi", ".RS", ".RE"}


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_the_manual_is_good_groff() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww"], input=page(tree()).encode(), capture_output=True, timeout=30
    )
    assert done.stderr == b"" and b"claude-top report" in done.stdout
