"""Counts as people write them."""

__all__ = ["ordinal"]

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def ordinal(count: int) -> str:
    """Write a count as the place of something.

    >>> ordinal(22)
    '22nd'
    """
    if count < 1:
        raise ValueError(f"there is no place {count}")
    teen = count % 100 // 10 == 1
    return f"{count}{'th' if teen else _ENDINGS.get(count % 10, 'th')}"
