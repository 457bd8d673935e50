"""The text when there is nothing to show yet: what to try, and where it looked. Must not look for logs."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from claude_tui.figures import many
from claude_tui.model import Phase, Snapshot
from claude_tui.widths import cut


def is_empty(snapshot: Snapshot) -> bool:
    """Whether the logs hold nothing at all (as opposed to nothing in this period)."""
    return not (snapshot.totals.responses or snapshot.newest_ms or snapshot.days)


def message(snapshot: Snapshot, width: int) -> Content:
    """The text for a snapshot without anything in it."""
    if snapshot.progress.phase in (Phase.DISCOVERING, Phase.SCANNING):
        return Content.assemble(
            ("Reading the logs…", "bold $accent"), "\n\n", ("Numbers appear as they are counted.", "$quiet")
        )
    problems = sum(snapshot.problems.values())
    if problems:
        title = f"Logs found, but nothing in them is counted: {many(problems, 'problem')}"
        why = [Content.assemble(("claude-top doctor", "bold $primary"), ("  says why", "$quiet"))]
    else:
        title, why = "No logs found yet", []
    lines = [
        Content.styled(title, "bold $accent"),
        *why,
        Content.styled("The first response appears here as soon as it is logged.", "$quiet"),
        Content(""),
        Content.assemble(("claude-top --demo", "bold $primary"), ("  shows invented data", "$quiet")),
        Content.assemble(("claude-top --claude-dir DIR", "bold $primary"), ("  reads another folder", "$quiet")),
        Content(""),
        Content.styled("Looked in", "$quiet"),
        *(
            Content.assemble(("  • ", "$primary"), (cut(root, max(8, width - 4)), "$foreground"))
            for root in snapshot.roots
        ),
    ]
    return Content("\n").join(lines)


class Empty(Static):
    """The empty state."""

    def __init__(self) -> None:
        super().__init__(id="empty", markup=False)

    def show(self, snapshot: Snapshot) -> None:
        """Say where it looked."""
        self.update(message(snapshot, self.app.size.width - 8))
