"""What the header has to say of a screen: which days, whose figures, what else goes on. Must not draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_tui.engine.queries.allowances.budgets import day_limit_nano
from claude_tui.engine.queries.periods.named import add
from claude_tui.model import Phase, Snapshot
from claude_tui.ui.text import clients
from claude_tui.ui.widgets.edges.status import HeaderStatus

if TYPE_CHECKING:
    from claude_tui.ui.main_screen.drawn_screen import DrawnScreen


def status_of(screen: DrawnScreen, snapshot: Snapshot) -> HeaderStatus:
    """Return what the header shows beside a snapshot that the screen draws."""
    navigation, view, today = screen.navigation, screen.view, screen.today
    in_period = (row.totals for row in snapshot.days if screen.period.covers(row.day, today))
    unlogged = snapshot.unlogged
    if view.IGNORES_PERIOD:
        unlogged_nano = sum(nano for day, nano in unlogged.days.items() if screen.period.covers(day, today))
    else:
        unlogged_nano = unlogged.nano
    # The sums of a view that asks for all days are those of the period only if that is all days.
    is_of_period = not view.IGNORES_PERIOD or screen.period.range(today) == (None, None)
    is_split = clients.are_several(snapshot) and is_of_period
    budgets = screen.kept.now.budgets if snapshot.progress.phase is not Phase.MERGED else ()  # those of this machine
    return HeaderStatus(
        view=navigation.here.view, tab=navigation.tab, now_ms=screen.now_ms, period=screen.period.label,
        period_short=screen.period.short,
        trail=navigation.scope.trail,
        totals=add(in_period) if view.IGNORES_PERIOD else snapshot.totals, paused=screen.paused_ms is not None,
        interval_s=screen.refresher.interval_s, error=next(iter(screen.failures.values()), ""),
        saved_ms=screen.source.saved_ms, exceeded=screen.budgets.exceeded, client=navigation.client,
        account=navigation.account,
        by_client=clients.totals(snapshot.models) if is_split else {}, window=screen.camera.window,
        unlogged_nano=unlogged_nano, telemetry=screen.telemetry,
        day_limit_nano=day_limit_nano(budgets),
        has_shades=not (screen.app.current_theme.ansi or screen.app.no_color),
    )  # fmt: skip
