"""Durations, there and back."""

import pytest

from tidepool import duration, parse_duration

WRITTEN = [
    (0, "0s"),
    (59, "59s"),
    (60, "1m"),
    (3_725, "1h 2m 5s"),
    (86_400, "1d"),
    (90_061, "1d 1h 1m 1s"),
]


@pytest.mark.parametrize(("seconds", "text"), WRITTEN)
def test_round_trip(seconds: int, text: str) -> None:
    assert duration(seconds) == text
    assert parse_duration(text) == seconds


def test_fractions_round_to_the_nearest_second() -> None:
    assert duration(59.6) == "1m"


def test_spaces_are_optional_when_reading() -> None:
    assert parse_duration("1h30m") == 5_400


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be negative: -1"):
        duration(-1)


@pytest.mark.parametrize("text", ["", "5", "5 s", "1h 2x", "1h ", "-1s"])
def test_anything_else_is_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)
