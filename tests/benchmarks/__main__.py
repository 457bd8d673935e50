"""Runs every benchmark, one after the other, and prints a table of targets and findings as Markdown."""

from __future__ import annotations

from dataclasses import asdict
from importlib import import_module
from json import dumps

from tests.benchmarks.results import Result, markdown, options_parser
from tests.benchmarks.running import tell

MODULES = (
    "cold",
    "cores",
    "codex",
    "clients",
    "warm",
    "append",
    "live",
    "frame",
    "idle",
    "ticks",
    "wire",
    "statusline",
    "store",
)


def main() -> None:
    options = options_parser(__doc__).parse_args()
    found: list[Result] = []
    for name in MODULES:
        tell(name)
        try:
            found += import_module(f"tests.benchmarks.{name}").benchmark(options)
        except (OSError, RuntimeError) as error:
            found.append(
                Result(
                    name, "", f"failed: {str(error).strip().splitlines()[0] if str(error).strip() else error!r}", False
                )
            )
    tell("")
    print(dumps([asdict(result) for result in found], indent=2) if options.json else markdown(found))


if __name__ == "__main__":
    main()
