"""Which files are transcripts, and where they are looked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.queries.responses import list_responses
from claude_tui.model import ProblemKind
from claude_tui.sources.claude import ClaudeSource
from claude_tui.sources.claude.discovery import config_dirs, transcripts
from claude_tui.sources.claude.fast.reader import read_columns
from claude_tui.sources.protocol import REFUSED, LogFile, SourceConfig
from claude_tui.sources.reading import folders
from tests.engine.counting import counted, counted_exactly, transcripts_of
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000
HOME = Path("/home/user")
ROW = assistant("msg_1", T, usage(1, 1))


def dirs(env: dict[str, str], *explicit: str) -> list[str]:
    given = {"claude": tuple(map(Path, explicit))} if explicit else {}
    return [str(folder) for folder in config_dirs(SourceConfig(HOME, env, given))]


def test_the_usual_folders() -> None:
    assert dirs({}) == ["/home/user/.claude", "/home/user/.config/claude"]


def test_the_environment_names_one_or_several_folders() -> None:
    assert dirs({"CLAUDE_CONFIG_DIR": "/a"}) == ["/a"]
    assert dirs({"CLAUDE_CONFIG_DIR": " /a, ~/b ,,~,/a/"}) == ["/a", "/home/user/b", "/home/user"]
    assert dirs({"CLAUDE_CONFIG_DIR": " , "}) == ["/home/user/.claude", "/home/user/.config/claude"]


def test_several_folders_as_in_path() -> None:
    several = os.pathsep.join(["/a,b", " ~/b ", "", "/a,b/"])
    assert dirs({"CLAUDE_CONFIG_DIRS": several}) == ["/a,b", "/home/user/b"]
    assert dirs({"CLAUDE_CONFIG_DIRS": several, "CLAUDE_CONFIG_DIR": "/c"}) == ["/c"]
    assert dirs({"CLAUDE_CONFIG_DIRS": several, "CLAUDE_CONFIG_DIR": " "}) == ["/a,b", "/home/user/b"]
    assert dirs({"CLAUDE_CONFIG_DIRS": os.pathsep}) == ["/home/user/.claude", "/home/user/.config/claude"]


def test_folders_given_replace_all_others() -> None:
    assert dirs({"CLAUDE_CONFIG_DIR": "/a"}, "/x", "/y", "/x") == ["/x", "/y"]


def test_relative_folders_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ClaudeHome(tmp_path / "here").append(ROW)
    monkeypatch.chdir(tmp_path)
    (path,) = transcripts_of(Path("here"))
    assert path.startswith(str(tmp_path))
    assert dirs({"CLAUDE_CONFIG_DIR": "here"}) == [str(tmp_path / "here")]


def test_a_config_folder_or_its_projects_may_be_given(claude_home: ClaudeHome) -> None:
    path = claude_home.append(ROW)
    assert transcripts_of(claude_home.folder) == [str(path)]
    assert transcripts_of(claude_home.folder / "projects") == [str(path)]


def test_a_folder_called_projects_may_itself_be_a_config_folder(tmp_path: Path) -> None:
    path = ClaudeHome(tmp_path / "projects").append(ROW)
    assert transcripts_of(tmp_path / "projects") == [str(path)]


def test_only_transcripts_are_found_each_once_in_a_stable_order(claude_home: ClaudeHome) -> None:
    wanted = [
        claude_home.append(ROW, session="s2"),
        claude_home.append(ROW, session="s1"),
        claude_home.append(ROW, agent="a1"),
        claude_home.append(ROW, project=".git", session="s1"),
        claude_home.append(ROW, project="node_modules", session="s1"),
    ]
    folder = wanted[0].parent
    for name in ("journal.jsonl", "sessions-index.json", "s1.jsonl.compact.tmp.ab", "x.JSONL", "s1.json"):
        (folder / name).write_bytes(b"{}\n")
    os.link(wanted[0], folder / "zz-hard.jsonl")
    (folder / "zz-soft.jsonl").symlink_to(wanted[0])
    assert sorted(map(str, wanted)) == transcripts_of(claude_home.folder)
    source = ClaudeSource()
    root = claude_home.folder / "projects"
    assert list(source.discover(root)) == list(source.discover(root))


def test_linked_projects_are_entered_once_and_loops_end(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(ROW)
    elsewhere = ClaudeHome(tmp_path / "elsewhere")
    other = elsewhere.append(assistant("msg_2", T, usage(2, 2)), project="-other").parent
    projects = claude_home.folder / "projects"
    (projects / "-linked").symlink_to(other)
    (projects / "-again").symlink_to(other)
    (projects / "-loop").symlink_to(projects)
    (other / "up").symlink_to(projects)
    (other / "self").symlink_to(other / "self")
    assert [one.key for one in counted_exactly(claude_home.folder)] == ["msg_1", "msg_2"]
    assert len(transcripts_of(claude_home.folder)) == 2


def test_what_cannot_be_read_is_named_and_ends_nothing(claude_home: ClaudeHome) -> None:
    folder = claude_home.append(ROW).parent
    (folder / "dangling.jsonl").symlink_to(folder / "nowhere")
    (folder / "loop.jsonl").symlink_to(folder / "loop.jsonl")
    os.mkfifo(folder / "fifo.jsonl")
    (folder / "folder.jsonl").mkdir()
    (folder / "folder.jsonl" / "inside.jsonl").write_bytes(b"")
    store = counted(claude_home.folder)
    assert [one.key for one in list_responses(store)] == ["msg_1"]
    assert {(problem.kind, os.path.basename(problem.path)) for problem in store.problems} == {
        (ProblemKind.UNREADABLE, name) for name in ("dangling.jsonl", "loop.jsonl", "fifo.jsonl")
    }
    assert all(problem.detail for problem in store.problems)


def test_a_linked_file_is_not_followed_out_of_the_logs(claude_home: ClaudeHome, tmp_path: Path) -> None:
    folder = claude_home.append(ROW).parent
    outside = ClaudeHome(tmp_path / "elsewhere").append(assistant("msg_2", T, usage(2, 2)))
    link = folder / "link.jsonl"
    link.symlink_to(outside)
    (folder / "relative.jsonl").symlink_to(os.path.relpath(outside, folder))
    (folder / "within.jsonl").symlink_to("s1.jsonl")
    project = outside.parent
    (project / "inside.jsonl").symlink_to(outside)
    (claude_home.folder / "projects" / "-linked").symlink_to(project)
    store = counted(claude_home.folder)
    assert [one.key for one in list_responses(store)] == ["msg_1", "msg_2"], "the linked folder is followed"
    told = [(problem.kind, os.path.basename(problem.path), problem.detail) for problem in store.problems]
    assert told == [
        (ProblemKind.UNREADABLE, name, "a link; links are not followed") for name in ("link.jsonl", "relative.jsonl")
    ]
    (claude_home.folder / "projects" / "-linked").unlink()
    assert [one.key for one in list_responses(counted(claude_home.folder))] == ["msg_1"]


@pytest.mark.parametrize("read", [ClaudeSource().read, lambda file: read_columns(file.path)], ids=["plain", "fast"])
def test_no_reader_opens_a_link(read: Any, claude_home: ClaudeHome, tmp_path: Path) -> None:
    outside = ClaudeHome(tmp_path / "elsewhere").append(ROW)
    link = claude_home.append(ROW).parent / "link.jsonl"
    link.symlink_to(outside)
    with pytest.raises(OSError, match="a link; links are not followed"):
        read(LogFile("claude", str(link), "", 0, 0, 0, 0))


def test_a_folder_that_cannot_be_listed_is_named(claude_home: ClaudeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    claude_home.append(ROW)
    closed = claude_home.append(ROW, project="-closed").parent
    listed = os.scandir

    def scandir(path: Any) -> Any:
        if path == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setenv("CLAUDE_TOP_NATIVE", "0")  # the core does not ask Python what a folder has
    store = counted(claude_home.folder)
    assert [one.key for one in list_responses(store)] == ["msg_1"]
    assert [(problem.kind, problem.path) for problem in store.problems] == [(ProblemKind.UNREADABLE, str(closed))]


def test_files_may_vanish_and_appear_while_they_are_looked_for(claude_home: ClaudeHome) -> None:
    stop = threading.Event()
    claude_home.append(ROW)

    def churn() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            path = claude_home.append(assistant("msg_2", T, usage(1, 1)), project=f"-p{n % 7}", session="s2")
            path.unlink()
            path.parent.rmdir()

    def looks() -> Iterator[list[str]]:
        for _ in range(200):
            yield [one.key for one in list_responses(counted(claude_home.folder))]

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        assert all("msg_1" in keys for keys in looks())
    finally:
        stop.set()
        thread.join()


def test_a_folder_that_links_lead_to_again_is_named_once(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links are met only after folders were entered: those must not be entered again."""
    closed = claude_home.append(ROW, project="-closed").parent
    projects = claude_home.folder / "projects"
    (projects / "-linked").symlink_to(closed)
    (projects / "-loop").symlink_to(projects)
    listed, looked_at = os.scandir, []

    def scandir(path: Any) -> Any:
        looked_at.append(os.path.realpath(path))
        if path == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = list(transcripts(projects))
    assert [(file.path, file.dev) for file in found] == [(str(closed), REFUSED)]
    assert sorted(looked_at) == sorted({str(projects), str(closed)})


