"""Stop strings are found wherever the pieces are cut, and nothing else is held back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from motet_inference.server.stops import StopStrings

SMALL = st.text(alphabet="ab", min_size=0, max_size=12)


def run(stops: list[str], parts: list[str]) -> tuple[str, bool, list[str]]:
    """Text let through, whether it stopped, and what was shown after each part."""
    finder, shown = StopStrings(stops), []
    for part in parts:
        shown.append(finder.push(part))
        if finder.stopped:
            return "".join(shown), True, shown
    return "".join(shown) + finder.finish(), False, shown


def test_without_stops_all_passes_at_once() -> None:
    assert run([], ["ab", "c"]) == ("abc", False, ["ab", "c"])


def test_a_stop_across_parts_is_found() -> None:
    assert run(["END"], ["xE", "N", "Dy"]) == ("x", True, ["x", "", ""])


def test_a_false_beginning_is_let_go() -> None:
    assert run(["END"], ["xEN", "x"]) == ("xENx", False, ["x", "ENx"])


def test_only_what_may_begin_a_stop_is_held() -> None:
    assert run(["abab"], ["xaba", "x"])[2] == ["x", "abax"]


def test_what_is_held_comes_at_the_end() -> None:
    assert run(["END"], ["xEN"]) == ("xEN", False, ["x"])


def test_the_earliest_of_several_counts() -> None:
    assert run(["cd", "b"], ["abcd"])[0] == "a"


@settings(max_examples=500, deadline=None)
@given(
    stops=st.lists(st.text(alphabet="ab", min_size=1, max_size=4), max_size=3),
    parts=st.lists(SMALL, max_size=6),
)
def test_cutting_does_not_matter(stops: list[str], parts: list[str]) -> None:
    text = "".join(parts)
    shown, stopped, _ = run(stops, parts)
    letters, letters_stopped, _ = run(stops, list(text))
    assert stopped == letters_stopped == any(stop in text for stop in stops)
    assert text.startswith(shown)
    if stopped:
        assert any(text[len(shown) :].startswith(stop) for stop in stops)
        # One letter at a time finds the stop that is complete first, which may begin later.
        assert len(shown) <= len(letters)
    else:
        assert shown == letters == text
