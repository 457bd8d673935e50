from __future__ import annotations

from pathlib import Path

import pytest

from claude_tui.engine.ledger import Ledger, adopt, moved_folders
from claude_tui.engine.ledger.exchange.moved import Moved, moved_in
from claude_tui.engine.ledger.file.book import FileKey
from claude_tui.engine.ledger.pieces import LedgerPiece
from claude_tui.engine.ledger.results import WriteResult
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.scan.discovery import roots_of
from tests.engine.counting import config_of
from tests.engine.ledgers import content_of, ledger_in, piece, ran, row
from tests.logs import ClaudeHome, assistant, usage

T = 1_790_000_000_000


def moved_home(tmp_path: Path) -> tuple[ClaudeHome, Path, Ledger]:
    """A home counted where it was, of which one log was deleted before it moved."""
    home, ledger = ClaudeHome(tmp_path / "old"), ledger_in(tmp_path)
    gone = home.append(*(assistant(f"msg_{n}", T + n, usage(5, n)) for n in range(5)), session="s1")
    home.append(*(assistant(f"new_{n}", T + n, usage(5, n)) for n in range(3)), session="s2")
    ran(home.folder, ledger)
    gone.unlink()
    old = home.folder
    new = tmp_path / "new"
    old.rename(new)
    return ClaudeHome(new), old, ledger


def roots(folder: Path) -> list[tuple[str, str]]:
    return roots_of(config_of(folder))


def test_what_is_remembered_of_a_folder_that_moved_is_told_and_brought_over(tmp_path: Path) -> None:
    home, old, ledger = moved_home(tmp_path)
    assert len(list_responses(ran(home.folder, ledger))) == 3
    (moved,) = moved_folders(ledger, roots(home.folder))
    was, now = old / "projects", home.folder / "projects"
    assert moved == Moved("claude", str(was), str(now), 1, 5), "what is in the moved logs needs no bringing over"
    before = content_of(ledger)
    done = adopt(ledger, moved.old, moved.new)
    assert (done.files, done.change.added, done.change.unchanged) == (2, 5, 3)
    assert {key: found for key, found in content_of(ledger).items() if key in before} == before
    assert len(list_responses(ran(home.folder, ledger))) == 8
    assert moved_folders(ledger, roots(home.folder)) == []
    after = content_of(ledger)
    assert adopt(ledger, moved.old, moved.new).change[:2] == (0, 0)
    assert content_of(ledger) == after
    assert adopt(ledger, "/elsewhere", moved.new).files == 0


def test_a_folder_that_is_still_there_is_not_counted_either_and_said_to_be_there(tmp_path: Path) -> None:
    home, old, ledger = moved_home(tmp_path)
    (old / "projects").mkdir(parents=True)
    (found,) = moved_folders(ledger, roots(home.folder))
    assert (found.old, found.new, found.is_there) == (str(old / "projects"), str(home.folder / "projects"), True)


def test_a_folder_of_no_counted_name_is_told_without_a_place_to_carry_it_to(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([
        piece("/x/logs/-p/s1.jsonl", [row("msg_1")]), piece("/x/logs/-q/s2.jsonl", [row("msg_2"), row("msg_3")]),
    ])  # fmt: skip
    files = ledger.recall().files
    (found,) = moved_in(files, [("claude", "/b/projects")], lambda path: False)
    assert found == Moved("claude", "/x/logs", "", 2, 3)
    assert moved_in(files, [("codex", "/b/.codex")], lambda path: False) == [], "Claude Code is not asked for"


def test_a_response_that_several_files_tell_is_one_and_what_was_carried_over_in_part_is_not_all(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([
        piece("/x/projects/p.jsonl", [row("msg_1"), row("msg_2")]), piece("/x/projects/q.jsonl", [row("msg_2")]),
        piece("/b/projects/p.jsonl", [row("msg_1")]),
    ])  # fmt: skip
    assert moved_folders(ledger, [("claude", "/b/projects")]) == [Moved("claude", "/x/projects", "/b/projects", 2, 2)]


def test_files_that_no_folder_has_together_are_told_without_one(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([piece("/x/logs/s1.jsonl", [row("msg_1")]), piece("logs/s2.jsonl", [row("msg_2")])])
    assert moved_folders(ledger, [("claude", "/b/projects")]) == [Moved("claude", "", "", 2, 2)]


def test_only_this_machines_files_move(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([
        piece("/a/projects/p.jsonl", [row("msg_1")]),
        piece("/a/projects/p.jsonl", [row("msg_2")])._replace(key=FileKey("desk", "claude", "/a/projects/p.jsonl")),
        piece("/a/projectsx/p.jsonl", [row("msg_3")]),
    ])  # fmt: skip
    moved, nameless = sorted(moved_folders(ledger, [("claude", "/b/projects")]), key=lambda one: one.old)
    assert moved == Moved("claude", "/a/projects", "/b/projects", 1, 1)
    assert nameless == Moved("claude", "/a/projectsx", "", 1, 1)
    assert adopt(ledger, "/a/projects", "/b/projects").files == 1
    assert [(host, path) for host, _, path in content_of(ledger) if "/b/" in path] == [("here", "/b/projects/p.jsonl")]


@pytest.mark.parametrize(("old", "new"), [("/a", "/a/b"), ("/a/b", "/a"), ("/a", "/a"), ("/", "/x"), ("/a/", "/c/")])
def test_bringing_over_twice_is_bringing_over_once(old: str, new: str, tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([piece("/a/b/p.jsonl", [row("msg_1")]), piece("/a/q.jsonl", [row("msg_2")])])
    before = content_of(ledger)
    adopt(ledger, old, new)
    after = content_of(ledger)
    assert before.items() <= after.items()
    adopt(ledger, old, new)
    assert content_of(ledger) == after


def test_of_several_folders_the_one_with_the_files_is_named(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    ledger.write([piece("/projects/x/.claude/projects/-p/s.jsonl", [row("msg_1")])])
    counted = [("claude", "/b/projects"), ("claude", "/c/projects"), ("codex", "/d/projects")]
    files = ledger.recall().files
    (found,) = moved_in(files, counted, lambda path: path == "/c/projects/-p/s.jsonl")
    assert (found.old, found.new) == ("/projects/x/.claude/projects", "/c/projects")
    (nameless,) = moved_in(files, [("claude", "/b/logs")], lambda path: False)
    assert nameless.new == ""


def test_many_files_are_brought_over_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claude_tui.engine.ledger.exchange.moved.BATCH", 5)
    ledger = ledger_in(tmp_path)
    ledger.write([piece(f"/a/{n}.jsonl", [row(f"msg_{n}_{m}") for m in range(n)]) for n in range(1, 6)])
    written: list[int] = []
    write = ledger.write

    def noting(found: list[LedgerPiece], wait_s: float) -> WriteResult:
        written.append(len(found))
        return write(found, wait_s)

    monkeypatch.setattr(ledger, "write", noting)
    assert adopt(ledger, "/a", "/b").change.added == 15
    assert written == [3, 2]
