"""How far files were read, saved and given back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.engine.cache.section_file import DamagedSectionError
from claude_tui.engine.cache.seen import Seen, SeenFiles, encoded
from claude_tui.sources.checkpoints import checkpoint_of
from claude_tui.sources.checkpoints import encoded as line_of
from claude_tui.sources.protocol import Checkpoint, LogFile

numbers = st.integers(0, 2**63 - 1)
checkpoints = st.builds(
    Checkpoint, numbers, numbers, numbers, st.binary(max_size=8), st.binary(max_size=8), numbers, st.text(max_size=9)
)
files = st.builds(
    LogFile, st.just("claude"), st.sampled_from(["/a", "/b\n", "/\udcff", "/d\r"]), st.just("/"), *[numbers] * 4
)
seen = st.dictionaries(files.map(lambda file: file.path), st.builds(Seen, files, checkpoints)).map(
    lambda known: {path: Seen(one.file._replace(path=path), one.checkpoint) for path, one in known.items()}
)
READ = Checkpoint(1, 2, 30, b"head", b"anchor")
AS_JSON = b'[1,2,30,"68656164","616e63686f72",0,"[\\"\xc3\xbc\\"]",""]'


def saved_of(known: dict[str, Seen]) -> tuple[bytes, bytes]:
    files, checkpoints = encoded(known)
    return b"".join(files), b"".join(checkpoints)


def kept(known: dict[str, Seen]) -> SeenFiles:
    files, checkpoints = saved_of(known)
    return SeenFiles(files, lambda: checkpoints)


@given(seen)
def test_what_was_saved_is_given_back(known: dict[str, Seen]) -> None:
    saved = kept(known)
    assert saved.paths() == set(known)
    assert saved.checkpoints([*known, "/nowhere"]) == [*(one.checkpoint for one in known.values()), None]
    assert all(saved.is_same(one.file) for one in known.values())
    assert not any(saved.is_same(one.file._replace(size=one.file.size + 1)) for one in known.values())
    assert saved.all() == known
    assert saved.paths() == set(known)
    assert saved.checkpoints([*known, "/nowhere"]) == [*(one.checkpoint for one in known.values()), None]
    assert all(saved.is_same(one.file) for one in known.values())
    assert saved_of(saved.all()) == saved_of(known)


@given(checkpoints, st.text(st.sampled_from('a"\n\\\udcff'), max_size=4))
def test_a_checkpoint_is_kept_as_one_line(checkpoint: Checkpoint, state: str) -> None:
    checkpoint = checkpoint._replace(state=state)
    text = line_of(checkpoint)
    assert b"\n" not in text
    assert checkpoint_of(text) == checkpoint
    assert line_of(text) is text


@pytest.mark.parametrize("is_decoded", [False, True], ids=["as saved", "decoded"])
def test_what_was_read_since_counts(is_decoded: bool) -> None:
    old, new = LogFile("claude", "/a", "/", 1, 2, 3, 4), LogFile("claude", "/a", "/", 9, 9, 3, 4)
    other, third = (Seen(old._replace(path=path), READ) for path in ("/b", "/c"))
    saved = kept({"/a": Seen(old, Checkpoint(3, 4, 1)), "/b": other})
    if is_decoded:
        saved.all()
    saved.note([(new.path, Seen(new, READ)), ("/c", third)])
    assert saved.is_same(new)
    assert not saved.is_same(old)
    assert saved.paths() == {"/a", "/b", "/c"}
    assert saved.all() == {"/a": Seen(new, READ), "/b": other, "/c": third}
    known = saved.all()
    saved.clear()
    assert saved.all() is known
    assert not saved.paths()
    assert not saved.is_same(new)


def test_what_came_as_the_cache_keeps_it_is_kept_as_it_came() -> None:
    log, read = LogFile("claude", "/a", "/", 1, 2, 3, 4), READ._replace(state='["\u00fc"]')
    many = {
        "/a": Seen(log, AS_JSON),
        "/b": Seen(log._replace(path="/b"), READ),
        "/c": Seen(log._replace(path="/c"), AS_JSON),
    }
    assert [one.checkpoint for one in many.values()] == [read, READ, read]
    saved = kept(many)
    assert saved.checkpoints(["/a", "/b", "/c"]) == [read, READ, read]
    assert saved.all() == {path: Seen(one.file, one.checkpoint) for path, one in many.items()}
    only = kept({"/a": Seen(log, AS_JSON)})
    assert only.checkpoints(["/a"]) == [read]


def test_halves_that_do_not_belong_together_are_noticed() -> None:
    one = {"/a": Seen(LogFile("claude", "/a", "/", 1, 2, 3, 4), READ)}
    saved = SeenFiles(saved_of(one)[0], lambda: saved_of({})[1])
    with pytest.raises(DamagedSectionError):
        saved.all()
    with pytest.raises(DamagedSectionError):
        saved.checkpoints(["/a"])
