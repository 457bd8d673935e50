"""The other clients' logs in a store: what a machine has of each is read as on that machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from claude_tui.clients import CLIENTS
from claude_tui.fleet.lake import Lake
from claude_tui.fleet.scanning import scan, staging
from claude_tui.fleet.scanning.staging import STAGED, place_of
from tests.fleet.machine import SAME, Machine, objects, printed
from tests.fleet.scanning.test_scan import without_problems
from tests.sources.test_opencode import T0, Store, reply, write

GOLDEN = Path(__file__).parents[2] / "golden"
HOMES = sorted(
    (client, folder)
    for client in (*(client.name for client in STAGED),)
    for folder in (GOLDEN / client).glob("*")
    if folder.is_dir()
)
LAYOUT = ("--layout", "{team}/user={user}/host={host}", "--paths", "full", *SAME)


def root_in(folder: Path, client: str) -> Path:
    """Return the client's own folder in a captured home, which is the home or lies in it."""
    inside = folder / CLIENTS[client].root
    return inside if inside.is_dir() else folder


@pytest.fixture
def machine(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, "desk", monkeypatch)


def stored(tmp_path: Path, number: int, client: str, folder: Path) -> Path:
    """Put a captured home into a store, as the home of a machine."""
    store = tmp_path / "logs"
    home = store / "web" / "user=ann" / f"host=h{number}" / "home" / "ann" / CLIENTS[client].root
    shutil.copytree(root_in(folder, client), home)
    return store


def alone(tmp_path: Path, capsys: pytest.CaptureFixture[str], machine: Machine, store: Path) -> object:
    """Return the report over all homes of a store on one machine."""
    places = [
        part
        for client in STAGED
        for folder in sorted(store.glob(f"*/*/*/home/ann/{client.root}"))
        for part in (f"--{client.name}-dir", str(folder))
    ]
    return without_problems(printed(capsys, machine, "report", "--json", *places, "--source", sources(), *SAME))


def sources() -> str:
    return ",".join(client.name for client in STAGED)


def scanned(capsys: pytest.CaptureFixture[str], machine: Machine, store: Path, table: Path, code: int = 0) -> str:
    capsys.readouterr()
    assert machine.run("fleet", "scan", str(store), "--into", str(table), *LAYOUT) == code
    return capsys.readouterr().err


def test_every_client_but_claude_code_is_read_in_its_folder() -> None:
    assert {client.name for client in STAGED} == CLIENTS.keys() - {"claude"}
    assert {client for client, _ in HOMES} >= CLIENTS.keys() - {"claude", "kilo"}


