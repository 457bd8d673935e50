"""What the lines above the view say: the views, what is being done, and the meters if there is room for one line.

Pure: a snapshot and a `HeaderStatus` become text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content

from claude_tui import figures, moments
from claude_tui.engine.queries.allowances.budgets import BudgetState
from claude_tui.engine.queries.periods.named import BY_ID
from claude_tui.model import Phase, Progress, Snapshot
from claude_tui.sources.values.display import display_name
from claude_tui.ui.settings.declared import VIEWS, Settings
from claude_tui.ui.text import clients
from claude_tui.ui.text.drawings import bars
from claude_tui.ui.text.names import superscript
from claude_tui.ui.text.open_block import left_text
from claude_tui.ui.widgets.edges.status import HeaderStatus
from claude_tui.ui.widgets.edges.tabs import shown_tabs
from claude_tui.ui.widgets.line import Part, assemble


def phase_parts(progress: Progress, status: HeaderStatus, width: int) -> list[Part]:
    """What the engine is doing, with a progress bar while it reads."""
    if status.error:
        return [("▲ ", "$error"), (status.error, "bold $error")]
    if status.paused:
        return [(" ‖ PAUSED ", "bold reverse $warning")]
    if progress.phase is Phase.SCANNING:
        share = progress.bytes_done / progress.bytes_total if progress.bytes_total else 0.0
        saved = f"saved {moments.age(status.saved_ms, status.now_ms)} ago, " if status.saved_ms and width >= 60 else ""
        parts: list[Part] = [(f"◌ {saved}scanning ", "bold $accent")]
        if width >= 40:
            filled, empty = bars.gauge(share, 10)
            parts += [(filled, "$accent"), (empty, "$line")]
        parts.append((f" {figures.percent(100 * share)}", "$foreground"))
        if width >= 60:
            parts.append((f" {progress.files_done:,}/{progress.files_total:,} files", "$quiet"))
            parts.append((f" {figures.size(progress.bytes_done)} of {figures.size(progress.bytes_total)}", "$quiet"))
        if progress.eta_s is not None and width >= 24:
            parts.append((f" {moments.countdown(progress.eta_s)} left", "$quiet"))
        return parts
    if progress.phase is Phase.MERGED:
        age = moments.age(status.saved_ms, status.now_ms)
        old = f", merged {age}{'' if age == 'now' else ' ago'}" if width >= 32 else ""
        return [("◆ ", "$warning"), (progress.phase.value, "bold $warning"), (old, "$warning")]
    glyph, style = {
        Phase.DISCOVERING: ("◌", "$accent"),
        Phase.LIVE: ("●", "$success"),
        Phase.POLLING: ("◆", "$warning"),
        Phase.STOPPED: ("○", "$error"),
    }[progress.phase]
    word = progress.phase.value if width > len(progress.phase.value) + 1 else ""
    return [(f"{glyph} ", style), (word, f"bold {style}")]


def history_part(text: str, width: int) -> Part:
    """Why the history is not kept, in as many words as there is room for beside the rest."""
    head = text.partition(":")[0].partition(" (")[0]
    fits = (f"▲ {text}", 2 * width // 3), (f"▲ {head}", width), (head, width)
    return next((said for said, room in fits if len(said) <= room), head[: max(1, width - 1)] + "…"), "bold $error"


def telemetry_parts(status: HeaderStatus, width: int) -> list[tuple[int, Sequence[Part]]]:
    """What is wrong with telemetry: before all else but the history if what is sent is lost, else if there is room."""
    if status.telemetry is None:
        return []
    part = history_part(display_name(status.telemetry.text), width)
    return [(-1, [part])] if status.telemetry.is_lost else [(2, [(part[0], "$warning")])]


def waiting_part(sessions: int, width: int) -> Part:
    """How many sessions wait for a person."""
    verb = "waits" if sessions == 1 else "wait"
    said = (f" ◆ {sessions} {verb} for you ", 50), (f" ◆ {sessions} {verb} ", 24), (f"◆{sessions}", 0)
    return next(text for text, room in said if width >= room), "bold reverse $error"


def status_line(snapshot: Snapshot, status: HeaderStatus, width: int) -> Content:
    """The right part of the top line: the days in few words, then what goes on by its sign, before the days go."""
    progress = snapshot.progress
    before = alone_parts(status, width)
    if progress.history:
        # What is lost for good has the highest rank; a cache that is not saved only costs time.
        before.append((-2, [history_part(display_name(progress.history), width)]))
    before += telemetry_parts(status, width)
    urgent = sum(len(text) + 3 for rank, parts in before if rank < 0 for text, _ in parts)
    phase = phase_parts(progress, status, width - urgent)
    after = _news(snapshot, status, width)
    is_told_by_sign = progress.phase in (Phase.LIVE, Phase.POLLING) and not status.error
    sign = [(phase[0][0].strip(), phase[0][1])] if is_told_by_sign else phase
    for period, said in ((status.period, phase), (status.period_short, phase), (status.period_short, sign)):
        line = assemble([(1, [(period, "bold $accent")]), *before, (0, said), *after], width)
        if not status.period_short or period in line.plain:
            break
    return line


def _news(snapshot: Snapshot, status: HeaderStatus, width: int) -> list[tuple[int, Sequence[Part]]]:
    """What is said after what goes on: files and ages, budgets, who waits, problems."""
    progress = snapshot.progress
    groups: list[tuple[int, Sequence[Part]]] = []
    if progress.phase is not Phase.SCANNING:
        if progress.files_total:
            groups.append((6, [(figures.many(progress.files_total, "file"), "$quiet")]))
        if progress.detail:
            groups.append((7, [(progress.detail, "$warning")]))
        if status.interval_s != Settings.interval_s:
            groups.append((5, [(f"every {status.interval_s:g}s", "$warning")]))
    if snapshot.newest_ms:
        age = moments.age(snapshot.newest_ms, status.now_ms)
        word = "data " if width >= 44 else ""
        old = " old" if width >= 32 and age != "now" else ""
        groups.append((3, [(word, "$quiet"), (age, "$foreground"), (old, "$quiet")]))
    if status.exceeded:
        groups.append((2, [("$!", "bold $error"), (f" {status.exceeded[0]}" if width >= 60 else "", "$error")]))
    if snapshot.waiting_sessions:
        groups.append((-1, [waiting_part(snapshot.waiting_sessions, width)]))
    problems = sum(snapshot.problems.values())
    if problems:
        groups.append((2, [(f"!{problems}", "bold $warning")]))
    return groups


def alone_parts(status: HeaderStatus, width: int) -> list[tuple[int, Sequence[Part]]]:
    """The client or the account that is shown alone, by its sign where there is no room: all figures depend on it."""
    if not (status.client or status.account):
        return []
    text, style = clients.named(status.client) if status.client else clients.account(status.account)
    return [(1, [(text if width >= ROOM_FOR_NAMES else text[0], style)])]


def budget_text(state: BudgetState) -> str:
    """How a budget stands, in a few words."""
    return f"{state.name}: {spent_text(state)}"


def spent_text(state: BudgetState) -> str:
    """What is spent of a budget."""
    mark = "≥ " if state.is_lower_bound else ""
    return f"{mark}{figures.money(state.spent_nano, 12)} of {figures.money(state.limit_nano, 12)}"


ROOM_FOR_NAMES: Final = 36
"""From so many cells on there is room for the name of a client beside the period and what goes on."""


def top_line(snapshot: Snapshot, status: HeaderStatus, width: int) -> Content:
    """The whole top line."""
    left = shown_tabs(snapshot, status, width)
    used = sum(len(text) for text, _ in left)
    right = status_line(snapshot, status, width - used - 2)
    return Content.assemble(*left, " " * max(1, width - used - right.cell_length - 1), right, " ")


def short_line(snapshot: Snapshot, status: HeaderStatus, width: int, alone: bool) -> Content:
    """Meters as one line, for small panes. `alone`: nothing else is above the table."""
    burn, flow = snapshot.burn.last_5m_nano, snapshot.tokens_per_minute
    glyph = (
        []
        if not alone
        else phase_parts(snapshot.progress, status, 0)[:1]
        if not status.paused
        else [("‖ ", "bold $warning")]
    )
    today = figures.cost(snapshot.today, 9) if width < 50 else figures.headline_cost(snapshot.today)
    style = "bold $primary" if status.is_known(snapshot) else "$quiet"
    if status.is_over(snapshot):
        style = "bold $error"
    if not (status.is_known(snapshot) or snapshot.today.responses):
        today = status.unknown(snapshot)
    first: list[Part] = [*glyph, ("today ", "$quiet") if width >= 30 else ("", ""), (today, style)]
    groups: list[tuple[int, Sequence[Part]]] = [(0, first)]
    if alone and snapshot.waiting_sessions:
        groups.append((-1, [waiting_part(snapshot.waiting_sessions, 0)]))
    if alone and snapshot.progress.history:
        groups.append((-2, [history_part(display_name(snapshot.progress.history), width)]))
    if alone:
        groups += telemetry_parts(status, width)
    is_recent_known = status.is_recent_known(snapshot)
    pace = f"{figures.money(burn, 7)}/h" if is_recent_known else "–/h"
    groups.append((1, [(pace, "bold $warning" if burn else "$quiet")]))
    groups += alone_parts(status, width)
    period, is_narrowed = status.period_short or status.period, status.period != BY_ID["all"].label
    if alone and is_narrowed:
        groups.append((1, [(period, "$accent")]))
    if status.window is not None:
        room = min(24, width - sum(len(text) for _, parts in groups for text, _ in parts) - 6)
        groups.append((2, [(left_text(status.window, status.now_ms, room), "$accent")]))
    if alone:
        number = superscript(VIEWS.index(status.view) + 1) if status.view in VIEWS else ""
        groups.append((3, [(number + status.view, "bold $accent")]))
        if not is_narrowed:
            groups.append((5, [(period, "$accent")]))
    if unlogged := figures.unlogged(status.unlogged_nano, status.totals):
        groups.append((5, [(unlogged, "$quiet")]))
    if snapshot.active_sessions or status.is_known(snapshot):
        groups.append((4, [(f"{snapshot.active_sessions}", "bold $success"), (" active", "$quiet")]))
    if is_recent_known:
        groups.append((6, [(figures.short(flow[-1] if flow else 0), "$foreground"), (" tok/min", "$quiet")]))
        groups.append((7, [(bars.sparkline(flow, 20), "$secondary")]))
    return assemble(groups, width)