def test_a_link_to_a_folder_that_holds_the_logs_is_named_and_not_followed(claude_home: ClaudeHome) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    links = [path.with_name("root"), path.parent.parent / "-home"]
    links[0].symlink_to("/")
    links[1].symlink_to(claude_home.folder.parent)
    (path.parent / "again").symlink_to(path.parent.parent)  # no more than a loop
    store = counted(claude_home.folder)
    assert [one.key for one in list_responses(store)] == ["msg_1"]
    assert {(problem.kind, problem.path) for problem in store.problems} == {
        (ProblemKind.UNREADABLE, str(link)) for link in links
    }


def test_a_link_to_more_folders_than_are_searched_is_named(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_LINKED", 20)
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    for number in range(30):
        (tmp_path / "elsewhere" / f"{number}").mkdir(parents=True)
    link = path.with_name("elsewhere")
    link.symlink_to(tmp_path / "elsewhere")
    assert [(file.path, file.dev == REFUSED) for file in transcripts(path.parent.parent)] == [
        (str(path), False), (str(link), True),
    ]  # fmt: skip


def test_a_link_to_what_is_no_transcript_is_named(claude_home: ClaudeHome) -> None:
    path = claude_home.append(assistant("msg_1", T, usage(1, 1)))
    moved = path.with_suffix(".bak")
    path.rename(moved)
    path.symlink_to(moved.name)
    (problem,) = counted(claude_home.folder).problems
    assert (problem.path, problem.detail) == (str(path), "a link; links are not followed")
