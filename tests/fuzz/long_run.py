"""The long form of a fuzzer, from the command line: how many lines, which seed, what disagreed."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.fuzz.fuzzer import Drawn

IN_MEMORY: Final = "/dev/shm"
"""Where there is such a folder, writing a log anew costs no wait for a disk, which is more than to read it."""

STEP: Final = 100_000
"""After so many lines it says how far it is, and to there it is told what was done if it is interrupted."""


def run_long(
    module: str,
    about: str | None,
    make: Callable[[int, Path], Drawn],
    mutations: Iterable[Callable[..., Any]],
    *also_counted: str,
) -> int:
    """Run a fuzzer as its options ask, say what it did, and return 1 if anything disagreed. It may be interrupted."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=(about or "").split("\n")[0])
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    found: list[str] = []
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None) as folder:
        fuzzer = make(asked.seed, Path(folder))
        gc.freeze()
        gc.set_threshold(100_000)  # nearly nothing of what is made and dropped is in a cycle
        with suppress(KeyboardInterrupt):
            for lines in (*range(STEP, asked.lines, STEP), asked.lines):
                found = fuzzer.run(lines)
                counts = Counter(fuzzer.counts)
                if found:
                    break
                if lines < asked.lines:
                    print(f"{counts['lines']:,} lines", file=sys.stderr)
    seconds = time.monotonic() - started
    pace = f"{seconds:.0f} s, {counts['lines'] / seconds:,.0f} lines/s"
    print(f"{counts['lines']:,} lines in {counts['files']:,} files, seed {asked.seed}, {pace}")
    names = sorted({mutate.__name__ for mutate in mutations} | set(also_counted))
    print(", ".join(f"{name} {counts[name]:,}" for name in names))
    print("\n".join(found) if found else "no disagreement")
    return 1 if found else 0
