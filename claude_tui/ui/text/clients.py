"""The clients beside each other: one glyph and one colour each, their totals. Pure.

Shown only if the logs hold more than one: who uses one client never sees any of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from claude_tui import figures
from claude_tui.clients import CLIENTS
from claude_tui.engine.queries.periods.named import add
from claude_tui.model import ModelRow, Snapshot, Totals
from claude_tui.sources.values.display import display_name
from claude_tui.ui.text.drawings.stacks import SERIES
from claude_tui.ui.text.names import tail

GLYPHS: Final = {client.name: client.glyph for client in CLIENTS.values()}
"""What stands for a client if there is no room for its name; distinct without colours as well."""

COLOURS: Final = {name: f"$series-{number % SERIES + 1}" for number, name in enumerate(CLIENTS)}
"""The colour of each: those of the series, which every theme keeps apart, in turn."""

ClientPart = tuple[str, str]


def are_several(snapshot: Snapshot) -> bool:
    """Whether there are several clients to distinguish."""
    return len(snapshot.sources) > 1


def following(client: str, present: Sequence[str]) -> str:
    """The next choice after a client: each that is present in turn, then all ("")."""
    choices = ("", *present) if len(present) > 1 else ("",)
    return choices[(choices.index(client) + 1) % len(choices)] if client in choices else ""


def only(present: Sequence[str], what: str) -> str:
    """Why there is nothing to choose among the clients or accounts that are there."""
    return f"there is only one {what} here" if present else f"there is no {what} here yet"


def named(client: str) -> ClientPart:
    """Glyph and name, with the client's colour."""
    return f"{GLYPHS.get(client, '?')} {client}", COLOURS.get(client, "$foreground")


def account(folder: str) -> ClientPart:
    """How an account is shown: by the last part of its folder."""
    return f"@ {display_name(tail(folder), 30)}", "$accent"


def totals(models: Iterable[ModelRow]) -> dict[str, Totals]:
    """What each client used, in the order they are listed; they add up to the totals of the models."""
    rows: dict[str, list[Totals]] = {}
    for row in models:
        rows.setdefault(row.source, []).append(row.totals)
    return {name: add(rows[name]) for name in CLIENTS if name in rows}


def cost_parts(by_client: Mapping[str, Totals], width: int) -> list[ClientPart]:
    """The cost of each client in at most `width` cells; if not all fit, those of the greatest and an ellipsis."""
    shown = dict(by_client)
    while shown:
        parts: list[ClientPart] = []
        for name, sums in shown.items():
            gap, figure = " " if parts else "", figures.cost(sums, 6).strip()
            parts += [(gap + named(name)[0][0], COLOURS[name]), (figure, "$foreground")]
        if len(shown) < len(by_client):
            parts.append((" …", "$quiet"))
        if sum(len(text) for text, _ in parts) <= width:
            return parts
        del shown[min(shown, key=lambda name: shown[name].cost_nano)]
    return []


def total_parts(by_client: Mapping[str, Totals], width: int) -> list[ClientPart]:
    """Cost and tokens of each client in at most `width` cells, without their names if these do not fit."""
    for has_names in (True, False):
        parts: list[ClientPart] = []
        for name, sums in by_client.items():
            label, colour = named(name)
            sum_text = f" {figures.cost(sums, 9).strip()} {figures.short(sums.tokens)} tok"
            gap = (" · ", "$line") if parts else ("", "")
            parts += [gap, (label if has_names else label[0], colour), (sum_text, "$foreground")]
        if sum(len(text) for text, _ in parts) <= width:
            return parts
    return []
