"""The overlay of `i` names the row of a log or of a database that a figure was counted from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from claude_tui.clients import CLIENTS
from claude_tui.engine.count import count
from claude_tui.engine.queries.explain import COUNTED, explain
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.setup import Setup
from claude_tui.sources.protocol import SourceConfig
from claude_tui.ui.text import explanation
from claude_tui.ui.text.statements import Statements, laid_out
from tests.captured import one_set
from tests.engine.counting import PRICER, UTC


def shown(lines: Statements) -> str:
    return laid_out(lines, 200).plain


@pytest.mark.every_client
@pytest.mark.parametrize("client", CLIENTS)
def test_a_response_of_any_client_names_its_row(client: str, tmp_path: Path) -> None:
    home = shutil.copytree(one_set(client), tmp_path / "home")
    config = SourceConfig(home=Path("/nonexistent"), explicit={client: (home,)}, sources=(client,))
    store = count(Setup(config, PRICER, UTC), processes=0)
    response = list_responses(store)[0]
    found = explain(store, response)
    (row,) = [row for row in found.rows if row.reason == COUNTED]
    place = f" {row.table} {row.offset}" if row.table else f":{row.line}"
    assert f"{place}  {COUNTED}" in shown(explanation.of_explanation(found, UTC))
    assert ("row" if row.table else "byte") in shown(explanation.of_response(response, UTC, "prices"))
