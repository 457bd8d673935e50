"""The accounts of a client: each of its folders is one, with limits and totals of its own. Must not look at files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

Roots = Sequence[tuple[str, str]]
"""(source, folder) of every place looked in."""

_BELOW: Final = f"{os.sep}projects"


def account_of_root(root: str) -> str:
    """Return the client's folder, which is the account: transcripts lie in a folder of it."""
    return os.path.abspath(root).removesuffix(_BELOW)


class Accounts:
    """Says which folder of a client a log is in."""

    def __init__(self, roots: Roots = ()) -> None:
        self.all = list(dict.fromkeys((source, account_of_root(root)) for source, root in roots))
        """(source, account), in the order they are looked in."""
        self._of: dict[str, list[str]] = {}
        for source, account in self.all:
            self._of.setdefault(source, []).append(account)

    def of(self, source: str, path: str) -> str:
        """Return the account of a log. What lies in no folder of the client, or is gone without a trace, belongs to
        the first, so that the accounts add up."""
        own = self._of.get(source, [])
        inside = [account for account in own if path.startswith(f"{account}{os.sep}")]
        return max(inside, key=len) if inside else own[0] if own else ""
