"""The text of a key."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st
from motet_platform.keys import secret


def test_it_works() -> None:
    fresh = secret.new_secret()
    assert fresh.startswith("mot_live_")
    assert len(fresh) == 9 + 32 + 6
    assert secret.well_formed(fresh)
    assert secret.digest(fresh) == hashlib.sha256(fresh.encode()).digest()
    assert secret.new_secret() != fresh


@given(position=st.integers(9, 46), letter=st.sampled_from("0aZ9kQ"))
def test_one_wrong_letter_is_found(position: int, letter: str) -> None:
    fresh = secret.new_secret()
    wrong = fresh[:position] + letter + fresh[position + 1 :]
    assert secret.well_formed(wrong) == (wrong == fresh)


@given(st.text(max_size=80))
def test_any_other_text_is_not_well_formed(text: str) -> None:
    assert not secret.well_formed(text)


def test_a_newline_after_it_is_not_well_formed() -> None:
    assert not secret.well_formed(secret.new_secret() + "\n")
