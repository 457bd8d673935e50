"""Plays for as long as asked for."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from tests.ui.monkey.play import Play

parser = argparse.ArgumentParser(prog="python -m tests.ui.monkey", description=__doc__)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--actions", type=int, default=5_000)
options = parser.parse_args()
with tempfile.TemporaryDirectory() as folder:
    play, start_s = Play(Path(folder), options.seed), time.monotonic()
    asyncio.run(play.run(options.actions))
    print(f"{options.actions} actions, {play.looks} looks, {time.monotonic() - start_s:.0f} s: {dict(play.counts)}")
