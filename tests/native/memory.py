"""The native core under valgrind, over mutated lines of real logs, so many of Claude Code and of Codex.

    python -m tests.native.memory [--lines 20000] [--seed 1]

Needs cargo and valgrind. Ends with 0 where valgrind finds nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.fuzz.claude import ClaudeFuzzer
from tests.fuzz.codex import CodexFuzzer

CRATE: Final = Path(__file__).parents[2] / "claude_tui" / "native"
FILE_LINES: Final = 40
LEAKS: Final = "--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite"
VALGRIND: Final = f"valgrind -q --error-exitcode=9 {LEAKS}"
CARGO: Final = ("cargo", "test", "-q", "--offline", "--locked", "--release", "--test", "border")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.native.memory", description=__doc__.split("\n")[0])
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    said = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    triple = said.partition("host: ")[2].split("\n")[0].replace("-", "_").upper()
    with tempfile.TemporaryDirectory() as name:
        for fuzzer in (ClaudeFuzzer(asked.seed, Path(name)), CodexFuzzer(asked.seed, Path(name))):
            for number in range(asked.lines // FILE_LINES):
                lines = b"\n".join(fuzzer.make(FILE_LINES)) + b"\n"
                (fuzzer.folder / f"s{number}.jsonl").write_bytes(lines)
        told = {f"CARGO_TARGET_{triple}_RUNNER": VALGRIND, "CORE_FILES": name}
        kept = {"CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(Path(name, "target")))}
        return subprocess.run(CARGO, cwd=CRATE, env={**os.environ, **kept, **told}).returncode


if __name__ == "__main__":
    sys.exit(main())
