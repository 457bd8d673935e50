from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.count import count
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.setup import Setup
from claude_tui.model import ProblemKind, Query, Usage
from claude_tui.sources.opencode import OpenCodeSource, fast
from claude_tui.sources.opencode.stored import connection
from claude_tui.sources.protocol import Checkpoint, FileRead, SourceConfig
from claude_tui.sources.registry import reader
from tests.engine.counting import NOW_MS, PRICER, UTC, here
from tests.engine.living import living
from tests.fuzz.sameness import disagreements
from tests.sources.settle import GOLDEN, expected, log_file, read_all, settle, totals

HOMES = sorted(path for path in (GOLDEN / "opencode").iterdir() if path.is_dir())
SOURCE = OpenCodeSource()
T0 = 1_795_246_754_903
Record = dict[str, Any]

SCHEMA = """
CREATE TABLE session (id text PRIMARY KEY, project_id text, parent_id text, directory text, title text, version text,
  time_created integer, time_updated integer);
CREATE TABLE message (id text PRIMARY KEY, session_id text, time_created integer, time_updated integer, data text);
CREATE TABLE part (id text PRIMARY KEY, message_id text, session_id text, time_created integer, time_updated integer,
  data text);
CREATE TABLE credential (id text PRIMARY KEY, value text);
CREATE TABLE account (id text PRIMARY KEY, access_token text);
"""

# Of 2.x only the published source is known, so this is what it says the tables are.
SCHEMA_2 = """
CREATE TABLE session_v2 (id text PRIMARY KEY, parent_id text, directory text, title text, version text, agent text,
  model text, fork_session_id text, fork_boundary text, time_created integer, time_updated integer);
CREATE TABLE session_message (id text PRIMARY KEY, session_id text, type text, seq integer, time_created integer,
  time_updated integer, data text);
"""


def tokens(given: int = 100, output: int = 20, reasoning: int = 5, read: int = 40, write: int = 3) -> Record:
    return {"input": given, "output": output, "reasoning": reasoning, "cache": {"read": read, "write": write}}


def beside(value: Record) -> Record:
    """With the total of versions that keep reasoning out of output."""
    return value | {"total": sum(v for v in value.values() if isinstance(v, int)) + sum(value["cache"].values())}


def inside(value: Record) -> Record:
    """With the total of versions that count reasoning into output."""
    return value | {"total": beside(value)["total"] - value["reasoning"]}


def reply(created: int = T0, **more: Any) -> Record:
    return {
        "role": "assistant", "modelID": "gpt-5", "providerID": "openai", "mode": "build", "cost": 0.01,
        "tokens": beside(tokens()), "time": {"created": created, "completed": created + 900},
        "path": {"cwd": "/work", "root": "/work"}, "finish": "stop",
    } | more  # fmt: skip


class Store:
    """A database as a client would write it, in write-ahead mode, kept open."""

    def __init__(self, path: Path, schema: str = SCHEMA) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.executescript(schema)

    def session(self, id: str, parent: str | None = None, created: int = T0 - 50, directory: str = "/dir") -> None:
        table = "session_v2" if self.is_new else "session"
        self.connection.execute(
            f"INSERT INTO {table} (id, parent_id, directory, title, version, time_created, time_updated)"
            " VALUES (?, ?, ?, 'a title', '1.18.0', ?, ?)",
            (id, parent, directory, created, created),
        )

    @property
    def is_new(self) -> bool:
        return bool(self.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'session_v2'").fetchone())

    def message(self, id: str, data: Record, session: str = "ses", updated: int | None = None) -> None:
        created = data["time"]["created"]
        self.connection.execute(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET data = excluded.data, time_updated = excluded.time_updated",
            (id, session, created, updated or created + 1000, json.dumps(data, separators=(",", ":"))),
        )

    def new_message(self, id: str, data: Record, session: str = "ses", kind: str = "assistant") -> None:
        created = data["time"]["created"]
        self.connection.execute(
            "INSERT INTO session_message VALUES (?, ?, ?, (SELECT count(*) FROM session_message), ?, ?, ?)",
            (id, session, kind, created, created, json.dumps(data, separators=(",", ":"))),
        )

    def part(self, id: str, message: str, data: Record) -> None:
        self.connection.execute(
            "INSERT INTO part VALUES (?, ?, 'ses', 0, 0, ?)", (id, message, json.dumps(data, separators=(",", ":")))
        )

    def delete(self, table: str, id: str) -> None:
        self.connection.execute(f"DELETE FROM {table} WHERE id = ?", (id,))


@pytest.fixture
def store(tmp_path: Path) -> Any:
    made = Store(tmp_path / "opencode.db")
    made.session("ses")
    with closing(made.connection):
        yield made


@pytest.fixture
def new_store(tmp_path: Path) -> Any:
    made = Store(tmp_path / "opencode.db", SCHEMA + SCHEMA_2)
    made.session("ses")
    with closing(made.connection):
        yield made


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2))


def poll(root: Path, since: Checkpoint | None) -> FileRead:
    return SOURCE.read(next(iter(SOURCE.discover(root))), since)


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_golden_home_is_exact_in_any_order(home: Path) -> None:
    settled = read_all(SOURCE, home)
    want = expected(home)
    assert totals(settled) == {name: want[name] for name in totals(settled)}
    assert read_all(SOURCE, home, backward=True) == settled


