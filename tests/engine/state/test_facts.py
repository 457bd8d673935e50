"""Facts of sessions, given back as a cache keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given

from claude_tui.engine.state.facts import FactBook
from claude_tui.sources.protocol import FileFacts
from tests.engine.counting import NOW_MS
from tests.engine.rows import File, files


@given(files)
def test_facts_given_back_are_those_that_were_learned(many: Sequence[File]) -> None:
    learned, restored = FactBook(), FactBook()
    for file in many:
        learned.learn("claude", file.path, file.facts)
    restored.restore(learned.files())
    assert restored.sessions == learned.sessions
    assert restored.agents == learned.agents
    assert restored.newest_ms == learned.newest_ms
    assert restored.take_changed() == learned.take_changed()
    for span in (10**6, 10**9, NOW_MS):
        assert restored.seen_between(NOW_MS - span, NOW_MS) == learned.seen_between(NOW_MS - span, NOW_MS)
    for book in (restored, learned):
        for file in many:
            assert book.learn("claude", file.path, file.facts) == (False, set())


def test_what_several_files_say_of_one_is_given_back_together() -> None:
    learned, restored = FactBook(), FactBook()
    for at, (path, cwd) in enumerate((("/b", "/second"), ("/a", "/first"))):
        learned.learn("claude", path, FileFacts(session="s", cwd=cwd, title=path, last_ms=at))
        learned.learn("claude", path, FileFacts(parent="s", agent="a", cwd=cwd, agent_type=path, last_ms=1 - at))
    restored.restore(learned.files())
    assert (
        restored.sessions == learned.sessions == {("claude", "s"): FileFacts("s", cwd="/first", title="/a", last_ms=1)}
    )
    assert restored.agents == learned.agents
    assert restored.agents["claude", "s", "a"].agent_type == "/b"
