from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.logs import ClaudeHome, assistant, usage
from tests.ui.fakes import FakeSource
from tests.ui.helpers import running


def test_what_waits_for_ever_is_ended_at_last_with_the_exit_code() -> None:
    script = "import threading; from claude_tui.ui.terminal.signals import end_at_last; end_at_last(7, 0.1); "
    script += "threading.Thread(target=threading.Event().wait).start()"  # as a thread that waits for keys
    assert subprocess.run([sys.executable, "-c", script], timeout=60).returncode == 7


async def test_it_is_told_when_the_app_begins_to_leave_and_when_it_breaks() -> None:
    codes: list[int] = []
    async with running(FakeSource()) as (app, _):
        app.on_leaving = lambda code, wait_s: codes.append(code)

        def broken() -> Any:
            raise ZeroDivisionError

        app.main.keep_frame = broken  # type: ignore[method-assign, assignment]
        with pytest.raises(ZeroDivisionError):
            app.leave(129)
        assert codes == [129] and app.return_code == 129  # and it ends all the same


@pytest.mark.parametrize("end", ["stdin", "stdout"])
def test_a_screen_in_a_browser_ends_when_its_server_is_gone(end: str, own_home: Path, claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=200_000)))
    env = {**os.environ, "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver", "COLUMNS": "100", "ROWS": "30"}
    command = [sys.executable, "-m", "claude_tui"]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin is not None and program.stdout is not None
        seen = b""
        while b"live" not in seen:
            seen += os.read(program.stdout.fileno(), 1 << 16)
        if end == "stdout":
            program.stdout.close()
        else:
            program.stdin.close()
            program.stdout.read()
        assert program.wait(60) == 129
