"""Which budgets are used up, and which of those were reported already. Must not ask how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from claude_tui.engine.queries.allowances.budgets import BudgetState
from claude_tui.sources.values.display import display_name
from claude_tui.ui.widgets.edges.header import budget_text


class BudgetWatch:
    """The budgets that are used up."""

    def __init__(self) -> None:
        self.exceeded: tuple[str, ...] = ()
        """Each as a sentence."""
        self._said: set[tuple[str, date]] = set()

    def news(self, states: Sequence[BudgetState]) -> list[str]:
        """Take over how the budgets stand; returns the sentences about those exceeded since the last time."""
        exceeded = [state for state in states if state.is_exceeded]
        self.exceeded = tuple(display_name(budget_text(state)) for state in exceeded)
        told = zip(exceeded, self.exceeded, strict=True)
        new = [text for state, text in told if (state.name, state.since) not in self._said]
        self._said |= {(state.name, state.since) for state in exceeded}
        return new
