from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.ui.fakes import FakeSource
from tests.ui.helpers import running


def test_what_waits_for_ever_is_ended_at_last_with_the_exit_code() -> None:
    script = "import threading; from claude_tui.ui.leaving import end_at_last; end_at_last(7, 0.1); "
    script += "threading.Thread(target=threading.Event().wait).start()"  # as a thread that waits for keys
    assert subprocess.run([sys.executable, "-c", script], timeout=60).returncode == 7


async def test_it_is_told_when_the_app_begins_to_leave_and_when_it_breaks() -> None:
    codes: list[int] = []
    async with running(FakeSource()) as (app, _):
        app.on_leaving = codes.append

        def broken() -> Any:
            raise ZeroDivisionError

        app.keep_frame = broken  # type: ignore[method-assign]
        with pytest.raises(ZeroDivisionError):
            app.leave(129)
        assert codes == [129] and app.return_code == 129  # and it ends all the same
