"""Sizes: ``1536`` bytes are ``"1.5 KiB"``."""

import re

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_WHOLE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGTP]iB|B)", re.ASCII)


def size(count: int) -> str:
    """Write a number of bytes, with one decimal at most.

    >>> size(1536)
    '1.5 KiB'
    """
    if count < 0:
        raise ValueError(f"a size cannot be negative: {count}")
    value, power = float(count), 0
    while round(value, 1) >= 1024 and power < len(_UNITS) - 1:
        value, power = value / 1024, power + 1
    return f"{value:.1f}".removesuffix(".0") + f" {_UNITS[power]}"


def parse_size(text: str) -> int:
    """Read what `size` writes, in bytes.

    >>> parse_size("1.5 KiB")
    1536
    """
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a size: {text!r}")
    value, unit = match.groups()
    return round(float(value) * 1024.0 ** _UNITS.index(unit))
