"""How long a ship waits for the tide."""

__version__ = "1.0.45"

TIDE = 12
"""Hours from one high tide to the next, roughly."""


def wait(now: int, high: int) -> int:
    """Hours from `now` to the next high tide."""
    return (high - now) % TIDE
