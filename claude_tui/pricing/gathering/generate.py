"""Makes the price files of this package. For developers, not at run time.

    python -m claude_tui.pricing.gathering.generate

Reads the installed genai-prices, the overlay, and for comparison the wheels of litellm and anthropic, which are
downloaded from PyPI unless given. Writes nothing if any check fails.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from claude_tui.pricing.gathering.snapshot import PriceFiles, build
from claude_tui.pricing.gathering.validate import (
    check_history,
    check_jumps,
    check_litellm,
    check_losses,
    check_sdk,
    litellm_names,
)
from claude_tui.pricing.price_list.catalogue import CLAUDE_FILE, DATA_FOLDER, OTHERS_FILE
from claude_tui.toml import load_toml

LITELLM: Final = "litellm==1.109.1"
ANTHROPIC: Final = "anthropic==2.11.0"
LITELLM_PRICES: Final = "litellm/model_prices_and_context_window_backup.json"
SDK_MODELS: Final = "anthropic/types/model.py"
OVERLAY_FILE: Final = DATA_FOLDER.joinpath("overlay.toml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate, check and write. Returns 1 if a check failed."""
    parser = argparse.ArgumentParser(prog="python -m claude_tui.pricing.gathering.generate", description=__doc__)
    parser.add_argument("--litellm", type=Path, help=f"wheel of {LITELLM}; downloaded if not given")
    parser.add_argument("--anthropic", type=Path, help=f"wheel of {ANTHROPIC}; downloaded if not given")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the files would change")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        litellm = json.loads(_member(options.litellm or _wheel(LITELLM, folder), LITELLM_PRICES), parse_float=str)
        sdk = _member(options.anthropic or _wheel(ANTHROPIC, folder), SDK_MODELS).decode()
    overlay = load_toml(OVERLAY_FILE)
    snapshot = build(base_providers(), overlay, [name for name, _ in litellm_names(litellm)])
    complaints, compared = complaints_about(snapshot, overlay, litellm, re.findall(r'"(claude-[a-z0-9-]+)"', sdk))
    for complaint in complaints:
        _say(complaint)
    if complaints:
        _say(f"{len(complaints)} complaints; nothing was written")
        return 1
    _say(f"{compared} models have the same base rates in litellm")
    if options.check:
        is_same = _current() == snapshot
        _say("the price files are up to date" if is_same else "the price files are out of date")
        return 0 if is_same else 1
    CLAUDE_FILE.write_bytes(snapshot.claude)
    OTHERS_FILE.write_bytes(snapshot.others)
    _say(f"wrote {len(_models(snapshot))} models")
    return 0


def complaints_about(
    snapshot: PriceFiles, overlay: Mapping[str, Any], litellm: Mapping[str, Any], sdk_models: Sequence[str]
) -> tuple[list[str], int]:
    """Run every check on a new snapshot. Also returns how many models litellm has as well."""
    new = _models(snapshot)
    claude = json.loads(snapshot.claude)["models"]
    current = _current()
    old = _models(current) if current else {}
    corrections = overlay.get("corrections", ())
    differing, compared = check_litellm(new, litellm, str(overlay["date"]))
    return [
        *differing,
        *check_sdk(claude, overlay["unpriced"], sdk_models),
        *check_history(old, new, corrections),
        *check_jumps(old, new, corrections),
        *check_losses(old, new),
    ], compared


def base_providers() -> list[dict[str, Any]]:
    """Return the installed genai-prices in the format of its published JSON."""
    from genai_prices.data import providers

    plain: list[dict[str, Any]] = _plain(providers)
    return plain


def _plain(value: Any) -> Any:
    """Turn genai-prices' objects back into JSON values: attributes become keys, `or_` becomes "or"."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if type(value).__module__.startswith("genai_prices"):
        return {key.rstrip("_"): _plain(item) for key, item in vars(value).items() if not key.startswith("_")}
    return value


def _models(snapshot: PriceFiles) -> dict[str, Any]:
    claude = json.loads(snapshot.claude)["models"]
    return {**{f"anthropic/{id_}": entry for id_, entry in claude.items()}, **json.loads(snapshot.others)["models"]}


def _current() -> PriceFiles | None:
    if not (CLAUDE_FILE.exists() and OTHERS_FILE.exists()):
        return None
    return PriceFiles(CLAUDE_FILE.read_bytes(), OTHERS_FILE.read_bytes())


def _wheel(requirement: str, folder: str) -> Path:
    target = Path(folder, requirement.partition("=")[0])
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(target), requirement], check=True)
    return next(target.glob("*.whl"))


def _member(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
