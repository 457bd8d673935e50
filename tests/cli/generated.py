"""The files of the repository that the program itself makes: `python -m tests.cli.generated` writes them anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from claude_tui.cli.generated.command_tree import tree
from claude_tui.cli.generated.completions import script
from claude_tui.cli.generated.manual import page

ROOT: Final = Path(__file__).parent.parent.parent
FILES: Final[dict[str, Callable[[], str]]] = {
    "completions/claude-top.bash": lambda: script("bash"),
    "completions/_claude-top": lambda: script("zsh"),
    "completions/claude-top.fish": lambda: script("fish"),
    "man/claude-top.1": lambda: page(tree()),
}

if __name__ == "__main__":
    os.environ["COLUMNS"] = "80"
    for name, make in FILES.items():
        (ROOT / name).write_text(make())
