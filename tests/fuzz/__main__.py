"""The fuzzers of all that has a native core, in several processes: plain, fast and native, side by side.

    python -m tests.fuzz --lines 10000000 [--jobs 2] [--seed 1] [--piece 250000]

Each has its share of the lines: Claude Code's and Codex's counters, and what Claude Code says of causes. Ends at the
first disagreement, with the fewest lines that show it; may be interrupted, and then says what was done.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from itertools import count, cycle
from typing import Final

READERS: Final = ("claude", "codex", "causes")


def run_piece(reader: str, seed: int, lines: int) -> tuple[str, int, str]:
    """Run one fuzzer over so many lines. Returns how it is called again, how many lines agreed and what it said."""
    command = ("-m", f"tests.fuzz.{reader}", "--lines", str(lines), "--seed", str(seed))
    done = subprocess.run((sys.executable, *command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    agreed = int(done.stdout.split(" lines")[0].replace(",", "")) if done.returncode == 0 else 0
    return " ".join(("python", *command)), agreed, done.stdout


def main() -> int:
    """Run all pieces."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--piece", type=int, default=250_000, help="lines of one process")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pieces = -(-asked.lines // asked.piece)
    started, agreed = time.monotonic(), dict.fromkeys(READERS, 0)
    pool = ThreadPoolExecutor(asked.jobs)
    running = {
        pool.submit(run_piece, reader, seed, asked.piece): reader
        for _, seed, reader in zip(range(pieces), count(asked.seed), cycle(READERS), strict=False)
    }
    found = ""
    with suppress(KeyboardInterrupt):
        for piece in as_completed(running):
            command, lines, said = piece.result()
            if not lines:
                found = f"{command}\n{said}"
                break
            agreed[running[piece]] += lines
            sys.stderr.write(f"{sum(agreed.values()):,} lines\n")
    pool.shutdown(wait=False, cancel_futures=True)
    told = ", ".join(f"{lines:,} of {reader}" for reader, lines in agreed.items())
    print(f"{sum(agreed.values()):,} lines read alike ({told}), {time.monotonic() - started:.0f} s")
    print(found or "no disagreement")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
