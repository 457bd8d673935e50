"""The terminal app. The only layer that imports textual; `run` is its one door."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claude_tui.ui.source import SnapshotSource
    from claude_tui.ui.terminal.first_frame import FirstFrame


def run(
    source: SnapshotSource,
    *,
    theme: str | None = None,
    mouse: bool = True,
    ascii: bool = False,
    period: str | None = None,
    view: str | None = None,
    first_frame: FirstFrame | None = None,
    receives: bool = True,
) -> int:
    """Run the app until it is left; returns the exit code. The process must end then, and is ended if it does not.

    Args:
        source: Where snapshots come from, usually an engine `Monitor`. It is run as long as the app runs.
        theme: Name of a colour theme; an unknown one is said and replaced.
        mouse: Whether the mouse is captured.
        ascii: Draw with plain characters only.
        period: Which days count at first: today, 7d, 30d, month, cycle, all, or a range as 2026-11-01..2026-11-30.
        view: The view to start with: live, models, projects, sessions, days, blocks, causes or plan.
        first_frame: Where the picture is kept that the next start shows; None keeps none.
        receives: Whether telemetry is received, if the settings want it.

    What is given goes before what the settings file says, config.toml in claude-top's configuration folder. It is
    written when a setting is changed on screen.
    """
    from claude_tui import runtime

    runtime.starting()  # until the app's first frame, or the end of the first count

    from claude_tui.paths import config_folder, state_folder
    from claude_tui.telemetry.settings import TelemetrySettings
    from claude_tui.ui.app import ClaudeTop
    from claude_tui.ui.settings.file import FILE_NAME, load, with_options
    from claude_tui.ui.settings.last_look import FILE_NAME as LOOK_NAME
    from claude_tui.ui.terminal.signals import ENDING_S, end_at_last

    path = config_folder() / FILE_NAME
    settings, complaints = load(path)
    settings = with_options(settings, theme=theme, period=period, view=view, ascii=ascii or None)
    if not receives:
        settings = with_options(settings, telemetry=TelemetrySettings())
    app = ClaudeTop(
        source, settings, settings_path=path, complaints=complaints, first_frame=first_frame,
        # What is not shown again the next time is not begun with either: the demo, the table of a fleet.
        look_path=state_folder() / LOOK_NAME if first_frame is not None else None,
        telemetry_state=state_folder() if receives else None,
    )  # fmt: skip
    app.on_leaving = end_at_last
    app.run(mouse=mouse)
    end_at_last(app.return_code or 0, ENDING_S)
    return app.return_code or 0
