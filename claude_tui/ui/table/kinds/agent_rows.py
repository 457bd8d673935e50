"""Sub-agents as rows of their own below their session. Pure."""

from __future__ import annotations

from claude_tui.model import AgentRow, SessionRow, Totals
from claude_tui.records import NamedTuple


class AgentLine(NamedTuple):
    """A sub-agent as a row among sessions: it answers what a session answers, as far as it can."""

    session: SessionRow
    agent: AgentRow
    is_last: bool

    @property
    def key(self) -> str:
        """Unique among all rows."""
        return f"{self.session.key}\0{self.agent.key}"

    @property
    def name(self) -> str:
        """Its name, hung below its session's."""
        return f"{'└' if self.is_last else '├'} {self.agent.name}"

    @property
    def called(self) -> str:
        """The same: it has no prompt of a person."""
        return self.name

    @property
    def source(self) -> str:
        """Its session's client."""
        return self.session.source

    @property
    def totals(self) -> Totals:
        """What it used; its session's totals hold it too."""
        return self.agent.totals

    @property
    def models(self) -> tuple[str, ...]:
        """Its models."""
        return self.agent.models

    @property
    def project_name(self) -> str:
        """Said by its session's row."""
        return ""

    @property
    def branch(self) -> str:
        """Said by its session's row."""
        return ""

    @property
    def agents(self) -> tuple[AgentRow, ...]:
        """None."""
        return ()

    @property
    def activity(self) -> None:
        """Not known of a sub-agent."""
        return None

    @property
    def context_tokens(self) -> int:
        """Not known of a sub-agent."""
        return 0

    @property
    def context_window(self) -> int:
        """Not known of a sub-agent."""
        return 0

    @property
    def compactions(self) -> int:
        """Not known of a sub-agent."""
        return 0

    @property
    def compacted_tokens(self) -> int:
        """Not known of a sub-agent."""
        return 0

    @property
    def cost_per_hour_nano(self) -> int:
        """Not known of a sub-agent."""
        return 0


def unfold(session: SessionRow) -> list[AgentLine]:
    """The sub-agents of a session, the costliest first."""
    ranked = sorted(session.agents, key=lambda agent: (-agent.totals.cost_nano, agent.key))
    return [AgentLine(session, agent, number == len(ranked)) for number, agent in enumerate(ranked, 1)]
