"""The native core finds the transcripts that Python finds, or leaves the folder to it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from claude_tui.engine.scan.asking import read_transcripts
from claude_tui.engine.scan.discovery import discover
from claude_tui.native import library
from claude_tui.native.core import Core
from claude_tui.native.walking import WithoutNote, transcripts_below
from claude_tui.sources.claude.discovery import transcripts
from claude_tui.sources.protocol import LogFile, SourceConfig
from tests.logs import ClaudeHome, assistant, usage

T_NS = 1_780_000_000_000_000_000


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Iterator[Core]:
    monkeypatch.setenv(library.VARIABLE, "1")
    library.found.cache_clear()
    found = library.found()
    if found.core is None:
        pytest.skip(f"the native core is {found.reason}: `pip install -e .` where cargo is builds it")
    yield found.core
    library.found.cache_clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Folders with transcripts and what is none, some of one instant."""
    folder = tmp_path / "claude" / "projects"
    for number in range(30):
        below = folder / f"-p{number % 7}" / ("s" * (number % 3)) / ("subagents" if number % 2 else ".")
        below.mkdir(parents=True, exist_ok=True)
        for name in (f"{number}.jsonl", f"{number}é.jsonl", f"{number}\U0001f600.jsonl", f"{number}.json"):
            path = below / name
            path.write_bytes(b"x" * number)
            os.utime(path, ns=(T_NS, T_NS + number // 4))
        (below / "journal.jsonl").write_bytes(b"")
    (folder / "folder.jsonl" / "empty").mkdir(parents=True)
    (folder / "folder.jsonl" / ".jsonl").write_bytes(b"1")
    return folder


def plainly(root: Path) -> list[LogFile]:
    return sorted(transcripts(root), key=lambda file: (-file.mtime_ns, file.path))


def natively(core: Core, root: Path) -> list[LogFile] | None:
    """What the core finds, with any number of threads."""
    found = transcripts_below(core, os.fspath(root), threads=1)
    assert all(transcripts_below(core, os.fspath(root), threads=threads) == found for threads in (2, 8))
    return found


def test_a_plain_tree_is_walked_natively(root: Path, core: Core) -> None:
    os.mkfifo(root / "pipe.jsonl")
    os.utime(root / "-p0" / "0.jsonl", ns=(0, -1_500_000_000))
    found = plainly(root)
    assert natively(core, root) == found
    assert len(found) == 92


def test_it_knows_beside_which_transcripts_there_is_no_note(root: Path, core: Core) -> None:
    below = root / "-p1" / "s" / "subagents"
    for name in ("agent-a.jsonl", "agent-a.b.jsonl", "agent-c.jsonl", "agent-a.meta.json", "agent-c.meta.jsonl"):
        (below / name).touch()
    (below / "agent-a.b.meta.json").mkdir()
    found = natively(core, root)
    assert found == plainly(root)
    assert [os.path.basename(file.path) for file in found or () if type(file) is not WithoutNote] == ["agent-a.jsonl"]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_note_is_read_where_there_is_one(claude_home: ClaudeHome, core: Core, is_there: bool) -> None:
    row = dict(assistant("msg_1", T_NS // 1_000_000, usage(1, 2)), isSidechain=True, agentId="a1", sessionId="s")
    path = claude_home.append(row, session="s/subagents/agent-a1")
    if is_there:
        path.with_name("agent-a1.meta.json").write_text('{"agentType": "Explore"}')
    config = SourceConfig(Path("/none"), explicit={"claude": (claude_home.folder,)}, sources=("claude",))
    for natively in (False, True):
        files = discover(config, natively=natively)
        assert (type(files[0]) is WithoutNote) == (natively and not is_there)
        answer = read_transcripts(core, files, ZoneInfo("UTC"), with_names=False)
        assert [one.facts.agent_type for one in answer.files] == ["Explore" if is_there else ""]


def test_a_folder_that_is_not_there_or_empty_has_none(tmp_path: Path, core: Core) -> None:
    assert natively(core, tmp_path / "missing") == natively(core, tmp_path) == []


ODD: dict[str, Callable[[Path], object]] = {
    "link to a folder": lambda root: (root / "link").symlink_to(root / "-p1"),
    "link to a file": lambda root: (root / "link.jsonl").symlink_to(root / "-p0" / "0.jsonl"),
    "link to nothing": lambda root: (root / "-p2" / "link.jsonl").symlink_to("nowhere"),
    "loop": lambda root: (root / "-p3" / "loop").symlink_to(".."),
    "hard link": lambda root: os.link(root / "-p0" / "0.jsonl", root / "-p1" / "again.jsonl"),
    "name that is no text": lambda root: Path(os.fsdecode(os.fsencode(root) + b"/\xff.jsonl")).write_bytes(b""),
    "folder that is no text": lambda root: os.mkdir(os.fsencode(root) + b"/-p1/\xfe"),
    "agent mode": lambda root: (root / "-p1" / "local-agent-mode-sessions" / "a").mkdir(parents=True),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_is_no_plain_tree_is_left_to_python(root: Path, core: Core, make: Callable[[Path], object]) -> None:
    make(root)
    assert natively(core, root) is None
    config = SourceConfig(root.parent, explicit={"claude": (root.parent,)}, sources=("claude",))
    assert discover(config, natively=True) == discover(config)


@pytest.mark.parametrize("seed", range(3))
def test_any_roots_give_the_same_in_the_same_order(root: Path, core: Core, seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    second, third = tmp_path / "second" / "projects", tmp_path / "third" / "projects"
    for folder in (second, third):
        folder.mkdir(parents=True)
        for number in range(rng.randrange(20)):
            path = folder / f"{number}.jsonl"
            path.write_bytes(b"1" * rng.randrange(9))
            os.utime(path, ns=(T_NS, T_NS + rng.randrange(5)))
    if seed:
        os.link(root / "-p0" / "0.jsonl", rng.choice((second, third)) / "again.jsonl")
    homes = [root.parent, second.parent, third.parent, tmp_path / "none"]
    rng.shuffle(homes)
    config = SourceConfig(tmp_path, explicit={"claude": tuple(homes)}, sources=("claude", "codex"))
    found = discover(config, natively=True)
    assert found == discover(config) and len(found) > 90


def test_folders_that_come_and_go_meanwhile_end_no_walk(root: Path, core: Core) -> None:
    def changed(rounds: int) -> None:
        for number in range(rounds):
            folder = root / f"new{number % 3}"
            folder.mkdir(exist_ok=True)
            (folder / "a.jsonl").write_bytes(b"")
            (folder / "a.jsonl").unlink()
            folder.rmdir()

    child = os.fork()
    if not child:
        changed(1500)
        os._exit(0)
    seen = [transcripts_below(core, os.fspath(root)) for _ in range(100)]
    os.waitpid(child, 0)
    want = {file.path for file in plainly(root)}
    assert all(found is None or want <= {file.path for file in found} for found in seen)
