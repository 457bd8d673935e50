"""What a folder counts under: one rule for the screen, every report, budgets and queries.

A worktree counts under its repository, on Windows too. Beyond that a user may give folders names in config.toml, and
folders of one name are one project. Must not read settings files nor look at the folders themselves: a project is the
same after its folder is gone, and on another machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from claude_tui.toml import Wrong

SECTION: Final = "projects"

_WORKTREE: Final = re.compile(r"[/\\]\.claude[/\\]worktrees[/\\]")
_WINDOWS: Final = re.compile(r"[A-Za-z]:[/\\]|\\\\")
_SEPARATOR: Final = re.compile(r"[/\\]")


def repository_of(folder: str) -> str:
    """Return the repository of a worktree Claude Code made; any other folder as it is. Windows writes one folder in
    several ways, of which this returns one."""
    is_windows = _WINDOWS.match(folder)
    if is_windows:
        folder = folder[0].upper() + folder[1:].replace("/", "\\")
    found = _WORKTREE.search(folder)
    repository = folder[: found.start()] if found is not None else folder
    return repository.rstrip("\\") if is_windows and len(repository) > len("C:\\") else repository


class Projects:
    """The project of any folder. `names` maps folders, or all below one (`/home/me/acme/*`), to names; the longest
    that fits decides. `~` in it is `home`."""

    def __init__(self, names: Mapping[str, str] | None = None, home: str = "") -> None:
        self._folders: dict[str, str] = {}
        self._below: list[tuple[str, str]] = []
        for written, name in (names or {}).items():
            folder = home + written[1:] if home and re.match(r"~(?:[/\\]|$)", written) else written
            if folder.endswith(("/*", "\\*")):
                self._below.append((f"{_alike(folder[:-2])}/", name))
            else:
                self._folders[_alike(folder)] = name
        self._below.sort(key=lambda one: len(one[0]), reverse=True)
        self._known: dict[str, str] = {}

    def of(self, folder: str) -> str:
        """Return the name of a folder's project: the one given to it, else its repository's folder, else its own."""
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._find(folder)
        return known

    def _find(self, folder: str) -> str:
        repository = repository_of(folder)
        if not self._folders and not self._below:
            return repository
        for place in (folder, repository):
            name = self._folders.get(_alike(place))
            if name is not None:
                return name
        at = f"{_alike(repository)}/"
        return next((name for start, name in self._below if at.startswith(start) and at != start), repository)


def _alike(folder: str) -> str:
    """Return a folder as it is compared."""
    if _WINDOWS.match(folder):
        folder = folder.replace("\\", "/").lower()
    return folder.rstrip("/") or folder


def last_part(folder: str) -> str:
    """Return the last part of a folder's path, with whatever separators."""
    parts = [part for part in _SEPARATOR.split(folder) if part]
    return parts[-1] if parts else folder


def projects_of(table: Mapping[str, Any], home: str) -> tuple[Projects, tuple[Wrong, ...]]:
    """Read names from the settings table `projects`; also returns what makes no sense in it.

    [projects]
    "/home/me/shop-api" = "Shop"
    "~/clients/acme/*" = "Acme"
    """
    names, wrong = {}, []
    for folder, name in table.items():
        try:
            names[folder] = project_name(name)
        except ValueError as error:
            wrong.append(Wrong((SECTION, folder), str(error)))
    return Projects(names, home), tuple(wrong)


def project_name(value: object) -> str:
    """Return a name for a project. Raises ValueError with what is wrong."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'{value!r} is no name; write it like "Shop"')
    return value.strip()
