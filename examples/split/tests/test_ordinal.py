"""Counts."""

import pytest

from kelp import ordinal


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1st"), (2, "2nd"), (13, "13th"), (23, "23rd"), (204, "204th")],
)
def test_a_count_has_its_ending(count: int, text: str) -> None:
    assert ordinal(count) == text


def test_there_is_no_place_before_the_first() -> None:
    with pytest.raises(ValueError, match="there is no place 0"):
        ordinal(0)
