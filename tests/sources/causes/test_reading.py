"""What a transcript says of causes: the fast reader is the plain one, with and without the native core, and parts are
the whole."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from claude_tui.native import library
from claude_tui.native.causes import reader
from claude_tui.sources.causes import FileCauses, ReadCauses, packed, unpacked
from claude_tui.sources.claude.causes.fast import read_causes
from claude_tui.sources.claude.causes.plain import read_plainly
from claude_tui.sources.claude.causes.sizes import IMAGE_BYTES
from tests.fuzz.claude import seeds
from tests.fuzz.mutations import MUTATIONS
from tests.logs import ClaudeHome, assistant, line, timestamp, usage

GOLDEN = Path(__file__).parents[2] / "golden"
LOGS = sorted(GOLDEN.glob("c*/**/*.jsonl"))
T = 1_780_000_000_000


def said(found: FileCauses) -> bytes:
    return packed(found)


@pytest.fixture(scope="module", params=["python", "core"])
def read(request: pytest.FixtureRequest) -> ReadCauses:
    if request.param == "python":
        return read_causes
    core = library.found().core
    if core is None:
        pytest.skip(f"the native core is {library.found().reason}")
    return reader(core)


@pytest.mark.parametrize("folder", sorted({path.relative_to(GOLDEN).parts[:2] for path in LOGS}), ids="/".join)
def test_both_readers_agree_on_captured_logs(folder: tuple[str, str], read: ReadCauses) -> None:
    logs = sorted(GOLDEN.joinpath(*folder).rglob("*.jsonl"))
    for path in logs:
        if path.is_file() and not path.is_symlink():
            assert said(read(str(path), with_sizes=True)[0]) == said(read_plainly(str(path), with_sizes=True)[0]), path


@pytest.mark.parametrize("seed", range(4))
def test_both_readers_agree_on_mutated_lines(seed: int, tmp_path: Path, read: ReadCauses) -> None:
    random = Random(seed)
    captured = [path.read_bytes() for path in LOGS if "causes" in path.parts]
    known = seeds() + [line for data in captured for line in data.split(b"\n") if line]
    for number in range(25):
        lines = random.sample(known, 40)
        for at in range(0, len(lines), 3):
            lines[at] = random.choice(MUTATIONS)(random, lines[at], known)
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(b"\n".join(lines) + b"\n")
        assert said(read(str(path), with_sizes=True)[0]) == said(read_plainly(str(path), with_sizes=True)[0])


@pytest.mark.parametrize(
    "written",
    [
        b'"%s"' % (b"plain text " * 20),
        b'"%s"' % (b'line\\n\\\\ \\"quoted\\" \\/ \\t' * 20),
        '"{}"'.format("naïve 日本 🙂 " * 20).encode(),
        b'"%s"' % (b"\\u001b[31m red \\u00fc \\ud83d\\ude42" * 20),
        b'"%s"' % (b"not UTF-8 \xff\xfe" * 20),
        b'"%s"' % (b"half of a sign \\ud83d cut off" * 20),
        b'[{"type":"text","text":"%s"},{"type":"image","source":{}}]' % (b"\\udead wood" * 20),
        b'[{"type":"text","text":"%s"},{"type":"image","source":{}}]' % (b"a block " * 20),
    ],
)
def test_a_result_is_as_long_as_its_text(written: bytes, tmp_path: Path, read: ReadCauses) -> None:
    call = assistant("msg_1", T, usage(1, 2))
    call["message"]["content"] = [{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}]
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "WRITTEN"}
    row = {"type": "user", "timestamp": timestamp(T), "sessionId": "s1", "message": {"content": [result]}}
    path = ClaudeHome(tmp_path).append(call, row, assistant("msg_2", T, usage(1, 2)))
    path.write_bytes(path.read_bytes().replace(b'"WRITTEN"', written))
    plain = read_plainly(str(path), with_sizes=True)[0]
    assert said(read(str(path), with_sizes=True)[0]) == said(plain)
    text = json.loads(written.decode("utf-8", "replace"))
    length = len(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else 160 + IMAGE_BYTES
    assert plain.responses[1].added[plain.parts.index("result Bash")] == length


@pytest.mark.parametrize("name", ["mixed-332", "inskill-332", "waste-332", "skills-150"])
def test_a_file_read_in_two_parts_says_the_same(name: str, tmp_path: Path) -> None:
    for path in sorted((GOLDEN / "causes" / name).rglob("*.jsonl")):
        data = path.read_bytes()
        whole, _ = read_causes(str(path), with_sizes=True)
        whole.agent_type = whole.started_by = ""
        ends = [at + 1 for at, byte in enumerate(data) if byte == ord("\n")]
        grown = tmp_path / f"{path.stem}.jsonl"
        for end in ends[:: max(1, len(ends) // 25)]:
            grown.write_bytes(data[:end])
            first, checkpoint = read_causes(str(grown), with_sizes=True)
            with grown.open("ab") as log:
                log.write(data[end:])
            again, _ = read_causes(str(grown), unpacked(packed(first)), checkpoint)
            assert said(again) == said(whole)


def test_calls_of_a_response_are_gathered_over_all_its_rows(tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path)
    blocks: list[dict[str, Any]] = [
        {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": {}} for name in ("Bash", "Read")
    ]
    rows = [assistant("msg_1", T, usage(1, 2)) for _ in range(3)]
    for row, block in zip(rows, [blocks[0], blocks[1], blocks[0]], strict=True):
        row["message"]["content"] = [block]
    found, _ = read_causes(str(home.append(*rows)))
    assert [call.name for call in found.responses[0].calls] == ["Bash", "Read"]


@pytest.mark.parametrize(("tokens", "thinking"), [(7, 7), (-1, 0), (10**20, 0), (True, 0), ("7", 0)])
def test_thinking_is_a_count_or_is_not_known(tokens: object, thinking: int, tmp_path: Path) -> None:
    row = assistant("msg_1", T, usage(1, 20))
    row["message"]["usage"]["output_tokens_details"] = {"thinking_tokens": tokens}
    path = str(ClaudeHome(tmp_path).append(row))
    for read in (read_causes, read_plainly):
        found = unpacked(packed(read(path)[0]))
        assert found.responses[0].thinking == thinking


def test_a_call_inside_of_the_text_of_a_result_is_none(tmp_path: Path) -> None:
    inner = line(assistant("msg_9", T, usage(9, 9))).decode()
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": inner, "is_error": True}
    row = {"type": "user", "timestamp": timestamp(T), "sessionId": "s1", "message": {"content": [result]}}
    found, _ = read_causes(str(ClaudeHome(tmp_path).append(assistant("msg_1", T, usage(1, 2)), row)))
    assert len(found.responses) == 1


def test_a_file_that_was_rewritten_is_read_again(tmp_path: Path) -> None:
    path = ClaudeHome(tmp_path).append(*(assistant(f"msg_{number}", T, usage(1, 2)) for number in range(3)))
    first, checkpoint = read_causes(str(path))
    path.write_bytes(line(assistant("msg_7", T, usage(1, 2))))
    again, _ = read_causes(str(path), first, checkpoint)
    assert len(again.responses) == 1


def test_what_the_client_made_up_itself_is_no_response(tmp_path: Path) -> None:
    rows = [
        assistant("msg_1", T, usage(1, 2), model="<synthetic>"),
        assistant("msg_2", T, usage(1, 2), isApiErrorMessage=True),
        assistant("msg_3", T, usage(1, 2)),
    ]
    path = str(ClaudeHome(tmp_path).append(*rows))
    for read in (read_causes, read_plainly):
        assert len(read(path)[0].responses) == 1


def test_a_sub_agent_beside_the_conversation_may_have_a_name_that_cannot_be_written(
    tmp_path: Path, read: ReadCauses
) -> None:
    inner = {"type": "assistant", **assistant("msg_1", T, usage(1, 2))}
    data = {"type": "agent_progress", "agentId": "a\ud83d", "message": inner}
    path = tmp_path / "s1.jsonl"
    path.write_text(json.dumps({"type": "progress", "sessionId": "s1", "data": data}) + "\n")
    for found in (read(str(path))[0], read_plainly(str(path))[0]):
        assert [thread.name for thread in unpacked(packed(found)).threads] == ["a?"]
