"""Durations: ``3725`` seconds are ``"1h 2m 5s"``."""

import re

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+)([dhms])", re.ASCII)
_WHOLE = re.compile(r"(?:\d+[dhms] ?)+(?<! )", re.ASCII)


def duration(seconds: float) -> str:
    """Write a duration, to the nearest second.

    >>> duration(3725)
    '1h 2m 5s'
    """
    if seconds < 0:
        raise ValueError(f"a duration cannot be negative: {seconds}")
    left = round(seconds)
    parts = []
    for unit, length in _SECONDS.items():
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def parse_duration(text: str) -> int:
    """Read what `duration` writes, in seconds.

    >>> parse_duration("1h 2m 5s")
    3725
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"not a duration: {text!r}")
    return sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(text))