def test_the_cost_a_golden_home_logged_is_reported_to_the_nanodollar() -> None:
    (home,) = (home for home in HOMES if home.name == "data-1.18.33")
    assert sum(value.reported_nano or 0 for value in read_all(SOURCE, home).values()) == 618_685_350


def test_the_cost_of_versions_that_charged_reasoning_twice_is_not_reported() -> None:
    (home,) = (home for home in HOMES if home.name == "data-1.1.65")
    assert {value.reported_nano for value in read_all(SOURCE, home).values()} == {None}


def test_news_is_read_from_the_write_ahead_log(store: Store, tmp_path: Path) -> None:
    file = log_file(SOURCE, tmp_path)
    store.message("m1", reply())
    later = log_file(SOURCE, tmp_path)
    assert later.size > file.size
    assert store.path.stat().st_size < later.size
    assert [row.usage for row in SOURCE.read(later).rows] == [
        Usage(input=100, output=25, cache_write_5m=3, cache_read=40)
    ]


def test_news_of_a_linked_database_is_beside_the_file_it_leads_to(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data"
    root.mkdir()
    (root / "opencode.db").symlink_to(store.path)
    store.message("m1", reply())
    file = log_file(SOURCE, root)
    first = SOURCE.read(file)
    store.message("m2", reply(T0 + 5000))
    later = log_file(SOURCE, root)
    assert later.size > file.size, "what was read before is asked for again"
    assert len(first.rows) == 1
    assert {row.time_ms for row in SOURCE.read(later, first.checkpoint).rows} >= {T0 + 5000}
    connect = connection._connect

    def unwritable(path: str) -> sqlite3.Connection:
        if path == later.path:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(path)

    monkeypatch.setattr(connection, "_connect", unwritable)
    assert len(SOURCE.read(later).rows) == 2


def test_a_fork_counts_only_what_was_said_in_it(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply(T0))
    store.message("m2", reply(T0 + 5000))
    store.session("fork", created=T0 + 9000, directory="/elsewhere")
    store.message("m3", reply(T0), "fork", updated=T0 + 9100)
    store.message("m4", reply(T0 + 5000), "fork", updated=T0 + 9100)
    store.message("m5", reply(T0 + 9500), "fork")
    settled = read_all(SOURCE, tmp_path)
    assert sorted(value.session for value in settled.values()) == ["fork", "ses", "ses"]
    assert [row.is_copy for row in poll(tmp_path, None).rows] == [False, False, True, True, False]


def test_a_fork_stands_for_its_original_once_that_is_deleted(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply(T0))
    before = poll(tmp_path, None)
    store.session("fork", created=T0 + 9000)
    store.message("m2", reply(T0), "fork")
    store.delete("message", "m1")
    store.delete("session", "ses")
    after = read_all(SOURCE, tmp_path)
    assert set(after) == {row.key for row in before.rows}
    assert {value.session for value in after.values()} == {"fork"}


def test_parallel_messages_of_the_same_millisecond_both_count(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply(tokens=beside(tokens(100))))
    store.message("m2", reply(tokens=beside(tokens(101))))
    assert len(read_all(SOURCE, tmp_path)) == 2


def test_a_sub_agent_is_under_its_main_session(store: Store, tmp_path: Path) -> None:
    store.session("sub", "ses")
    store.session("subsub", "sub")
    store.message("m1", reply(), "subsub")
    (only,) = read_all(SOURCE, tmp_path).values()
    assert (only.session, only.agent) == ("ses", "subsub")
    (facts,) = poll(tmp_path, None).sessions
    assert (facts.session, facts.parent, facts.agent) == ("", "ses", "subsub")


def test_only_the_changed_is_read_again_and_a_message_that_grows_stays_one(store: Store, tmp_path: Path) -> None:
    begun = reply(tokens=tokens(0, 0, 0, 0, 0), time={"created": T0})
    store.message("m0", reply(T0 - 500_000))
    store.message("m1", begun)
    first = poll(tmp_path, None)
    assert len(first.rows) == 1
    nothing = poll(tmp_path, first.checkpoint)
    assert (nothing.rows, nothing.restarted) == ([], False)
    store.message("m1", reply(time={"created": T0}), updated=T0 + 2000)
    second = poll(tmp_path, first.checkpoint)
    store.message("m1", reply(), updated=T0 + 2100)
    third = poll(tmp_path, second.checkpoint)
    assert [row.key for row in second.rows] == [row.key for row in third.rows]
    assert len(third.rows) == 1
    assert set(read_all(SOURCE, tmp_path)) == {first.rows[0].key, third.rows[0].key}


def test_old_messages_that_arrive_late_are_seen(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply())
    first = poll(tmp_path, None)
    store.message("imported", reply(T0 - 10**9), updated=T0 - 10**9)
    assert [row.time_ms for row in poll(tmp_path, first.checkpoint).rows if row.time_ms < T0] == [T0 - 10**9]


def test_deleted_rows_void_the_checkpoint_and_take_nothing_back(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply())
    store.message("m2", reply(T0 + 5000))
    first = poll(tmp_path, None)
    store.delete("message", "m2")
    second = poll(tmp_path, first.checkpoint)
    assert second.restarted
    assert {row.key for row in second.rows} < {row.key for row in first.rows}


def test_a_replaced_database_is_read_whole(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply())
    first = poll(tmp_path, None)
    store.connection.close()
    other = Store(tmp_path / "other.db")
    for n in range(3):
        other.message(f"n{n}", reply(T0 - 10**8 + n))
    other.connection.close()
    for end in ("", "-wal", "-shm"):
        (tmp_path / f"opencode.db{end}").unlink(missing_ok=True)
    (tmp_path / "other.db").rename(tmp_path / "opencode.db")
    second = poll(tmp_path, first.checkpoint)
    assert second.restarted
    assert len(second.rows) == 3


@pytest.mark.parametrize(
    "created",
    [T0 / 1000, T0 * 1000, float(T0), str(T0), "2026-11-21T07:39:14.903Z", "2026-11-21T08:39:14.903999+01:00"],
)
def test_a_message_may_tell_its_time_in_another_form(store: Store, tmp_path: Path, created: Any) -> None:
    store.message("m1", reply(time={"created": created}), updated=T0)
    assert [row.time_ms for row in poll(tmp_path, None).rows] == [T0]
    write(tmp_path / "home/storage/message/ses/m2.json", reply(time={"created": created}))
    assert [row.time_ms for row in SOURCE.read(log_file(SOURCE, tmp_path / "home")).rows] == [T0]


@pytest.mark.parametrize("created", [5, T0 // 10**6, -T0, 0, None, "soon", True, 10**30])
def test_a_message_without_a_time_of_this_age_has_that_of_its_row(store: Store, tmp_path: Path, created: Any) -> None:
    store.message("m1", reply() | {"time": {"created": T0}}, updated=T0)
    changed = json.dumps(reply(time={"created": created, "completed": T0 + 900}), separators=(",", ":"))
    store.connection.execute("UPDATE message SET data = ?", (changed,))
    assert [row.time_ms for row in poll(tmp_path, None).rows] == [T0]
    file = log_file(SOURCE, tmp_path)
    assert not disagreements(SOURCE.read(file), fast.read_columns(file))


def test_steps_of_one_message_are_summed(store: Store, tmp_path: Path) -> None:
    last = beside(tokens(30))
    store.message("m1", reply(tokens=last, cost=0.03))
    for n, value in enumerate([beside(tokens(10)), beside(tokens(20)), last]):
        store.part(f"p{n}a", "m1", {"type": "text", "text": 'says "step-finish" aloud'})
        store.part(f"p{n}b", "m1", {"reason": "x", "type": "step-finish", "tokens": value, "cost": 0.01})
    store.message("m2", reply(T0 + 1, tokens=beside(tokens(7))))
    store.part("q", "m2", {"type": "step-finish", "tokens": beside(tokens(7))})
    settled = read_all(SOURCE, tmp_path)
    assert sorted(value.usage[0] for value in settled.values()) == [7, 60]
    assert {value.usage[0]: value.reported_nano for value in settled.values()} == {60: 30_000_000, 7: 10_000_000}


def test_a_message_of_several_steps_keeps_its_identity_while_it_grows(store: Store, tmp_path: Path) -> None:
    steps = [beside(tokens(10)), beside(tokens(20))]
    keys = []
    mark = None
    for n, value in enumerate(steps):
        store.part(f"p{n}", "m1", {"type": "step-finish", "tokens": value})
        store.message("m1", reply(tokens=value, time={"created": T0}), updated=T0 + n)
        read = poll(tmp_path, mark)
        mark = read.checkpoint
        keys += [row.key for row in read.rows]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert [value.usage[0] for value in read_all(SOURCE, tmp_path).values()] == [30]


@pytest.mark.parametrize(
    ("provider", "value", "output", "is_reported"),
    [
        ("openai", beside(tokens()), 25, True),
        ("openai", inside(tokens()), 20, False),
        ("openai", tokens(), 20, False),
        ("google", tokens(), 25, True),
        ("google-vertex", tokens(), 25, True),
        ("google", inside(tokens()), 20, False),
        ("openai", tokens(reasoning=0), 20, True),
        ("openai", tokens(output=3), 8, True),
    ],
)
def test_reasoning_counts_once_wherever_the_version_put_it(
    store: Store, tmp_path: Path, provider: str, value: Record, output: int, is_reported: bool
) -> None:
    store.message("m1", reply(providerID=provider, tokens=value))
    (only,) = read_all(SOURCE, tmp_path).values()
    assert only.usage[1] == output
    assert only.reasoning == value["reasoning"]
    assert only.reported_nano == (10_000_000 if is_reported else None)


@pytest.mark.parametrize(
    ("cost", "nano"),
    [(0.00123456789, 1_234_568), (0, None), (None, None), ("1", None), (-1, None), (2, 2_000_000_000), (5e-10, 0)],
)
def test_a_logged_cost_is_exact_and_zero_is_none(store: Store, tmp_path: Path, cost: object, nano: object) -> None:
    store.message("m1", reply(cost=cost))
    assert [value.reported_nano for value in read_all(SOURCE, tmp_path).values()] == [nano]


def test_messages_without_tokens_and_the_users_are_no_responses(store: Store, tmp_path: Path) -> None:
    store.message("m1", {"role": "user", "time": {"created": T0}, "text": "assistant"})
    store.message("m2", reply(tokens=tokens(0, 0, 0, 0, 0)))
    store.message("m3", {"role": "assistant", "time": {"created": T0}, "error": {"name": "x"}})
    read = poll(tmp_path, None)
    assert (read.rows, read.problems) == ([], [])
    assert [facts.title for facts in read.sessions] == ["a title"]


def test_what_cannot_be_counted_is_told(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply(tokens=tokens() | {"input": -5}))
    store.message("m2", reply())
    store.connection.execute("INSERT INTO message VALUES ('m3', 'ses', 1, 1, '{\"role\":\"assistant\",')")
    read = poll(tmp_path, None)
    assert len(read.rows) == 1
    assert [(p.kind, p.detail.split(":")[0]) for p in read.problems] == [
        (ProblemKind.BAD_COUNT, "message m1"), (ProblemKind.MALFORMED, "message m3"),
    ]  # fmt: skip


OTHER_SHAPES: list[Record] = [
    {"role": "assistant", "model": "m", "usage": {"in": 5}},
    {"kind": "assistant", "llm": {"tok": 5}},
    reply(tokens=None),
    reply(tokens=None, time={"created": T0}),
    {name: value for name, value in reply(finish=None).items() if name != "tokens"},
]


@pytest.mark.parametrize("data", OTHER_SHAPES, ids=["usage", "kind", "null", "not completed", "unfinished"])
def test_an_answer_of_another_shape_is_told_and_not_passed_over(store: Store, tmp_path: Path, data: Record) -> None:
    text = json.dumps(data, separators=(",", ":"))
    store.connection.execute("INSERT INTO message VALUES ('m1', 'ses', ?, ?, ?)", (T0, T0, text))
    new_layout(tmp_path, "m2", data)
    files = sorted(SOURCE.discover(tmp_path), key=lambda file: file.path)
    told = [problem for file in files for problem in SOURCE.read(file).problems]
    assert [problem.kind for problem in told] == [ProblemKind.UNKNOWN_SHAPE] * 2
    assert disagreements(SOURCE.read(files[0]), fast.read_columns(files[0], keep_names=True)) == []


@pytest.mark.parametrize(
    "more", [{"error": {"name": "MessageAbortedError"}}, {"finish": None, "time": {"created": T0}}]
)
def test_an_answer_that_failed_or_goes_on_is_no_problem(store: Store, tmp_path: Path, more: Record) -> None:
    store.message("m1", reply(tokens=None) | more)
    assert poll(tmp_path, None).problems == []


def test_a_compaction_that_tells_no_tokens_is_no_problem(new_store: Store, tmp_path: Path) -> None:
    new_store.new_message("m1", {"time": {"created": T0}, "reason": "auto", "finish": "stop"}, kind="compaction")
    assert poll(tmp_path, None).problems == []


def test_tokens_in_messages_of_unknown_kinds_are_told(new_store: Store, tmp_path: Path) -> None:
    new_store.new_message("m1", new_reply(), kind="answer_v3")
    new_store.new_message("m2", new_reply(T0 + 1), kind="answer_v3")
    new_store.new_message("m3", {"time": {"created": T0}, "text": '"tokens":{'}, kind="shell")
    file = log_file(SOURCE, tmp_path)
    read = SOURCE.read(file)
    assert [(one.kind, one.detail) for one in read.problems] == [
        (ProblemKind.UNKNOWN_SHAPE, f"message {name}: tokens in one of the unknown kind 'answer_v3': not counted")
        for name in ("m1", "m2")
    ]
    assert [one.offset for one in read.problems] == [1, 2]
    assert disagreements(read, fast.read_columns(file, keep_names=True)) == []


async def test_live_tells_each_problem_of_a_database_as_often_as_a_fresh_count(tmp_path: Path) -> None:
    made = Store(tmp_path / "opencode.db", SCHEMA + SCHEMA_2)
    made.session("ses")
    made.message("m0", reply())
    config = SourceConfig(Path("/nonexistent"), explicit={"opencode": (tmp_path,)}, sources=("opencode",))
    with closing(made.connection):
        async with living(tmp_path, config=config) as live:
            made.message("bad", reply(tokens=tokens() | {"input": -5}))
            made.message("shapeless", reply(tokens=None))
            for number in range(1, 5):
                made.new_message(f"n{number}", new_reply(T0 + number), kind="answer_v3")
                made.message(f"m{number}", reply(T0 + 7 * number))
                await live.settle()
                await live.until_counted(number + 1)
            told = dict((await live.settle()).problems)
    fresh = count(Setup(config, PRICER, UTC), processes=here())
    assert told == dict(SnapshotMaker(fresh).take(Query(), NOW_MS).problems) == {"bad_count": 1, "unknown_shape": 5}


def test_name_folder_and_facts(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply(mode="compaction", summary=True))
    store.message("m2", reply(T0 + 5000, path=None, finish="tool-calls"))
    settled = read_all(SOURCE, tmp_path)
    assert [(value.model, value.cwd, value.time_ms) for value in settled.values()] == [
        ("openai/gpt-5", "/work", T0), ("openai/gpt-5", "/dir", T0 + 5000),
    ]  # fmt: skip
    (facts,) = poll(tmp_path, None).sessions
    assert (facts.session, facts.cwd, facts.title, facts.version) == ("ses", "/dir", "a title", "1.18.0")
    assert (facts.compactions, facts.context_tokens, facts.context_model) == (1, 143, "openai/gpt-5")
    assert (facts.last_kind, facts.last_ms) == ("tool_use", T0 + 5900)


def test_the_largest_prompt_is_remembered(store: Store, tmp_path: Path) -> None:
    store.session("sub", parent="ses")
    for number, given in enumerate((100, 250_000, 300)):
        store.message(f"m{number}", reply(T0 + number * 1000, tokens=beside(tokens(given))))
    store.message("s1", reply(T0 + 9000, tokens=beside(tokens(999_999))), "sub")
    facts = {one.session: one for one in poll(tmp_path, None).sessions}
    assert (facts["ses"].largest_prompt, facts["ses"].context_tokens) == (250_043, 343)


def test_accounts_and_credentials_are_never_asked_for(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.message("m1", reply())
    asked: list[str] = []
    connect = connection._connect

    def traced(path: str) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(asked.append)
        return connection

    monkeypatch.setattr(connection, "_connect", traced)
    assert poll(tmp_path, None).rows
    assert asked
    assert not [sql for sql in asked if "credential" in sql or "account" in sql]


def test_reading_leaves_the_database_alone(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.endswith("-shm")}
    poll(tmp_path, None)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.endswith("-shm")} == before


def test_a_log_that_cannot_be_shared_is_copied_with_its_database(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.message("m1", reply())
    connect = connection._connect

    def unwritable(path: str) -> sqlite3.Connection:
        if path == str(store.path):
            raise sqlite3.OperationalError("unable to open database file")
        return connect(path)

    monkeypatch.setattr(connection, "_connect", unwritable)
    assert len(poll(tmp_path, None).rows) == 1


def test_what_is_no_database_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "opencode.db").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(OSError, match="not a database"):
        poll(tmp_path, None)
    (tmp_path / "opencode.db").write_bytes(b"")
    assert poll(tmp_path, None).rows == []


def new_layout(data: Path, id: str, value: Record, session: str = "ses") -> None:
    write(data / f"storage/message/{session}/{id}.json", value | {"id": id, "sessionID": session})


def test_message_files_of_both_layouts(tmp_path: Path) -> None:
    new_layout(tmp_path, "msg_1", reply(T0), "sub")
    write(tmp_path / "storage/session/proj/sub.json", {"id": "sub", "parentID": "ses", "time": {"created": T0 - 9}})
    write(tmp_path / "storage/session/proj/ses.json", {"id": "ses", "directory": "/dir", "time": {"created": T0 - 99}})
    old = tmp_path / "project/slug/storage/session"
    write(old / "message/ses0/msg_0.json", reply(T0 + 1, path=None))
    write(old / "info/ses0.json", {"id": "ses0", "title": "old", "time": {"created": T0 - 9}})
    for n in (1, 2):
        write(old / f"part/ses0/msg_0/prt_{n}.json", {"type": "step-finish", "tokens": beside(tokens(n))})
        write(tmp_path / f"storage/part/msg_1/prt_{n}.json", {"type": "step-finish", "tokens": beside(tokens(n))})
    write(tmp_path / "storage/session_diff/ses.json", [])
    settled = read_all(SOURCE, tmp_path)
    assert sorted((v.session, v.agent, v.cwd, v.usage[0]) for v in settled.values()) == [
        ("ses", "sub", "/work", 3), ("ses0", "", "", 3),
    ]  # fmt: skip


def test_files_that_were_copied_into_the_database_count_once(store: Store, tmp_path: Path) -> None:
    store.message("msg_1", reply(T0))
    store.message("msg_2", reply(T0 + 1))
    new_layout(tmp_path, "msg_1", reply(T0))
    new_layout(tmp_path, "msg_2", reply(T0 + 1, tokens=beside(tokens(5))))  # the database knows better
    new_layout(tmp_path, "msg_3", reply(T0 + 2))  # deleted from the database, or never in it
    settled = read_all(SOURCE, tmp_path)
    assert sorted((value.time_ms - T0, value.usage[0]) for value in settled.values()) == [(0, 100), (1, 100), (2, 100)]


def test_files_that_were_copied_into_the_database_of_any_channel_count_once(store: Store, tmp_path: Path) -> None:
    beta = Store(tmp_path / "opencode-beta.db")
    with closing(beta.connection):
        store.message("msg_1", reply(T0))
        beta.message("msg_2", reply(T0 + 1))
        for number in (1, 2, 3):
            new_layout(tmp_path, f"msg_{number}", reply(T0 + number - 1, tokens=beside(tokens(7))))
        assert sorted(value.usage[0] for value in read_all(SOURCE, tmp_path).values()) == [7, 100, 100]


def test_a_file_costs_nothing_for_what_is_in_the_database(store: Store, tmp_path: Path) -> None:
    for number in range(5_000):
        store.message(f"msg_{number}", reply(T0))
        if number % 1_000 == 0:
            new_layout(tmp_path, f"msg_{number}", reply(T0))
    first, *files = (file for file in SOURCE.discover(tmp_path) if file.path.endswith(".json"))
    SOURCE.read(first)  # which asks the database
    tracemalloc.start()
    try:
        assert [SOURCE.read(file).rows for file in files] == [[]] * 4
        assert tracemalloc.get_traced_memory()[1] < 100_000  # half of what a copy of the ids takes
    finally:
        tracemalloc.stop()


def test_a_message_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    new_layout(tmp_path, "msg_1", reply(tokens=tokens(0, 0, 0, 0, 0)))
    first = poll(tmp_path, None)
    assert first.rows == []
    new_layout(tmp_path, "msg_1", reply())
    assert len(poll(tmp_path, first.checkpoint).rows) == 1
    (tmp_path / "storage/message/ses/msg_1.json").write_text('{"role": "assi')
    assert [p.kind for p in poll(tmp_path, None).problems] == [ProblemKind.MALFORMED]


def new_reply(created: int = T0, **more: Any) -> Record:
    return {
        "agent": "build", "model": {"id": "gpt-5", "providerID": "openai"}, "content": [], "cost": 0.01,
        "tokens": tokens(), "time": {"created": created, "streamed": created + 800, "completed": created + 900},
    } | more  # fmt: skip


def test_2x_messages_and_compactions_count(new_store: Store, tmp_path: Path) -> None:
    new_store.new_message("m1", new_reply())
    new_store.new_message("m2", {"status": "running", "time": {"created": T0 + 1}}, kind="compaction")
    new_store.new_message("m3", new_reply(T0 + 2, status="completed"), kind="compaction")
    new_store.new_message("m4", {"text": "tokens", "time": {"created": T0 + 3}}, kind="user")
    new_store.new_message("m5", new_reply(T0 + 4), kind="shell")
    unnamed = new_reply(T0 + 5)
    del unnamed["model"]
    new_store.connection.execute("UPDATE session_v2 SET model = ?", ('{"id":"gpt-5-mini","providerID":"openai"}',))
    new_store.new_message("m6", unnamed, kind="compaction")
    settled = read_all(SOURCE, tmp_path)
    assert [(v.time_ms - T0, v.model, v.usage[1], v.cwd) for v in settled.values()] == [
        (0, "openai/gpt-5", 25, "/dir"), (2, "openai/gpt-5", 25, "/dir"), (5, "openai/gpt-5-mini", 25, "/dir"),
    ]  # fmt: skip
    (facts,) = poll(tmp_path, None).sessions
    assert facts.compactions == 3


def test_2x_rows_carried_over_count_once_and_older_ones_still_count(new_store: Store, tmp_path: Path) -> None:
    new_store.connection.execute(
        "INSERT INTO session (id, directory, time_created) VALUES ('ses', '/dir', 1), ('old', '/old', 1)"
    )
    new_store.message("m1", reply(tokens=inside(tokens())))
    new_store.new_message("m1", new_reply())
    new_store.message("m2", reply(T0 + 1), "old")
    new_store.message("m3", reply(T0 + 2, tokens=beside(tokens(1))))
    new_store.new_message("m3", new_reply(T0 + 2))  # went on after it was carried over
    settled, file = read_all(SOURCE, tmp_path), log_file(SOURCE, tmp_path)
    assert disagreements(SOURCE.read(file), fast.read_columns(file, keep_names=True)) == []
    # The total tells that the version which wrote m1 put reasoning into output; its cost charged it twice.
    assert sorted((v.time_ms - T0, v.session, v.usage[:2], v.reported_nano) for v in settled.values()) == [
        (0, "ses", (100, 20), None), (1, "old", (100, 25), 10_000_000), (2, "ses", (100, 25), 10_000_000),
    ]  # fmt: skip


NONE = tokens(0, 0, 0, 0, 0)
BLANK: dict[str, Record] = {
    "zero tokens": {"tokens": NONE},
    "no tokens": {"tokens": None},
    "no counts": {"tokens": tokens() | {"input": "many"}},
}


@pytest.mark.parametrize("blank", BLANK)
@pytest.mark.parametrize("is_2x", [True, False])
@pytest.mark.parametrize("is_new_blank", [True, False])
def test_a_row_that_tells_no_tokens_hides_no_copy_that_does(
    store: Store, tmp_path: Path, blank: str, is_2x: bool, is_new_blank: bool
) -> None:
    store.connection.executescript(SCHEMA_2 + ("" if is_2x else "DROP TABLE session_v2;"))
    old, new = (BLANK[blank], {}) if not is_new_blank else ({}, BLANK[blank])
    store.message("m1", reply(**old))
    store.new_message("m1", new_reply(**new))
    assert [value.usage[:2] for value in read_all(SOURCE, tmp_path).values()] == [(100, 25)]
    assert not poll(tmp_path, None).problems, "the blank copy is no message of its own"
    (file,) = SOURCE.discover(tmp_path)
    assert disagreements(SOURCE.read(file), fast.read_columns(file, keep_names=True)) == []


@pytest.mark.parametrize("blank", BLANK)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_row_that_tells_no_tokens_hides_no_file_that_does(
    new_store: Store, tmp_path: Path, blank: str, is_new: bool
) -> None:
    (new_store.new_message if is_new else new_store.message)("msg_1", (new_reply if is_new else reply)(**BLANK[blank]))
    new_layout(tmp_path, "msg_1", reply())
    assert [value.usage[:2] for value in read_all(SOURCE, tmp_path).values()] == [(100, 25)]


def test_a_row_of_a_kind_that_does_not_count_hides_no_copy_that_does(new_store: Store, tmp_path: Path) -> None:
    new_store.message("m1", reply())
    new_store.new_message("m1", new_reply(T0 + 1), kind="answer_v3")
    assert [value.usage[:2] for value in read_all(SOURCE, tmp_path).values()] == [(100, 25)]


def test_2x_forks_count_only_what_was_said_in_them(new_store: Store, tmp_path: Path) -> None:
    new_store.new_message("msg_1", new_reply())
    first = poll(tmp_path, None)
    new_store.session("fork", created=T0 + 9000)
    new_store.connection.execute("UPDATE session_v2 SET fork_session_id = 'ses' WHERE id = 'fork'")
    new_store.new_message("msg_2_0", new_reply(), "fork")
    new_store.new_message("msg_3", new_reply(T0 + 9500), "fork")
    settled = read_all(SOURCE, tmp_path)
    assert sorted((value.session, value.time_ms - T0) for value in settled.values()) == [("fork", 9500), ("ses", 0)]
    assert {row.key for row in poll(tmp_path, first.checkpoint).rows} == set(settled)


def test_a_database_that_is_updated_to_2x_is_read_on(store: Store, tmp_path: Path) -> None:
    store.message("m1", reply(T0))
    first = poll(tmp_path, None)
    store.connection.executescript(SCHEMA_2)
    store.connection.execute("INSERT INTO session_v2 (id, directory, time_created) VALUES ('ses', '/dir', 1)")
    store.new_message("m1", new_reply(T0))
    store.new_message("m2", new_reply(T0 - 10**8))
    second = poll(tmp_path, first.checkpoint)
    assert {row.key for row in (*first.rows, *second.rows)} == set(read_all(SOURCE, tmp_path))
    assert len(read_all(SOURCE, tmp_path)) == 2


def test_the_new_table_counts_without_the_new_sessions_too(store: Store, tmp_path: Path) -> None:
    store.connection.executescript(SCHEMA_2 + "DROP TABLE session_v2;")
    store.message("m1", reply())
    first = poll(tmp_path, None)
    store.new_message("m1", new_reply(tokens=tokens(1), cost=0))  # what the old table has counts as it is there
    store.new_message("m2", new_reply(T0 + 1))
    store.new_message("m3", {"text": "hello", "time": {"created": T0 + 5000}}, kind="user")
    settled = read_all(SOURCE, tmp_path)
    assert sorted((v.time_ms - T0, v.session, v.cwd, v.usage[:2], v.reported_nano) for v in settled.values()) == [
        (0, "ses", "/work", (100, 25), 10_000_000), (1, "ses", "/dir", (100, 25), 10_000_000),
    ]  # fmt: skip
    second = poll(tmp_path, first.checkpoint)
    assert {row.key for row in (*first.rows, *second.rows)} == set(settled)
    assert second.sessions[0].last_kind == "user"


def test_the_new_table_counts_where_it_is_the_only_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "opencode.db", SCHEMA + SCHEMA_2 + "DROP TABLE session_v2; DROP TABLE message;")
    with closing(store.connection):
        store.session("ses")
        store.new_message("m1", new_reply())
        assert [value.usage[:2] for value in read_all(SOURCE, tmp_path).values()] == [(100, 25)]


def test_a_session_without_a_folder_has_that_of_its_project(store: Store, tmp_path: Path) -> None:
    store.connection.executescript(
        "CREATE TABLE project (id text PRIMARY KEY, worktree text); UPDATE session SET directory = NULL;"
        "INSERT INTO project VALUES ('p', '/tree'), ('global', '/');"
    )
    for number, (project, folder) in enumerate((("p", "/tree"), ("global", ""), ("other", ""), (None, ""))):
        store.connection.execute("UPDATE session SET project_id = ?", (project,))
        store.message(f"m{number}", reply(T0 + number, path=None))
        assert {value.cwd for value in read_all(SOURCE, tmp_path).values()} == {folder}
        assert [facts.cwd for facts in poll(tmp_path, None).sessions] == [folder]


@pytest.mark.parametrize(
    ("session", "project", "folder"),
    [
        ({"projectID": "p"}, {"worktree": "/tree"}, "/tree"),
        ({"projectID": "p", "directory": "/dir"}, {"worktree": "/tree"}, "/dir"),
        ({}, {"worktree": "/tree"}, "/tree"),
        ({"projectID": "p"}, {"worktree": "/"}, ""),
        ({"projectID": "p"}, {"worktree": 5}, ""),
        ({"projectID": "p"}, None, ""),
        ({"projectID": "../project/p"}, {"worktree": "/tree"}, "/tree"),
        ({"projectID": 7}, {"worktree": "/tree"}, ""),
    ],
)
def test_a_message_file_without_a_folder_has_that_of_its_project(
    tmp_path: Path, session: Record, project: Record | None, folder: str
) -> None:
    write(tmp_path / "storage/message/ses/msg_1.json", reply(path=None))
    write(tmp_path / "storage/session/p/ses.json", {"id": "ses", **session})
    if project is not None:
        write(tmp_path / "storage/project/p.json", {"id": "p", **project})
    assert [value.cwd for value in read_all(SOURCE, tmp_path).values()] == [folder]
    assert [facts.cwd for facts in poll(tmp_path, None).sessions] == [folder]


def test_databases_of_all_channels_are_found(tmp_path: Path) -> None:
    for name in ("opencode.db", "opencode-beta.db", "other.db"):
        Store(tmp_path / name).connection.close()
    found = list(SOURCE.discover(tmp_path))
    assert [os.path.basename(file.path) for file in found] == ["opencode-beta.db", "opencode.db"]
    assert [file.path for file in SOURCE.discover(tmp_path / "other.db")] == [str(tmp_path / "other.db")]
    assert list(SOURCE.discover(tmp_path / "missing")) == []


def test_roots() -> None:
    home = Path("/home/me")
    usual = home / ".local/share/opencode"
    assert SOURCE.roots(SourceConfig(home)) == [usual]
    assert SOURCE.roots(SourceConfig(home, {"XDG_DATA_HOME": "/srv"})) == [Path("/srv/opencode")]
    assert SOURCE.roots(SourceConfig(home, {"OPENCODE_DB": "/srv/my.db"})) == [Path("/srv/my.db"), usual]
    assert SOURCE.roots(SourceConfig(home, {"OPENCODE_DB": "my.db"})) == [usual / "my.db", usual]
    assert SOURCE.roots(SourceConfig(home, {"OPENCODE_DB": "opencode-x.db"})) == [usual]
    assert SOURCE.roots(SourceConfig(home, {"OPENCODE_DB": ":memory:"})) == [usual]
    assert SOURCE.roots(SourceConfig(home, {}, {"opencode": (Path("/x"),)})) == [Path("/x")]


def test_rows_that_arrive_one_by_one_settle_to_one_whole_read(tmp_path: Path) -> None:
    (home,) = (home for home in HOMES if home.name == "data-1.18.33")
    (tmp_path / "data").mkdir()
    path = shutil.copy(home / "opencode.db", tmp_path / "data")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        rows = connection.execute("SELECT * FROM message ORDER BY time_updated").fetchall()
        connection.execute("DELETE FROM message")
        mark: Checkpoint | None = None
        events = []
        for start in range(0, len(rows), 3):
            batch = rows[start : start + 3]
            connection.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?)", batch)
            file = log_file(SOURCE, tmp_path / "data")
            read, found = SOURCE.read_events(file, mark)
            assert not read.restarted
            mark = read.checkpoint
            events += [(file.path, event) for event in found]
    assert settle(events) == read_all(SOURCE, tmp_path / "data")
    want = expected(home)
    assert totals(settle(events))["events"] == want["events"]


@pytest.mark.parametrize("home", ["data-1.18.33", "data-2.0preview"])
def test_what_a_revert_removed_is_still_counted_from_the_events(home: str, tmp_path: Path) -> None:
    path = Path(shutil.copy(GOLDEN / "opencode" / home / "opencode.db", tmp_path))
    before = read_all(SOURCE, tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        for table in ("message", "session_message", "part"):
            writer.execute(f"DELETE FROM {table} WHERE rowid % 2")
        writer.execute("UPDATE event SET data = data || 'x' WHERE rowid = 1")
    assert read_all(SOURCE, tmp_path) == before
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("DELETE FROM event")
    assert len(read_all(SOURCE, tmp_path)) < len(before)


def test_what_was_reverted_is_no_part_of_the_conversation(tmp_path: Path) -> None:
    path = Path(shutil.copy(GOLDEN / "opencode" / "data-1.18.33" / "opencode.db", tmp_path))
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("DELETE FROM message")
    read = SOURCE.read(log_file(SOURCE, tmp_path))
    assert read.rows and not read.sessions


def test_a_revert_between_two_reads_takes_nothing_back(tmp_path: Path) -> None:
    path = Path(shutil.copy(GOLDEN / "opencode" / "data-1.18.33" / "opencode.db", tmp_path))
    first = SOURCE.read(log_file(SOURCE, tmp_path))
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("DELETE FROM message WHERE rowid > (SELECT max(rowid) - 4 FROM message)")
    again = SOURCE.read(log_file(SOURCE, tmp_path), first.checkpoint)
    assert again.restarted
    assert {row.key for row in again.rows} == {row.key for row in first.rows}


def test_a_database_without_messages_of_any_kind_is_a_problem(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "opencode.db")) as writer:
        writer.execute("CREATE TABLE talk (id text)")
    (problem,) = SOURCE.read(log_file(SOURCE, tmp_path)).problems
    assert (problem.kind, problem.path) == (ProblemKind.UNKNOWN_SHAPE, str(tmp_path / "opencode.db"))


BOTH = [(name, path) for name in ("kilo", "opencode") for path in sorted((GOLDEN / name).rglob("*.db"))]


@pytest.mark.parametrize(("name", "path"), BOTH, ids=lambda value: getattr(value, "parent", Path(value)).name)
def test_real_databases_read_the_same_without_a_row_each(name: str, path: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copy(path, tmp_path))
    with closing(sqlite3.connect(copied, isolation_level=None)) as writer:
        rows = writer.execute("SELECT * FROM message ORDER BY time_updated").fetchall()
        writer.execute("DELETE FROM message")
        mark: Checkpoint | None = None
        for start in range(0, len(rows) + 1, 5):
            writer.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?)", rows[start : start + 5])
            (file,) = reader(name).discover(copied)
            for since in (None, mark):
                plain = reader(name).read(file, since)
                assert disagreements(plain, fast.read_columns(file, since, keep_names=True)) == []
            mark = plain.checkpoint


def test_usual_messages_need_no_row_each(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.session("fork", created=T0 + 9000)
    store.message("m1", reply())
    store.message("m2", reply(), "fork")  # a copy
    store.message("m3", reply(T0 + 1, path={"cwd": "/été"}, cost=0.1 + 0.2))
    store.message("m4", {"role": "user", "time": {"created": T0 + 2}})
    store.message("m5", reply(T0 + 3, tokens=tokens(0, 0, 0, 0, 0)))
    (file,) = SOURCE.discover(tmp_path)
    plain = SOURCE.read(file)
    monkeypatch.setattr(fast.FastReading, "_see", None)
    read = fast.read_columns(file, keep_names=True)
    assert disagreements(plain, read) == []
    assert len(read.columns) == 2
