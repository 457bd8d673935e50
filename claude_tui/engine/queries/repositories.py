"""The git repositories that projects are in, as far as they are on this machine. Must not change what is counted."""

from __future__ import annotations

import os
from typing import Final

from claude_tui.files import read_text

_MAX_BYTES: Final = 4096
_WORKTREES: Final = f"{os.sep}.git{os.sep}worktrees{os.sep}"


def repository_on_disk(folder: str) -> str:
    """Return the repository a folder is in: the nearest folder that has `.git`, and for a worktree the one it was made
    of. A folder in none, or that is not here, is its own."""
    if not os.path.isabs(folder):
        return folder
    at = os.path.normpath(folder)
    while True:
        marker = os.path.join(at, ".git")
        if os.path.isdir(marker):
            return at
        if os.path.isfile(marker):
            return _of_worktree(at, marker)
        if at == os.path.dirname(at):
            return folder
        at = os.path.dirname(at)


def _of_worktree(folder: str, marker: str) -> str:
    """Return the repository a worktree was made of; a submodule is a repository of its own."""
    try:
        target = read_text(marker, _MAX_BYTES).partition("gitdir:")[2].strip()
    except (OSError, ValueError):
        return folder
    at = os.path.normpath(os.path.join(folder, target))
    repository, found, _ = at.rpartition(_WORKTREES)
    return repository if found else folder
