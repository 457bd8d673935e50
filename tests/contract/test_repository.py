"""What every file of the project promises to whoever opens, builds or copies it."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = {".git", ".venv", ".hypothesis", "__pycache__", "build", "dist", "golden", "target", "trial"}
BINARY = {".gif", ".png", ".gz", ".pyc", ".db", ".so"}

# Everything a terminal or an editor obeys instead of showing; the lock file and SVGs hold none either.
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
ONE_MACHINE = re.compile(r"(?<![\w.\-…])/(?:work|root|farm|tmp/\w+_jobs)/")


def files() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        is_generated = any(part in GENERATED or part.endswith(("_cache", ".egg-info")) for part in parts)
        if not is_generated and path.is_file() and path.suffix not in BINARY:
            yield path


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if pattern.search(line)
    ]


def test_no_file_holds_raw_control_characters() -> None:
    assert lines_matching(CONTROLS) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_matching(ONE_MACHINE) == []


def readme_commands() -> list[str]:
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith("#")]


def test_readme_commands_are_valid_shell() -> None:
    assert len(readme_commands()) >= 2
    for command in readme_commands():
        done = subprocess.run(["bash", "-n"], input=command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_readme_commands_of_claude_top_are_understood() -> None:
    from claude_tui.cli.dispatch import build

    ours = [command for command in readme_commands() if command.startswith("claude-top")]
    assert len(ours) >= 4
    for command in ours:
        arguments = shlex.split(command.partition("<")[0], comments=True)[1:]
        if arguments[0] != "statusline":  # has a parser of its own, for the sake of its start
            assert callable(build().parse_args(arguments).run)


def test_the_readme_test_command_is_the_one_that_ci_runs() -> None:
    pattern = re.search(r"grep -E '([^']+)' README.md", (ROOT / ".ci" / "run").read_text())
    assert pattern
    assert [command for command in readme_commands() if re.search(pattern[1], command)] == [
        command for command in readme_commands() if "pytest" in command and command.startswith("python3")
    ]
    assert len([command for command in readme_commands() if re.search(pattern[1], command)]) == 1


def test_readme_pictures_exist() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    assert pictures
    assert [picture for picture in pictures if not (ROOT / picture).is_file()] == []


def pages() -> list[Path]:
    return [page for page in files() if page.suffix == ".md" and page.parent.name != "completions"]


def test_links_between_the_pages_lead_somewhere() -> None:
    links = [(page, link) for page in pages() for link in re.findall(r"\]\(([^)#\s]+)", page.read_text())]
    ours = [(page, link) for page, link in links if not link.startswith("https://")]
    assert len(ours) > 8
    assert [(page.name, link) for page, link in ours if not (page.parent / link).exists()] == []


def test_files_that_the_pages_name_exist() -> None:
    path = re.compile(r"`((?:claude_tui|tests|engine|ui|cli|sources|pricing|screenshots)/[\w/.]+)`")
    named = [(page.name, name) for page in pages() for name in path.findall(page.read_text())]
    assert len(named) > 20
    placeholders = {"name", "name.py"}  # what a newcomer is to choose
    wrong = [
        (page, name)
        for page, name in named
        if not any((ROOT / base / name).exists() for base in ("", "claude_tui"))
        and placeholders.isdisjoint(Path(name).parts)
        and "NAME" not in name
    ]
    assert wrong == []


def test_the_readme_can_be_read_in_three_minutes() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 900


def test_the_version_has_a_section_in_the_changelog() -> None:
    from claude_tui import __version__

    text = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[{re.escape(__version__)}\] - 20\d\d-\d\d-\d\d$", text, re.MULTILINE)


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    silent = []
    previous = ""
    for line in map(str.strip, project.splitlines()):
        is_dependency = line.startswith('"') and not line.startswith('"claude-top-tui')
        if is_dependency and not previous.startswith("#"):
            silent.append(line)
        previous = line
    assert project.count('    "') > 15
    assert silent == []


def test_every_dependency_is_used() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    needed = text[text.index("dependencies = [") : text.index("[project.optional-dependencies]")]
    names = set(re.findall(r'^    "([a-z0-9]+)', needed, re.MULTILINE)) - {"tzdata"}  # data only: zoneinfo finds it
    code = "\n".join(path.read_text() for path in (ROOT / "claude_tui").rglob("*.py"))
    assert {"textual", "orjson"} < names
    assert {name for name in names if not re.search(rf"^\s*(?:import|from) {name}\b", code, re.MULTILINE)} == set()


def test_textual_is_pinned_exactly() -> None:
    assert '"textual==8.2.8"' in (ROOT / "pyproject.toml").read_text()


def test_the_lock_points_to_the_public_index_only() -> None:
    lock = (ROOT / "uv.lock").read_text()
    hosts = set(re.findall(r'"((?:https?|file)://[^/]*)/', lock))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}