@pytest.mark.parametrize(("client", "folder"), HOMES, ids=[f"{client}-{folder.name}" for client, folder in HOMES])
def test_a_captured_home_counts_as_on_its_machine(
    client: str, folder: Path, tmp_path: Path, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    store = stored(tmp_path, 0, client, folder)
    table = tmp_path / "table"
    said = scanned(capsys, machine, store, table)
    assert "read: 1 log of 1" in said or client == "codex"
    report = without_problems(printed(capsys, machine, "report", "--json", "--from", str(table)))
    assert report == alone(tmp_path, capsys, machine, store)
    assert isinstance(report, dict) and report["totals"]["responses"] > 0


def test_all_homes_together_night_after_night(
    tmp_path: Path, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, (client, folder) in enumerate(HOMES):
        store = stored(tmp_path, number, client, folder)
    machine.logs.append({"type": "user"})
    table = tmp_path / "table"
    scanned(capsys, machine, store, table)
    assert without_problems(printed(capsys, machine, "report", "--json", "--from", str(table))) == alone(
        tmp_path, capsys, machine, store
    )
    before = objects(table)
    assert "read: 0 logs" in scanned(capsys, machine, store, table) and objects(table) == before
    changed = next(store.rglob("rollout-*.jsonl"))
    changed.write_bytes(changed.read_bytes() + b'{"type":"event_msg"}\n')
    assert "read: 1 log of" in scanned(capsys, machine, store, table)
    assert without_problems(printed(capsys, machine, "report", "--json", "--from", str(table))) == alone(
        tmp_path, capsys, machine, store
    )
    assert machine.run("fleet", "verify", str(table)) == 0


def test_one_log_that_cannot_be_read_ends_nothing_and_is_read_the_next_night(
    tmp_path: Path, machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, folder = next(home for home in HOMES if home[0] == "qwen")
    store, table = stored(tmp_path, 0, client, folder), tmp_path / "table"
    real = staging.logs_of

    def failing(client: str, root: str, top: Path):  # type: ignore[no-untyped-def]
        for number, (file, read) in enumerate(real(client, root, top)):

            def fails() -> None:
                raise OSError(5, "input/output error")

            yield file, read if number else fails

    monkeypatch.setattr(scan, "logs_of", failing)
    said = scanned(capsys, machine, store, table, code=4)
    assert "not read: web/user=ann/host=h0/home/ann/.qwen/" in said and "input/output error" in said
    monkeypatch.setattr(scan, "logs_of", real)
    scanned(capsys, machine, store, table)
    assert without_problems(printed(capsys, machine, "report", "--json", "--from", str(table))) == alone(
        tmp_path, capsys, machine, store
    )


def test_of_codex_only_what_changed_and_what_it_was_forked_from_is_fetched(
    tmp_path: Path, machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork begins with what was said before: only the rollout it came from tells what of that counts there."""
    client, folder = next(home for home in HOMES if home[1].name == "home-0.125")
    store, table = stored(tmp_path, 0, client, folder), tmp_path / "table"
    scanned(capsys, machine, store, table)
    fetched: list[str] = []
    real = Lake.read

    def reading(self: Lake, name: str, size: int | None = None) -> bytes:
        if self.url == str(store):
            fetched.append(name.rpartition("/")[2])
        return real(self, name, size)

    monkeypatch.setattr(Lake, "read", reading)
    rollouts = sorted(store.rglob("rollout-*.jsonl"))
    with_others = 0
    for rollout in rollouts:
        rollout.write_bytes(rollout.read_bytes() + b'{"type":"event_msg"}\n')
        fetched.clear()
        assert "read: 1 log of" in scanned(capsys, machine, store, table)
        assert fetched[0] == rollout.name and len(fetched) < len(rollouts)
        with_others += len(fetched) > 1
    assert with_others
    report = without_problems(printed(capsys, machine, "report", "--json", "--from", str(table)))
    assert report == alone(tmp_path, capsys, machine, store)


def test_secrets_beside_the_logs_are_never_fetched(
    tmp_path: Path, machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, (client, folder) in enumerate(HOMES):
        store = stored(tmp_path, number, client, folder)
    for staged in STAGED:
        for home in store.glob(f"*/*/*/home/ann/{staged.root}"):
            (home / "auth.json").write_text("secret")
            (home / "oauth_creds.json").write_text("secret")
    fetched: list[str] = []
    real = Lake.read

    def reading(self: Lake, name: str, size: int | None = None) -> bytes:
        fetched.append(name)
        return real(self, name, size)

    monkeypatch.setattr(Lake, "read", reading)
    scanned(capsys, machine, store, tmp_path / "table")
    assert any("rollout-" in name for name in fetched)
    assert not [name for name in fetched if name.endswith(("auth.json", "oauth_creds.json"))]


@pytest.mark.parametrize(
    ("path", "client"),
    [
        ("/home/a/.codex/sessions/2026/11/21/rollout-x.jsonl", "codex"),
        ("/home/a/.codex/auth.json", None),
        ("/home/a/.codex/sessions/../../x.jsonl", None),
        ("/home/a/.codex//sessions/x.jsonl", None),
        ("/home/a/.qwen/projects/p/chats/c.jsonl", "qwen"),
        ("/home/a/.claude/projects/p/c.jsonl", None),
        ("/home/a/.local/share/opencode/opencode.db-wal", "opencode"),
    ],
)
def test_only_what_a_reader_looks_at_is_taken(path: str, client: str | None) -> None:
    found = place_of(path)
    assert (found.client if found else None) == client


def test_nothing_anybody_wrote_gets_into_a_table(
    tmp_path: Path, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, (client, folder) in enumerate(HOMES):
        store = stored(tmp_path, number, client, folder)
    table = tmp_path / "table"
    assert machine.run("fleet", "scan", str(store), "--into", str(table), "--paths", "none", *SAME, *LAYOUT[:2]) == 0
    folders = {
        project["project"]
        for project in json.loads(json.dumps(alone(tmp_path, capsys, machine, store)))["projects"]
        if len(project["project"]) > 8
    }
    assert folders
    everything = b"".join(path.read_bytes() for path in table.rglob("*") if path.is_file())
    assert not [folder for folder in folders if folder.encode() in everything]


def test_a_database_comes_with_its_log_and_old_messages_with_the_files_beside_them(
    tmp_path: Path, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    database = Store(here / "opencode.db")
    database.session("ses")
    database.message("msg_1", reply())
    session = {"id": "old", "directory": "/dir/shop", "time": {"created": T0 - 99}}
    write(here / "storage/session/proj/old.json", session)
    write(here / "storage/message/old/msg_9.json", reply(T0 + 7, path=None, id="msg_9", sessionID="old"))
    assert (here / "opencode.db-wal").stat().st_size
    store = stored(tmp_path, 0, "opencode", here)
    table = tmp_path / "table"
    scanned(capsys, machine, store, table)
    report = without_problems(printed(capsys, machine, "report", "--json", "--from", str(table)))
    assert report == alone(tmp_path, capsys, machine, store)
    assert isinstance(report, dict) and report["totals"]["responses"] == 2
    assert "/dir/shop" in {row["project"] for row in report["projects"]}
    database.connection.close()
