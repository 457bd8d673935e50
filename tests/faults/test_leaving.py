from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("looks into /proc", allow_module_level=True)

from tests.faults.leaving import WAYS, Screen, env_at, exits, wait_until
from tests.logs import ClaudeHome, assistant, usage

EXITS = int(os.environ.get("FAULT_EXITS", str(4 * len(WAYS))))


@pytest.mark.timeout(120 + 10 * EXITS)
def test_whichever_way_a_screen_ends_nobody_of_it_stays(own_home: Path) -> None:
    assert exits(own_home, EXITS) == []


FOREVER = """
async def forever(*_):
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass
"""
"""Work that does not hear that it is to end."""

STUBBORN = {
    "a task": """
from claude_tui.ui.app import ClaudeTop
begin = ClaudeTop.on_mount
def on_mount(app):
    begin(app)
    app.stays = asyncio.create_task(forever())
ClaudeTop.on_mount = on_mount
""",
    "what follows logs": """
from claude_tui.engine.follow.tail import Tail
Tail._follow_hot = forever
""",
    "what waits for the ledger": """
from claude_tui.engine.monitor import Monitor
Monitor._follow_ledger = forever
""",
    "a thread": """
import threading
from claude_tui.ui.app import ClaudeTop
begin = ClaudeTop.on_mount
def on_mount(app):
    begin(app)
    app.stays = asyncio.ensure_future(asyncio.to_thread(threading.Event().wait))
ClaudeTop.on_mount = on_mount
""",
}


@pytest.mark.parametrize("what", STUBBORN)
@pytest.mark.timeout(120)
def test_what_does_not_hear_of_the_end_holds_nobody_up_and_nothing_is_lost(what: str, own_home: Path) -> None:
    home, env = own_home / "stubborn", env_at(own_home / "stubborn")
    logs = ClaudeHome(home / ".claude")
    log = logs.append(assistant("m1", 1_780_000_000_000, usage(output=9)))
    screen = Screen(home, env, also=FOREVER + STUBBORN[what])
    try:
        assert wait_until(screen.is_live)
        screen.type("q")
        assert wait_until(lambda: not screen.processes())
        assert screen.shell.wait(30) == 0
        assert screen.drawn.count(b"\x1b[?1049l") == 1  # and the terminal is as it was
    finally:
        screen.kill()
    log.unlink()
    command = [sys.executable, "-m", "claude_tui", "report", "--json"]
    printed = subprocess.run(command, env=env, capture_output=True, timeout=60).stdout
    assert json.loads(printed)["totals"]["responses"] == 1
