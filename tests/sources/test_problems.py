"""What was skipped in a file reaches another process as it was."""

from __future__ import annotations

import pickle

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.problems import MAX_KEPT, Problems


def test_problems_that_are_sent_are_the_same_and_go_on_counting() -> None:
    found = Problems(Problem(ProblemKind.MALFORMED, "/log", at, "") for at in range(MAX_KEPT + 5))
    found.append(Problem(ProblemKind.OVERSIZE, "/log", 7, "line of 9 bytes"), 3)
    sent = pickle.loads(pickle.dumps(found))
    assert sent == found and len(sent) == MAX_KEPT + 1
    for problems in (found, sent):
        problems.append(Problem(ProblemKind.MALFORMED, "/log", 999, ""))
        problems.append(Problem(ProblemKind.OVERSIZE, "/log", 999, ""))
    assert sent == found and sent.counts == {"malformed": MAX_KEPT + 6, "oversize": 4} and len(sent) == MAX_KEPT + 2
    assert pickle.loads(pickle.dumps(Problems())) == Problems() == Problems().with_more(Problems())


def test_what_is_told_again_is_known() -> None:
    known = Problems(Problem(ProblemKind.MALFORMED, "/log", at, "") for at in range(2))
    told = Problems(Problem(ProblemKind.MALFORMED, "/log", at, "") for at in range(1, 4))
    told.append(Problem(ProblemKind.BAD_COUNT, "/log", 2, "tokens.input"))
    after = known.with_retold(told)
    assert [one.offset for one in after] == [0, 1, 2, 3, 2] and after.counts == {"malformed": 4, "bad_count": 1}
    assert after.with_retold(told) == after.with_retold(known) == after.with_retold(Problems()) == after


def test_more_than_can_be_kept_are_not_counted_on_and_on() -> None:
    many = Problems(Problem(ProblemKind.MALFORMED, "/log", at, "") for at in range(MAX_KEPT + 50))
    after = Problems().with_retold(many)
    assert after.counts == {"malformed": MAX_KEPT + 50} and after.with_retold(many) == after
