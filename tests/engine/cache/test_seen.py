"""How far files were read, saved and given back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.engine.cache.section_file import DamagedSectionError
from claude_tui.engine.cache.seen import Seen, SeenFiles, encoded
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


def kept(known: dict[str, Seen]) -> SeenFiles:
    files, checkpoints = encoded(known)
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
    assert encoded(saved.all()) == encoded(known)


@pytest.mark.parametrize("is_decoded", [False, True], ids=["as saved", "decoded"])
def test_what_was_read_since_counts(is_decoded: bool) -> None:
    old, new = LogFile("claude", "/a", "/", 1, 2, 3, 4), LogFile("claude", "/a", "/", 9, 9, 3, 4)
    other, third = (Seen(old._replace(path=path), READ) for path in ("/b", "/c"))
    saved = kept({"/a": Seen(old, Checkpoint(3, 4, 1)), "/b": other})
    if is_decoded:
        saved.all()
    saved.note([Seen(new, READ), third])
    assert saved.is_same(new)
    assert not saved.is_same(old)
    assert saved.paths() == {"/a", "/b", "/c"}
    assert saved.all() == {"/a": Seen(new, READ), "/b": other, "/c": third}
    known = saved.all()
    saved.clear()
    assert saved.all() is known
    assert not saved.paths()
    assert not saved.is_same(new)


def test_halves_that_do_not_belong_together_are_noticed() -> None:
    one = {"/a": Seen(LogFile("claude", "/a", "/", 1, 2, 3, 4), READ)}
    saved = SeenFiles(encoded(one)[0], lambda: encoded({})[1])
    with pytest.raises(DamagedSectionError):
        saved.all()
    with pytest.raises(DamagedSectionError):
        saved.checkpoints(["/a"])
