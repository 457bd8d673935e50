"""What a worker hands over: its reader's files come back as the very ones it was given, whatever was read of them."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from claude_tui.engine.scan import scan as scanning
from claude_tui.engine.scan.discovery import discover
from claude_tui.engine.scan.handing import THEIRS, with_files, without_files
from claude_tui.engine.scan.reading import UNSETTLED, FileReader, Task
from claude_tui.engine.scan.scan import Scan
from claude_tui.engine.state.batch import ALIKE, Packed
from claude_tui.sources.protocol import LogFile
from tests.engine.counting import PRICER, UTC, config_of
from tests.logs import ClaudeHome, assistant, usage

T = 1_780_000_000_000


@pytest.fixture
def files(claude_home: ClaudeHome, tmp_path: Path) -> list[LogFile]:
    """Logs that are read, one whose end is waited for, and one that is gone."""
    for number in range(6):
        claude_home.append(assistant(f"m{number}", T + number, usage(number)), session=f"s{number}")
    log = next(claude_home.folder.rglob("s3.jsonl"))
    log.write_bytes(log.read_bytes() + b'{"type":"assistant","message":{"content":"')
    found = discover(config_of(claude_home.folder))
    return [*found, found[0]._replace(path=str(tmp_path / "gone.jsonl"))]


def read(files: list[LogFile]) -> Packed:
    return FileReader(PRICER, UTC).read_all([Task(file) for file in files])


def test_what_is_handed_over_is_made_whole_again(files: list[LogFile]) -> None:
    found = read(files)
    sent: Packed = pickle.loads(pickle.dumps(without_files(found, files)))
    assert {THEIRS} <= {one.file for one in sent.outcomes}
    whole = with_files(sent, files)
    assert [one._replace(reached=one.checkpoint) for one in whole.outcomes] == list(found.outcomes)
    assert (list(whole.ends), whole.cells) == (list(found.ends), found.cells)
    as_asked = [(one.file is file, one.file) for one, file in zip(whole.outcomes, files, strict=True)]
    others = [its for is_same, its in as_asked if not is_same]
    assert all(its.size == UNSETTLED for its in others)


def test_no_path_of_a_log_is_sent_back(files: list[LogFile]) -> None:
    one = [file for file in files if "s1" in file.path]
    sent = pickle.dumps(without_files(read(one), one))
    assert len(one) == 1
    assert one[0].path.encode() not in sent


def test_facts_that_files_have_alike_are_there_once(files: list[LogFile]) -> None:
    logs = [file for file in files if "s3" not in file.path and "gone" not in file.path]
    sent: Packed = pickle.loads(pickle.dumps(read(logs)))
    facts = [one.facts for one in sent.outcomes if one.facts is not None]
    assert len(facts) == len(logs)
    for name in ALIKE:
        assert len({id(getattr(one, name)) for one in facts}) == len({getattr(one, name) for one in facts})
    assert len({one.cwd for one in facts}) == 1


@pytest.mark.parametrize("most", [1, 4])
def test_a_scan_gives_the_files_it_was_given(files: list[LogFile], most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "batches", lambda tasks: (tasks[at : at + most] for at in range(0, len(tasks), most)))
    packs: list[Packed] = []
    scan = Scan([Task(file) for file in files], FileReader(PRICER, UTC), processes=2)
    assert scan._workers is not None
    scan.run_here(packs.append, lambda progress: None)
    said = [one.file for found in packs for one in found.outcomes]
    assert [file.path for file in said] == [file.path for file in files]
    assert all(its is file or its.size == UNSETTLED for its, file in zip(said, files, strict=True))
    assert sum(its is file for its, file in zip(said, files, strict=True)) >= len(files) - 1
