"""The fastest peers, installed from npm, and what they take for the same logs.

Their native programs are run, not the Node scripts that start them. Where one cannot be had it is left out and
said so. `--peers FOLDER` names a folder they are in, or are installed into.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.benchmarks.results import Result, corpus, home, run
from tests.benchmarks.running import OURS, Home, Program, in_turns, peak_mib, tell

ARCHITECTURES: Final = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}


class Peer(NamedTuple):
    """A program: its package, and its report of everything as JSON."""

    name: str
    package: str
    arguments: tuple[str, ...]


def known() -> tuple[Peer, Peer]:
    """The peers as packaged for this machine."""
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform, "win32")
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    libc = "-gnu" if system == "linux" else "-msvc" if system == "win32" else ""
    return (
        Peer(
            "ccusage", f"@ccusage/ccusage-{system}-{architecture}@20.0.24", ("claude", "daily", "--json", "--offline")
        ),
        Peer(
            "tokscale",
            f"@tokscale/cli-{system}-{architecture}{libc}@4.17.0",
            ("graph", "--no-spinner", "--client", "claude"),
        ),
    )


def commands(folder: Path) -> dict[str, tuple[str, ...]]:
    """The command of each peer that can be had, by name; installs what is missing."""
    found = {}
    for peer in known():
        own = folder / peer.name
        program = _program(own, peer) or _installed(own, peer)
        if program is None:
            print(f"{peer.name}: skipped, {peer.package} cannot be had here", file=sys.stderr)
        else:
            found[peer.name] = (str(program), *peer.arguments)
    return found


def _program(folder: Path, peer: Peer) -> Path | None:
    package = peer.package.rpartition("@")[0]
    paths = sorted((folder / "node_modules" / package / "bin").glob(f"{peer.name}*"))
    return paths[0] if paths else None


def _installed(folder: Path, peer: Peer) -> Path | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    tell(f"installing {peer.package}")
    folder.mkdir(parents=True, exist_ok=True)
    where = ["--prefix", str(folder), "--cache", str(folder / ".npm")]
    arguments = [npm, "install", *where, "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", peer.package]
    done = subprocess.run(arguments, capture_output=True, cwd=folder, timeout=300)
    program = _program(folder, peer)
    if done.returncode or program is None:
        return None
    program.chmod(0o755)
    return program


def programs(options: argparse.Namespace, place: Home, *, is_cold: bool) -> dict[str, Program]:
    """Ours and the peers over the same logs. ccusage keeps nothing, so all its runs are cold."""
    before = place.forget if is_cold else None
    ours = Program((*OURS, "report", "--json"), place, before)
    others = {name: Program(command, place, before) for name, command in commands(options.peers).items()}
    return {"claude-top": ours, **others}


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    for is_cold in (True, False):
        with home(corpus(options)) as place:
            chosen = programs(options, place, is_cold=is_cold)
            runs = in_turns(chosen, options.runs)
            ours = runs["claude-top"]
            for name, found in runs.items():
                peak = peak_mib(chosen[name])
                yield Result(
                    f"{'cold' if is_cold else 'warm'} {options.size}, {name}",
                    "",
                    f"{found.wall_s:.2f} s, {found.cpu_s:.2f} s CPU, {peak:.0f} MiB; "
                    f"claude-top takes {ours.wall_s / found.wall_s:.2f} of its time",
                )


if __name__ == "__main__":
    run(benchmark, __doc__)
