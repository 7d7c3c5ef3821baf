"""Sizes, there and back."""

import pytest

from tidepool import parse_size, size

WRITTEN = [
    (0, "0 B"),
    (1_023, "1023 B"),
    (1_024, "1 KiB"),
    (1_536, "1.5 KiB"),
    (5 * 1024**3, "5 GiB"),
    (2_048 * 1024**5, "2048 PiB"),
]


@pytest.mark.parametrize(("count", "text"), WRITTEN)
def test_round_trip(count: int, text: str) -> None:
    assert size(count) == text
    assert parse_size(text) == count


def test_a_value_that_rounds_up_to_the_next_unit_is_written_in_it() -> None:
    assert size(1024**2 - 1) == "1 MiB"


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be negative: -1"):
        size(-1)


@pytest.mark.parametrize("text", ["", "5", "5 KB", "1.5", "-1 B", "1 KiB "])
def test_anything_else_is_not_a_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)
