"""Responses that only copies tell of any more: the session they were copied from has lost them, and its totals have
them still. Must not know what follows from a total, stores, prices or files.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from claude_tui.sources.client_totals import ClientTotal

Stretch = tuple[int, int]
"""The instants between which a session got everything that its totals have."""


def stretch_of(totals: Sequence[ClientTotal]) -> Stretch:
    """Return when the chains of a session began and when its processes had ended. The last lines before a total may be
    lost, too: its process ended so long after those before at most as all of its chain ran."""
    ends_ms = ((total.last_ms or total.start_ms) + total.duration_ms for total in totals)
    return min(total.start_ms for total in totals), max(ends_ms)


def strays(stretch: Stretch, held: Collection[int], lost: Mapping[int, int]) -> list[int]:
    """Return the responses that a session may have lost: of all that only copies tell of, with their instants, those
    of its stretch that it does not hold. Whose they are is not known, so they may be of several sessions."""
    return [row for row, time_ms in lost.items() if stretch[0] <= time_ms <= stretch[1] and row not in held]
