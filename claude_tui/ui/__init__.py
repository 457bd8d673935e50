"""The terminal app. The only layer that imports textual; `run` is its one door."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claude_tui.ui.source import SnapshotSource


def run(
    source: SnapshotSource,
    *,
    theme: str | None = None,
    mouse: bool = True,
    ascii: bool = False,
    period: str = "all",
    view: str = "live",
) -> int:
    """Run the app until it is left; returns the exit code.

    Args:
        source: Where snapshots come from, usually an engine `Monitor`. It is run as long as the app runs.
        theme: Name of a colour theme; an unknown one is said and replaced.
        mouse: Whether the mouse is captured.
        ascii: Draw with plain characters only.
        period: Which days count at first: today, 7d, 30d, month or all.
        view: The view to start with: live, models, projects, sessions or days.
    """
    from multiprocessing import resource_tracker

    from claude_tui.ui import themes
    from claude_tui.ui.app import ClaudeTop, Settings

    settings = Settings(theme=theme or themes.DEFAULT, period=period, view=view, ascii=ascii)
    # A process pool started later passes stderr on to this process of multiprocessing's, and while Textual runs
    # stderr has no file number to pass: "bad value(s) in fds_to_keep".
    resource_tracker.ensure_running()
    app = ClaudeTop(source, settings)
    app.run(mouse=mouse)
    return app.return_code or 0
