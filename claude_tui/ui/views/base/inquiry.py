"""What takes long to find out, asked in a thread while the view is drawn: one question at a time, the newest.

The same is asked again only after many times what it took, so that logs that grow all the time cost little. Nothing is
asked while nothing moves. Must not know what is asked, or draw.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from textual.widget import Widget

from claude_tui.ui.views.base.view import MoreFound
from claude_tui.waiting import is_set_in_time

QuestionT = TypeVar("QuestionT")
AnswerT = TypeVar("AnswerT")

REST: Final = 20
"""The same is asked again after so many times what the answer took, at least `LEAST_REST_S`."""
LEAST_REST_S: Final = 0.5


@dataclass(frozen=True)
class _Known(Generic[QuestionT, AnswerT]):
    question: QuestionT
    revision: int
    answer: AnswerT | None


class Inquiry(Generic[QuestionT, AnswerT]):
    """The answer to one question at a time, for one widget. Not for threads: only `ask` is called in one."""

    def __init__(self, widget: Widget, ask: Callable[[QuestionT], AnswerT], group: str) -> None:
        """Set up without a question.

        Args:
            widget: Who asks; what is asked ends with it.
            ask: Answers a question. Called in a thread, never twice at once; must not touch widgets.
            group: What is said to have failed if `ask` raises.
        """
        self._widget, self._ask, self._group = widget, ask, group
        self._wanted: tuple[QuestionT, int] | None = None
        self._known: _Known[QuestionT, AnswerT] | None = None
        self._is_asking = False
        self._changed = asyncio.Event()
        self._rests_until_s = 0.0

    def answer(self, question: QuestionT, revision: int) -> AnswerT | None:
        """Return what is known of a question, maybe of an older revision; what is not known is asked.

        None while nothing is known, and after a failure.
        """
        known = self._known
        is_known = known is not None and known.question == question
        if known is None or not is_known or known.revision != revision:
            if self._wanted is None or self._wanted[0] != question:
                self._changed.set()
            self._wanted = question, revision
            if not self._is_asking:
                self._is_asking = True
                self._widget.app.run_worker(self._serve(), group=self._group, exit_on_error=False)
        return known.answer if known is not None and is_known else None

    def has_answered(self, question: QuestionT) -> bool:
        """Whether a question was answered, or failed to be."""
        return self._known is not None and self._known.question == question

    async def _serve(self) -> None:
        """Ask what is wanted until nothing is."""
        try:
            while self._wanted is not None:
                question, revision = self._wanted
                self._changed.clear()
                if self.has_answered(question):
                    await is_set_in_time(self._changed, max(0.0, self._rests_until_s - time.monotonic()))
                    question, revision = self._wanted
                began_s = time.monotonic()
                answer: AnswerT | None = None
                try:
                    answer = await asyncio.to_thread(self._ask, question)
                finally:
                    ended_s = time.monotonic()
                    self._rests_until_s = ended_s + max(LEAST_REST_S, REST * (ended_s - began_s))
                    self._known = _Known(question, revision, answer)
                    if self._wanted == (question, revision):
                        self._wanted = None
                    self._widget.post_message(MoreFound())
        finally:
            self._is_asking = False
