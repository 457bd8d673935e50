"""The views. Each draws a snapshot and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from claude_tui.ui.views.base import View
from claude_tui.ui.views.blocks import BlocksView
from claude_tui.ui.views.days import DaysView
from claude_tui.ui.views.live import LiveView
from claude_tui.ui.views.models import ModelsView
from claude_tui.ui.views.projects import ProjectsView
from claude_tui.ui.views.sessions import SessionsView
from claude_tui.ui.views.turns import TurnsView

ALL_VIEWS: Final[tuple[Callable[[], View], ...]] = (
    LiveView, ModelsView, ProjectsView, SessionsView, DaysView, BlocksView, TurnsView,
)  # fmt: skip
"""Every view, in the order of their numbers; the last has none and is reached by opening a session."""
