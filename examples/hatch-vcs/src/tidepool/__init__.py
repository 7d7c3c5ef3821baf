"""Durations and sizes as people write them, there and back."""

from importlib.metadata import version

from tidepool._duration import duration, parse_duration
from tidepool._size import parse_size, size

__all__ = ["__version__", "duration", "parse_duration", "parse_size", "size"]

__version__ = version("tidepool-demo")
