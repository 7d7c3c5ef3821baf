"""Bearings between two points on a map."""

from math import atan2, degrees
from typing import Tuple

__all__ = ["bearing"]

Point = Tuple[float, float]


def bearing(start: Point, end: Point) -> float:
    """Degrees clockwise from north, from 0 to below 360; points are (east, north)."""
    east, north = end[0] - start[0], end[1] - start[1]
    if east == north == 0:
        raise ValueError("a point has no bearing to itself")
    return degrees(atan2(east, north)) % 360
