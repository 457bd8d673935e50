"""What is around a view: meters where there is room for them, and no style made again because another view is shown."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

from claude_tui.ui.widgets.edges.meters import Meters
from claude_tui.ui.widgets.edges.topbar import TopBar
from tests.ui.helpers import press, running


async def test_live_keeps_its_meters_where_other_views_have_a_line() -> None:
    async with running(size=(80, 24)) as (app, pilot):
        meters, line = app.query_one(Meters), app.query_one("#meterline")
        for key, shown in (("1", (True, False)), ("4", (False, True)), ("1", (True, False))):
            await press(pilot, key)
            assert (meters.display, line.display) == shown
        await press(pilot, "z")
        assert (meters.display, line.display) == (False, False)
        await press(pilot, "z")
        assert (meters.display, line.display) == (True, False)


async def test_another_view_needs_no_styles_made_again_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[DOMNode]()
    update_nodes = Stylesheet.update_nodes

    def update(sheet: Stylesheet, nodes: Iterable[DOMNode], animate: bool = False) -> None:
        made.extend(counted := list(nodes))
        update_nodes(sheet, counted, animate)

    async with running(size=(80, 24)) as (app, pilot):
        await press(pilot, "4", "1")
        monkeypatch.setattr(Stylesheet, "update_nodes", update)
        await press(pilot, "4", "1")
        assert made and app.query_one(TopBar) not in made
        await press(pilot, "z")
        assert app.query_one(TopBar) in made  # as would be seen
