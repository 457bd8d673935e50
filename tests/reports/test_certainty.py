"""What is said of how sure a client's numbers are: the same in its page and in `doctor`, and true of the logs here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claude_tui.cli import main
from claude_tui.clients import CLIENTS, Client
from claude_tui.reports.findings.certainty import sentences
from tests.logs import ClaudeHome, assistant, usage

pytestmark = pytest.mark.every_client
ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
each_client = pytest.mark.parametrize("client", CLIENTS.values(), ids=lambda client: client.name)


def expected(client: Client) -> list[int | None]:
    """How many responses the server of each captured set counted; None where only totals are known."""
    name = "*/expected.json" if client.name == "claude" else "*.expected.json"
    wanted = [json.loads(path.read_bytes()) for path in (GOLDEN / client.name).glob(name)]
    return [one["responses"] if "responses" in one else one["events"] for one in wanted]


@each_client
def test_its_page_has_the_sentences_that_doctor_says(client: Client) -> None:
    page = (ROOT / "docs" / "clients" / f"{client.name}.md").read_text()
    assert page.startswith(f"# {client.label}\n" + "".join(f"- {one}\n" for one in sentences(client)))
    assert len(sentences(client)) == 3


@each_client
def test_its_page_says_where_its_logs_are(client: Client) -> None:
    page = (ROOT / "docs" / "clients" / f"{client.name}.md").read_text()
    assert f"--{client.name}-dir DIR" in page
    assert [name for name, _ in client.env if f"${name}" not in page] == []


@each_client
def test_as_many_logs_are_here_as_it_says_were_checked(client: Client) -> None:
    assert client.checked is not None
    books = expected(client)
    assert (client.checked.sets, client.checked.responses) == (len(books), sum(one or 0 for one in books))
    assert bool(client.checked.beside) == (None in books)


def test_doctor_says_it_of_the_clients_that_were_found(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.append(assistant("msg_1", 1_795_176_000_000, usage(output=2)))
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert all(f"  {one}\n" in told for one in sentences(CLIENTS["claude"]))
    assert CLIENTS["kimi"].counted not in told
    assert main(["doctor", "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)["clients"]
    assert (said["source"], said["checked"]["responses"]) == ("claude", 263)
