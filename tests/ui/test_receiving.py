"""The screen receives telemetry while it is open, if the settings want it."""

from __future__ import annotations

import asyncio

from claude_tui.paths import state_folder
from claude_tui.telemetry.ownership import is_owned
from claude_tui.telemetry.settings import TelemetrySettings
from tests.telemetry.posting import lines, numbered, numbers_in, post
from tests.ui.helpers import running, wait_until


async def test_the_screen_receives_while_it_is_open() -> None:
    async with running(telemetry=TelemetrySettings(on=True, port=0)) as (app, pilot):
        await wait_until(
            pilot, lambda: app.background.receiver is not None and app.background.receiver.state == "receiving"
        )
        assert app.background.receiver is not None
        reply = await asyncio.to_thread(post, app.background.receiver.status.port, numbered(1))
        assert reply.status == 200
        app.leave(0)
        assert not is_owned(state_folder())
    assert numbers_in(lines()) == [1]


async def test_it_does_not_without_the_setting() -> None:
    async with running() as (app, _):
        assert app.background.receiver is None
        assert not is_owned(state_folder())
