"""The long soak: `python -m tests.soak --minutes 480 --files 5000 --rate 20`. Leaves nothing behind."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.soak.soak import OURS, Soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=480.0)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=20.0, help="appends a second")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="claude-top-soak-") as name:
        folder = Path(name)
        os.environ.update({variable: str(folder / variable.lower()) for variable in OURS} | {"TZ": "UTC"})
        figures = Soak(folder, options.files, options.seed).run(60 * options.minutes, options.rate)
    for what, value in figures._asdict().items():
        print(f"{what:16} {value:.1f}" if isinstance(value, float) else f"{what:16} {value}")
    return 1 if figures.lost or figures.divergences else 0


if __name__ == "__main__":
    sys.exit(main())
