from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.ui.text.names import short_model, tail, tails


def test_the_last_part_is_enough_where_it_is_alone() -> None:
    assert tails(["/home/a/web", "/home/a/api"]) == {"/home/a/web": "web", "/home/a/api": "api"}


def test_as_many_parts_as_tell_them_apart() -> None:
    found = tails(["/home/a/web", "/home/b/web", "C:\\work\\api"])
    assert found == {"/home/a/web": "a/web", "/home/b/web": "b/web", "C:\\work\\api": "api"}


def test_a_folder_that_ends_like_another_keeps_its_whole_name() -> None:
    assert tails(["/web", "/home/web"]) == {"/web": "/web", "/home/web": "home/web"}


def test_what_is_no_folder_is_left_alone() -> None:
    assert tails(["[/x]", "and/or"]) == {"[/x]": "[/x]", "and/or": "and/or"}
    assert tail("") == ""
    assert tail("/") == "/"


@given(
    st.sets(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts)))
)
def test_short_names_are_never_ambiguous(names: set[str]) -> None:
    found = tails(names)
    assert set(found) == names
    assert len(set(found.values())) == len(names)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("claude-opus-4-5-20251101", "opus-4-5"),
        ("claude-fable-5", "fable-5"),
        ("gpt-5", "gpt-5"),
        ("model-12345678", "model-12345678"),
    ],
)
def test_model_names_lose_what_they_share(name: str, text: str) -> None:
    assert short_model(name) == text


def test_a_folder_whose_name_is_blank_is_called_something() -> None:
    found = tails(["/home/me/   ", "/home/me/work"])
    assert all(name.strip() for name in found.values()) and len(set(found.values())) == 2
