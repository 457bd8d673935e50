"""What the tests of the reports have in common."""

from __future__ import annotations

import pytest

from claude_tui.engine import count


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows with every count."""
    made: list[object] = []
    really = count.count

    def counted(*given: object, **more: object) -> object:
        made.append(given)
        return really(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(count, "count", counted)
    return made
