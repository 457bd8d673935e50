"""Writes the headline figures to a file for status bars, after every change and each time as a whole file.

Must not make the figures.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import Final

import aiofiles
import orjson

from claude_tui.cli import streams
from claude_tui.cli.serve.routes import Routes
from claude_tui.reports.gauges.state import state

INTERVAL_S: Final = 1.0
REFRESH_S: Final = 60.0
"""Burn rate and today's cost change with the clock alone."""
RETRY_S: Final = 10.0


async def keep_state(path: Path, routes: Routes) -> None:
    """Write the state at most once a second, from the end of the first count until cancelled.

    A write error is reported once, and the write is retried.
    """
    known, reported = -1, ""
    await routes.wait_until_counted()
    while True:
        document = orjson.dumps(state(await routes.snapshot()), option=orjson.OPT_INDENT_2) + b"\n"
        error_text = ""
        try:
            await _replace(path, document)
        except OSError as error:
            error_text = f"{path}: {error.strerror}"
        if error_text and error_text != reported:
            streams.narrate(error_text)
        reported = error_text
        await asyncio.sleep(RETRY_S if error_text else INTERVAL_S)
        if not error_text:
            known = await routes.wait_for_change(known, REFRESH_S)


async def _replace(path: Path, data: bytes) -> None:
    """Write a private file (0600) that gets its name only when it is complete. Does not follow a link at its path."""
    # Under a name that nobody can foresee, and only if nothing has it, not even a link.
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        async with aiofiles.open(part, "xb", opener=_private) as file:
            await file.write(data)
        await asyncio.to_thread(os.replace, part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
