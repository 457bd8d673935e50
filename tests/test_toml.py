from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from claude_tui.toml import Wrong, lines_of, loads_toml

TEXT = '''# a comment

top = 1
[first]  # comment
a.b = 2
list = [
  "x",  # y = 3
  "z",
]
text = """
[second]
c = 1
"""

[first.inner]
d = { e = 1 }
[[many]]
f = 1
[[many]]
f = 2
'''


def test_every_value_has_the_line_it_begins_on() -> None:
    assert lines_of(TEXT) == {
        ("top",): 3,
        ("first",): 4,
        ("first", "a"): 5,
        ("first", "a", "b"): 5,
        ("first", "list"): 6,
        ("first", "text"): 10,
        ("first", "inner"): 15,
        ("first", "inner", "d"): 16,
        ("first", "inner", "d", "e"): 16,
        ("many",): 17,
        ("many", "f"): 18,
    }


def test_a_value_without_an_end_in_sight_is_given_up() -> None:
    text = "a = 1\nb = [\n" + "  1234567890,\n" * 100_000 + "]\nc = 1\n"
    assert lines_of(text) == {("a",): 1}


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)


@given(st.dictionaries(names, st.lists(names, max_size=3), max_size=5), st.booleans())
def test_no_value_is_without_a_line(values: dict[str, list[str]], is_wide: bool) -> None:
    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

    begins: dict[tuple[str, ...], int] = {("t",): 1}
    lines = ["[t]"]
    for name, items in values.items():
        begins["t", name] = len(lines) + 1
        parts = [f"{quoted(item)}," for item in items]
        lines += [f"{quoted(name)} = [", *parts, "]"] if is_wide else [f"{quoted(name)} = [{' '.join(parts)}]"]
    text = "\n".join(lines)
    content: dict[str, Any] = loads_toml(text)
    assert content == {"t": values}
    assert lines_of(text) == begins


def test_a_path_is_written_as_toml_writes_it() -> None:
    assert str(Wrong(("budgets", 'a "b"/c', "day"), "no amount")) == r'budgets."a \"b\"/c".day: no amount'
