"""Damage done to log lines: what writers, crashes, other programs and ill will can make of them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

Pool = list[bytes]
Mutation = Callable[[Random, bytes, Pool], bytes]

TOKENS = [
    b'"usage":{', b'"usage" : {', b'"\\u0075sage":{', b'"us\\u0061ge":{', b'"type":"assistant"',
    b'"type": "assistant"', b'"type":"user"', b'"type":"progress"', b'"type":"summary","summary":"t"', b'"id":null',
    b'"model":null', b'"id":"msg_x"', b"}{", b"} {", b"}}", b"{", b"}", b"[", b"]", b'"', b"\\", b"\\\\", b'\\"',
    b",", b":", b"\0", b"\0\0\0", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xe2\x80\xa8", b"\\ud83d", b"\\u0000", b"\r",
    b"\n", b" ", b"\t", b"null", b"true", b"NaN", b"1e400", b"-1", b"9007199254740992", b"18446744073709551616",
    b'"isSidechain":true', b'"isApiErrorMessage":true', b'"forkedFrom":{"sessionId":"f"}', b'"requestSessionId":"r"',
    b'"parentUuid":null', b'{"parentUuid":"x"', b'"timestamp":"2026-01-01T00:00:00.000Z"', b'"speed":"fast"',
    b'"subtype":"compact_boundary"', b'"cwd":"/x"', b"9" * 5000, b'"x":' + b"9" * 5000, b"\\q", b"\\ud800", b"\x01",
    b'"web_search_requests":2', b'"server_tool_use":null', b'"server_tool_use":{"code_execution_requests":1}',
    b'"iterations":[{"type":"message"},{"type":"message"}]', b'"iterations":[]', b'"pausedResponses":[]',
    b'"pausedResponses":[{"usage":{"input_tokens":3}}]', b'"fallback_credit":1', b'"cache_creation":null',
    b'"title":"t"', b'"type":"\\u0061i-title","title":"t"', b'"stop_reason":"refusal"', b'"isSidechain":0',
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, 1, 7, -1, 1.0, 1.5, 2**53, 2**53 - 1, 2**64, "", "x", "msg_1", "msg_\ud83d", "<synthetic>",
    [], {}, [{}], [None], {"type": "assistant"}, "assistant", "user", "progress", "fast", "us", "batch", "refusal",
    "2.1.29", "2.1.30", "2.0.5-beta", "2026-05-28T20:26:40.000Z", "2026-05-28T20:26:60.000Z",
    "2026-05-28T20:26:4x.000Z", "9" * 24, "2026-05-28T24:00:00.000Z", "2026-05-28T20:26:40+05:30", "claude-opus-4-8",
    [{"type": "message"}], "\u2028", "\x00", [{"type": "advisor_message", "input_tokens": 3, "model": "m"}],
    [{"type": "message"}, {"type": "fallback_message"}],
]  # fmt: skip
_KEY = re.compile(rb'"(usage|type|message|id|model|timestamp|sessionId|cwd|version|input_tokens|isSidechain)":')


def flip(chance: Random, line: bytes, pool: Pool) -> bytes:
    damaged = bytearray(line)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        if damaged:
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut(chance: Random, line: bytes, pool: Pool) -> bytes:
    start, end = _range(chance, line)
    return line[:start] + line[end:]


def double(chance: Random, line: bytes, pool: Pool) -> bytes:
    start, end = _range(chance, line)
    return line[:end] + line[start:]


def insert(chance: Random, line: bytes, pool: Pool) -> bytes:
    at = chance.randrange(len(line) + 1)
    if chance.random() < 0.7:  # between two members, where it is most likely to mean something
        at = line.find(b",", at) + 1 or at
    token = chance.choice(TOKENS)
    return line[:at] + token + (b"," if chance.random() < 0.6 else b"") + line[at:]


def splice(chance: Random, line: bytes, pool: Pool) -> bytes:
    other = chance.choice(pool)
    return line[: chance.randrange(len(line) + 1)] + other[chance.randrange(len(other) + 1) :]


def glue(chance: Random, line: bytes, pool: Pool) -> bytes:
    parts = [line, *(chance.choice(pool) for _ in range(chance.choice((1, 1, 2, 3))))]
    chance.shuffle(parts)
    return chance.choice((b"", b"", b" ", b"\0", b"x")).join(parts)


def reorder(chance: Random, line: bytes, pool: Pool) -> bytes:
    return _rewritten(chance, line, _shuffled)


def respace(chance: Random, line: bytes, pool: Pool) -> bytes:
    value = _decoded(line)
    separators = chance.choice(((", ", ": "), (",", ": "), (" ,", ":"), (",\t", " :\r")))
    return line if value is None else json.dumps(value, separators=separators).encode()


def replace_value(chance: Random, line: bytes, pool: Pool) -> bytes:
    return _rewritten(chance, line, lambda chance, value: _put(chance, value, chance.choice(VALUES)))


def drop_value(chance: Random, line: bytes, pool: Pool) -> bytes:
    return _rewritten(chance, line, lambda chance, value: _put(chance, value, None, drop=True))


def nest(chance: Random, line: bytes, pool: Pool) -> bytes:
    inner = _decoded(chance.choice(pool))
    return _rewritten(chance, line, lambda chance, value: _put(chance, value, inner))


def wrap(chance: Random, line: bytes, pool: Pool) -> bytes:
    value = _decoded(line)
    if value is None:
        return line
    kind = chance.choice(("user", "progress", "assistant"))
    inner = {"type": "agent_progress", "message": value, "agentId": "a1"} if kind == "progress" else value
    outer = {"type": kind, "data": inner, "message": inner, "timestamp": "2026-01-02T00:00:00.000Z", "sessionId": "s"}
    return _dumped(outer)


def repeat_key(chance: Random, line: bytes, pool: Pool) -> bytes:
    """A second member of the same name somewhere in the same object: the last one counts."""
    keys = list(_KEY.finditer(line))
    if not keys:
        return line
    key = chance.choice(keys)
    other = chance.choice((json.dumps(chance.choice(VALUES)).encode(), b'{"input_tokens":1,"output_tokens":9}'))
    at = key.start() if chance.random() < 0.5 else max(line.rfind(b"}"), key.start())
    comma = b"," if at == key.start() else b""
    return line[:at] + (b"" if comma else b",") + key[0] + other + comma + line[at:]


def escape_key(chance: Random, line: bytes, pool: Pool) -> bytes:
    def escaped(found: re.Match[bytes]) -> bytes:
        name = found[1]
        at = chance.randrange(len(name))
        return b'"%s\\u%04x%s":' % (name[:at], name[at], name[at + 1 :])

    return _KEY.sub(lambda found: escaped(found) if chance.random() < 0.4 else found[0], line)


def jitter(chance: Random, line: bytes, pool: Pool) -> bytes:
    """The same response again: other counters, another instant, session, folder, chain or circumstance."""
    value = _decoded(line)
    message = value.get("message") if isinstance(value, dict) else None
    usage = message.get("usage") if isinstance(message, dict) else None
    if not isinstance(value, dict) or not isinstance(message, dict) or not isinstance(usage, dict):
        return line
    for name in usage:
        if type(usage[name]) is int and chance.random() < 0.3:
            usage[name] = chance.randrange(4)
    if chance.random() < 0.7:
        second = chance.choice((0, 0, 1, 60))
        minute, month = chance.randrange(3), chance.randrange(1, 4)
        value["timestamp"] = f"2026-0{month}-01T00:0{minute}:{second:02d}.{chance.randrange(3):03d}Z"
    for of, name, made in (
        (value, "sessionId", f"s{chance.randrange(3)}"),
        (value, "cwd", chance.choice(("", "/p0", "/p1"))),
        (value, "isSidechain", chance.random() < 0.5),
        (value, "forkedFrom", {"sessionId": "s0"}),
        (value, "agentId", "a1"),
        (value, "version", chance.choice(("1.0.24", "2.1.29", "2.1.30"))),
        (usage, "iterations", chance.choice(([], [{"type": "advisor_message", "input_tokens": 3, "model": "m"}]))),
        (usage, "server_tool_use", {"web_search_requests": chance.randrange(3)}),
        (message, "stop_reason", chance.choice((None, "end_turn", "refusal"))),
        (message, "pausedResponses", chance.choice(([], [{"usage": {"input_tokens": 2}}]))),
    ):
        if chance.random() < 0.12:
            of[name] = made
    return _dumped(value)


def escape_usage(chance: Random, line: bytes, pool: Pool) -> bytes:
    at = chance.randrange(5)
    return line.replace(b'"usage"', b'"%s\\u%04x%s"' % (b"usage"[:at], b"usage"[at], b"usage"[at + 1 :]))


def frame(chance: Random, line: bytes, pool: Pool) -> bytes:
    before, after = chance.choice(
        ((b"", b"\r"), (b"\xef\xbb\xbf", b""), (b"\0" * 3, b""), (b" ", b" "), (b"\t", b""), (b"[", b"]"))
    )
    return before + line + after


def lengthen(chance: Random, line: bytes, pool: Pool) -> bytes:
    filler = json.dumps(
        chance.choice(('"usage":{"x" ', "a, b }{ ", "\\u0075 \u2028 \U0001f600 ", '{"type":"assistant"}\n'))
    )
    long = (filler[1:-1].encode() * chance.choice((30, 300, 3000)))[: chance.choice((400, 9000, 60_000))].rstrip(b"\\")
    at = line.find(b'"text":"')
    return line[: at + 8] + long + line[at + 8 :] if at >= 0 else line


MUTATIONS: list[Mutation] = [
    flip, cut, double, insert, insert, splice, glue, reorder, respace, replace_value, replace_value, drop_value, nest,
    wrap, repeat_key, escape_key, escape_usage, jitter, jitter, jitter, frame, lengthen,
]  # fmt: skip


def _range(chance: Random, line: bytes) -> tuple[int, int]:
    start = chance.randrange(len(line) + 1)
    return start, min(len(line), start + chance.choice((1, 3, 20, 200)))


def _decoded(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _rewritten(chance: Random, line: bytes, change: Callable[[Random, Any], Any]) -> bytes:
    value = _decoded(line)
    return line if value is None else _dumped(change(chance, value))


def _shuffled(chance: Random, value: Any) -> Any:
    if isinstance(value, list):
        return [_shuffled(chance, one) for one in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    chance.shuffle(names)
    return {name: _shuffled(chance, value[name]) for name in names}


def _put(chance: Random, value: Any, made: Any, *, drop: bool = False) -> Any:
    """The value with something else, or nothing, in one random place."""
    value = copy.copy(value)
    if not isinstance(value, dict | list) or not value:
        return made
    name: Any = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
    if isinstance(value[name], dict | list) and value[name] and chance.random() < 0.7:
        value[name] = _put(chance, value[name], made, drop=drop)
    elif drop:
        del value[name]
    else:
        value[name] = made
    return value
