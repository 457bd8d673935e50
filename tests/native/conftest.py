"""The core that tests of it need, and the choice of it by the environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from claude_tui.native import library
from claude_tui.native.core import Core


@pytest.fixture
def core() -> Core:
    found = library.found()
    if found.core is None:
        pytest.skip(f"the native core is {found.reason}: `pip install -e .` where cargo is builds it")
    return found.core


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Lets a test choose by the environment."""
    library.found.cache_clear()
    yield monkeypatch
    library.found.cache_clear()
