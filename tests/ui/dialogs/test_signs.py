"""The page of signs cannot lie: every glyph that is drawn is on it, and every state and client has its own."""

from __future__ import annotations

import re

from claude_tui.clients import CLIENTS
from claude_tui.model import SessionState
from claude_tui.ui.dialogs.help_screen import COLUMNS, ROWS, SIGN_COLUMNS
from claude_tui.ui.dialogs.signs import SIGNS
from claude_tui.ui.settings.keys import SECTIONS
from claude_tui.ui.text.drawings.bars import STEPS
from tests.ui.helpers import press, running, screen_text, settled

FRAME = set("╭╮╰╯─│┤├┬┴┼▔▁▏▎▍▌▋▊▉▐▕█┊…›·•×⁰¹²³⁴⁵⁶⁷⁸⁹←→↑↓ⁿ■")
"""Borders, scroll bars, the numbers of views, arrows of keys, legends beside their names, and cut text."""


async def test_every_glyph_that_is_drawn_is_explained() -> None:
    explained = {glyph for signs in SIGNS.values() for sign in signs for glyph in sign.text} | set(STEPS)
    found: dict[str, str] = {}
    for size in ((200, 60), (120, 36), (80, 24), (40, 8)):
        async with running(size=size) as (app, pilot):
            await settled(pilot)
            for keys in (("1",), ("b",), ("b",), ("2",), ("3",), ("4",), ("5",), ("c",), ("c",), ("w",), ("6",)):
                await press(pilot, *keys)
                found |= {glyph: f"{keys} at {size}" for glyph in screen_text(app) if ord(glyph) > 0x2000}
    unknown = {glyph: where for glyph, where in found.items() if glyph not in explained | FRAME}
    assert not unknown


def test_the_page_of_keys_has_the_keys_of_every_view() -> None:
    for title, bindings in SECTIONS.items():
        assert [row.meaning for row in ROWS[title]] == [binding.tooltip for binding in bindings], title
    assert {title for column in (*COLUMNS, *SIGN_COLUMNS) for title in column} == ROWS.keys()


def test_every_state_and_every_client_has_its_sign() -> None:
    states = [sign.text for sign in SIGNS["States"]]
    assert len(states) == len(set(states)) == len(SessionState) + 2, "and a menu, and a doubt"
    assert [sign.meaning for sign in SIGNS["Clients"]] == [client.label for client in CLIENTS.values()]
    assert all(sign.meaning and not re.search(r"\\d{4}", sign.meaning) for signs in SIGNS.values() for sign in signs)
