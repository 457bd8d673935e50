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
        seen = {key for key, known in learned.sessions.items() if NOW_MS - span < known.last_ms <= NOW_MS}
        assert restored.seen_between(NOW_MS - span, NOW_MS) == seen
        assert restored.seen_between(NOW_MS - span, NOW_MS) == learned.seen_between(NOW_MS - span, NOW_MS)
    for book in (restored, learned):
        for file in many:
            assert book.learn("claude", file.path, file.facts) == (False, set())


def test_who_is_learned_after_the_first_question_is_seen_as_well() -> None:
    book = FactBook()
    assert book.seen_between(0, 9) == set()
    book.learn_first("claude", [("/a", FileFacts(session="a", last_ms=3, is_complete=True))])
    book.learn("claude", "/b", FileFacts(session="b", last_ms=5))
    assert book.seen_between(0, 9) == {("claude", "a"), ("claude", "b")}
    book.learn("claude", "/b", FileFacts(session="b", last_ms=12))
    assert book.seen_between(0, 9) == {("claude", "a")}


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
