"""An Escape and what is typed after it, however it arrives."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste
from textual.message import Message

from claude_tui.ui.terminal.drivers.typed import Typed


def said(messages: list[Message]) -> list[str]:
    return [one.key if isinstance(one, Key) else one.text if isinstance(one, Paste) else repr(one) for one in messages]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("\x1bq", ["escape", "q"]),
        ("\x1b5", ["escape", "5"]),
        ("\x1b\r", ["escape", "enter"]),
        ("\x1b ", ["escape", "space"]),
        ("\x1bé5\x1bj", ["escape", "é", "5", "escape", "j"]),
        ("\x1b[A\x1b[B", ["up", "down"]),
        ("\x1bOA", ["up"]),
        ("\x1b\x1b[A", ["escape", "up"]),
    ],
)
@pytest.mark.parametrize("is_at_once", [True, False])
def test_an_escape_is_a_key_whatever_follows_it(text: str, keys: list[str], is_at_once: bool) -> None:
    typed = Typed()
    found = [one for piece in ([text] if is_at_once else text) for one in typed.feed(piece)]
    assert said(found) == keys
    assert typed.wait_s is None


def test_what_is_pasted_is_left_as_it_is() -> None:
    typed, parser, pasted = Typed(), XTermParser(), ("j\x1b[200~a\x1bq", "b\x1bc\x1b[201~k")
    found = [one for piece in pasted for one in typed.feed(piece)]
    assert said(found) == said([one for piece in pasted for one in parser.feed(piece)])
