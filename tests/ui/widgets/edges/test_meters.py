"""What the meters say of themselves."""

from __future__ import annotations

import pytest

from claude_tui.ui.widgets.edges.meters import period_title


@pytest.mark.parametrize(
    ("trail", "width", "said"),
    [
        ((), 20, "all time"),
        (("opus-5-5",), 20, "opus-5-5"),
        (("opus-5-5", "webshop"), 20, "opus-5-5 › webshop"),
        (("opus-5-5", "webshop"), 12, "webshop"),
        (("Add rate limiting to the public API",), 12, "Add rate li…"),
    ],
)
def test_the_meter_of_the_period_is_called_by_what_was_opened(trail: tuple[str, ...], width: int, said: str) -> None:
    assert period_title("all time", trail, width) == said
