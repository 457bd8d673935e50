"""Builds the native reading core into the wheel where a Rust toolchain is there; without one the wheel is pure Python.

Asks no network: the core has no dependencies. CLAUDE_TOP_NATIVE=0 leaves the core out, =1 makes its failing an error.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

CRATE = Path("claude_tui", "native")
LIBRARY = CRATE / "claude_top_core.so"
BUILT = {"darwin": "libclaude_top_core.dylib"}.get(sys.platform, "libclaude_top_core.so")


class NativeCore(BuildHookInterface[Any]):
    """Adds the core to a wheel, or says in one line why there is none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the core for the wheel, or into the source tree for an editable install."""
        asked = os.environ.get("CLAUDE_TOP_NATIVE", "")
        self._scratch = tempfile.TemporaryDirectory(prefix="claude-top-build-")
        library = Path(self._scratch.name, BUILT)
        reason = "CLAUDE_TOP_NATIVE=0" if asked == "0" else self._build(library)
        if reason:
            if asked == "1":
                raise RuntimeError(f"the native core was not built: {reason}")
            if version == "editable":  # one that was built before may be of another version
                Path(self.root, LIBRARY).unlink(missing_ok=True)
            self.app.display_info(f"claude-top is built without its native core ({reason}); it reads logs in Python")
            return
        if version == "editable":
            fresh = Path(self.root, LIBRARY).with_suffix(".new")
            shutil.copyfile(library, fresh)
            fresh.replace(Path(self.root, LIBRARY))  # one that is loaded must not change below who has it
        else:
            build_data["force_include"][str(library)] = LIBRARY.as_posix()
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform_tag()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was only needed to build."""
        self._scratch.cleanup()

    def _build(self, library: Path) -> str:
        """Build the library. Returns why it cannot be, "" where it was."""
        if os.name != "posix":
            return "it knows POSIX systems only"
        cargo = shutil.which("cargo")
        if cargo is None:
            return "no cargo"
        target = library.parent / "target"
        command = [cargo, "build", "--release", "--offline", "--locked", "--target-dir", str(target)]
        try:
            done = subprocess.run(
                command,
                cwd=Path(self.root, CRATE),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=600,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"cargo: {error}"
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            return f"cargo: {said[-1] if said else done.returncode}"
        try:
            shutil.copyfile(target / "release" / BUILT, library)
        except OSError as error:
            return f"cargo built nothing: {error.strerror}"
        return ""


def _platform_tag() -> str:
    """Return the tag of this machine; a Python for several processors runs the core on one of them only.

    On macOS it names the oldest system that cargo is told to build for, else this one.
    """
    if sys.platform == "linux":
        return f"linux_{platform.machine()}"
    oldest = os.environ.get("MACOSX_DEPLOYMENT_TARGET", "")
    if sys.platform == "darwin" and oldest:
        major, _, minor = oldest.partition(".")
        return f"macosx_{major}_{minor or 0}_{platform.machine()}"
    return next(sys_tags()).platform.replace("universal2", platform.machine())
