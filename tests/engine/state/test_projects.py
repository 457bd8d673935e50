"""What folders count under: the same on screen, in every report, for budgets and for queries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.engine.queries.repositories import repository_on_disk
from claude_tui.engine.state.projects import Projects, last_part, projects_of
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000


@pytest.mark.parametrize(
    ("folder", "project"),
    [
        ("/r/repo", "/r/repo"),
        ("/r/repo/.claude/worktrees/w1", "/r/repo"),
        ("/r/repo/.claude/worktrees/w1/packages/a", "/r/repo"),
        ("/r/repo/.claude/worktrees/", "/r/repo"),
        ("/r/repo/.claude/worktrees", "/r/repo/.claude/worktrees"),
        ("/r/a\\b/c:", "/r/a\\b/c:"),
        ("/r/ends in\\", "/r/ends in\\"),
        ("C:\\Users\\me\\repo\\.claude\\worktrees\\w1", "C:\\Users\\me\\repo"),
        ("c:/Users/me/repo/.claude/worktrees/w1", "C:\\Users\\me\\repo"),
        ("c:\\Users\\me\\repo", "C:\\Users\\me\\repo"),
        ("c:/Users/me/repo/", "C:\\Users\\me\\repo"),
        ("c:/", "C:\\"),
        ("\\\\server\\share\\repo\\.claude\\worktrees\\w1", "\\\\server\\share\\repo"),
        ("", ""),
    ],
)
def test_a_worktree_is_its_repository(folder: str, project: str) -> None:
    assert Projects().of(folder) == project


def test_names_group_and_rename() -> None:
    names = {
        "/r/shop-api": "Shop",
        "/r/shop-web/": "Shop",
        "~/clients/acme/*": "Acme",
        "~/clients/acme/secret": "Secret",
        "~/clients/acme/big/*": "Acme Big",
        "C:\\Jobs\\*": "Jobs",
        "/r/repo/.claude/worktrees/odd": "Odd",
    }
    projects, wrong = projects_of(names, "/home/me")
    assert wrong == ()
    found = {
        "/r/shop-api": "Shop",
        "/r/shop-api/.claude/worktrees/w": "Shop",
        "/r/shop-web": "Shop",
        "/r/shop-api/inner": "/r/shop-api/inner",
        "/home/me/clients/acme": "/home/me/clients/acme",
        "/home/me/clients/acme/one": "Acme",
        "/home/me/clients/acme/one/two": "Acme",
        "/home/me/clients/acme/secret": "Secret",
        "/home/me/clients/acme/big/one": "Acme Big",
        "/home/me/clients/acme-other": "/home/me/clients/acme-other",
        "c:/jobs/thing": "Jobs",
        "/r/repo/.claude/worktrees/odd": "Odd",
        "/r/repo/.claude/worktrees/w": "/r/repo",
    }
    assert {folder: projects.of(folder) for folder in found} == found


def test_a_name_that_is_none_is_left_out_and_told() -> None:
    table: dict[str, Any] = {"/a": 5, "/b": "  ", "/c": " C ", "/d": {"name": "D"}}
    projects, wrong = projects_of(table, "/home/me")
    assert [one.path for one in wrong] == [("projects", "/a"), ("projects", "/b"), ("projects", "/d")]
    assert [projects.of(folder) for folder in table] == ["/a", "/b", "C", "/d"]


def test_the_last_part_of_a_folder() -> None:
    assert [last_part(name) for name in ("/r/repo/", "C:\\Users\\me\\repo", "", "Shop")] == ["repo", "repo", "", "Shop"]


def spend(home: ClaudeHome, number: int, cwd: str) -> None:
    row = assistant(f"msg_{number}", T + number, usage(output=1000), session=f"s{number}", cwd=cwd)
    home.append(row, session=f"s{number}")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_report_says_the_same(
    claude_home: ClaudeHome, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = own_home / ".config" / "claude-top" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[projects]\n"/r/api" = "Shop"\n"/r/web" = "Shop"\n"~/acme/*" = "Acme"\n"/bad" = 5\n')
    folders = (
        "/r/api",
        "/r/web/.claude/worktrees/w",
        f"{own_home}/acme/x",
        "C:\\p\\.claude\\worktrees\\w",
        "c:\\p",
        "/q",
    )
    for number, folder in enumerate(folders):
        spend(claude_home, number, folder)
    names = {"Shop": 2, "Acme": 1, "C:\\p": 2, "/q": 1}
    report = printed(capsys, "report", "--json")
    assert {row["project"]: row["sessions"] for row in report["projects"]} == names
    assert {row["project"] for row in report["sessions"]} == names.keys()
    assert main(["export", "--what", "projects"]) == 0
    assert {json.loads(line)["project"] for line in capsys.readouterr().out.splitlines()} == names.keys()
    assert main(["export"]) == 0
    rows = [json.loads(line)["project"] for line in capsys.readouterr().out.splitlines()]
    assert {name: rows.count(name) for name in rows} == names
    explained = printed(capsys, "explain", "--project", "Shop", "--json")
    assert explained["totals"]["responses"] == 2 if "totals" in explained else "Shop" in json.dumps(explained)
    # What stands in for ccusage names folders as that does.
    daily = json.dumps(printed(capsys, "claude", "daily", "--instances", "--json"))
    assert "Shop" not in daily
    config.write_text(config.read_text() + '[budgets.projects]\nShop = "0"\np = { month = "0" }\n')
    main(["check"])
    told = capsys.readouterr().out
    assert "for Shop" in told and "for p" in told
    config.write_text('[projects]\n"/bad" = 5\n')
    assert main(["config", "check"]) == 1
    assert "projects./bad" in capsys.readouterr().out.replace('"', "")


def test_repositories_are_looked_for_on_this_machine(
    claude_home: ClaudeHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, tree, module = tmp_path / "repo", tmp_path / "tree", tmp_path / "repo" / "module"
    for folder in (repo / ".git" / "worktrees" / "tree", repo / "packages" / "a", tree / "deep", module):
        folder.mkdir(parents=True)
    (tree / ".git").write_text(f"gitdir: {repo}/.git/worktrees/tree\n")
    (module / ".git").write_text("gitdir: ../.git/modules/module\n")
    found = {
        repo: repo,
        repo / "packages" / "a": repo,
        repo / "packages" / "gone": repo,
        tree / "deep": repo,
        module: module,
        tmp_path / "gone": tmp_path / "gone",
    }
    assert {folder: repository_on_disk(str(folder)) for folder in found} == {a: str(b) for a, b in found.items()}
    assert repository_on_disk("Shop") == "Shop" and repository_on_disk("") == ""
    for number, folder in enumerate(found):
        spend(claude_home, number, str(folder))
    report = printed(capsys, "report", "--by", "repo", "--json")
    assert {row["repo"]: row["projects"] for row in report["repos"]} == {
        str(repo): 4, str(module): 1, str(tmp_path / "gone"): 1,
    }  # fmt: skip
    assert sum(row["cost_nano"] for row in report["repos"]) == report["totals"]["cost_nano"]
    assert main(["report", "--by", "repo"]) == 0
    assert str(repo) in capsys.readouterr().out
